// Takes one packed buffer from Python and shows nothing.

export default function ({ data }) {
  keep(data);
}
