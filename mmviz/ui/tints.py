"""What the points of a map are coloured by: codes of one byte for every item, and the legend. No Streamlit.

Shape letter: I items.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmviz.charts import palette
from mmviz.ui.words import count, figures

if TYPE_CHECKING:
    from mmviz.ui.shelf import Shelf
    from mmviz.views.maps import Clusters

__all__ = ["NONE", "Tint", "by_cluster", "by_column", "by_hits", "by_number", "by_share", "plain", "ramp"]

NONE = 255
STEPS = 241
MOST = 11


@dataclass(frozen=True)
class Tint:
    """A colouring.

    - `codes`: "all" or the name of a space -> (I,) uint8, a place in `colours`, or 255 for "not given";
    - `names`: (value, how many items) of each code, or () for a continuous scale from `low` to `high`;
    - `said`: one more remark beside the legend.
    """

    name: str
    title: str
    codes: Mapping[str, np.ndarray]
    colours: tuple[palette.Pair, ...]
    names: tuple[tuple[str, str], ...] = ()
    low: str = ""
    high: str = ""
    said: str = ""


def ramp() -> tuple[palette.Pair, ...]:
    """The sequential scale in 241 steps; high stands out from the paper of either theme."""
    light, dark = palette.SEQUENTIAL[2:], palette.SEQUENTIAL[-2::-1]
    return tuple(
        palette.Pair(_between(light, at / (STEPS - 1)), _between(dark, at / (STEPS - 1))) for at in range(STEPS)
    )


def plain(n_items: int) -> Tint:
    """All points alike."""
    return Tint("", "", {"all": np.zeros(n_items, np.uint8)}, (palette.CATEGORIES[0],), (("Items", f"{n_items:,}"),))


def by_column(shelf: Shelf, column: str, tags: bool) -> Tint:
    """The commonest eleven values of a category column, the others together; of several tags the first listed."""
    first = shelf.catalogue.items[column].fillna("").astype(str)
    if tags:
        first = first.str.split("|").str[0].str.strip()
    counts = first[first != ""].value_counts()
    shown = counts.index[: MOST + (len(counts) == MOST + 1)].tolist()
    place = {value: at for at, value in enumerate(shown)}
    rest = len(counts) > len(shown)
    other = len(shown) if rest else NONE
    codes = np.array([NONE if value == "" else place.get(value, other) for value in first], dtype=np.uint8)
    names = [(value, f"{counts[value]:,}") for value in shown]
    colours = [palette.CATEGORIES[at] for at in range(len(shown))]
    if rest:
        names.append((f"{len(counts) - len(shown)} others", f"{int((codes == other).sum()):,}"))
        colours.append(palette.MUTED)
    said = "the first tag counts" if tags else ""
    return Tint(column, column.capitalize(), {"all": codes}, tuple(colours), tuple(names), said=said)


def by_cluster(found: Clusters, title: str) -> Tint:
    """The clusters of one space."""
    codes = np.where(found.codes < 0, NONE, found.codes).astype(np.uint8)
    sizes = np.bincount(found.codes[found.codes >= 0], minlength=len(found.labels))
    names = [(label or "unnamed", f"{n:,}") for label, n in zip(found.labels, sizes.tolist(), strict=True)]
    colours = palette.CATEGORIES[: len(names)]
    return Tint("cluster", f"Clusters in {title}", {"all": codes}, colours, tuple(names))


def by_number(name: str, title: str, values: np.ndarray, logarithmic: bool = False) -> Tint:
    """A number column from its 2nd to its 98th percentile; what lies beyond has the colour of the end."""
    given = np.isfinite(values)
    if not given.any():
        return plain(len(values))
    scaled = np.log1p(values) if logarithmic else values
    low, high = np.percentile(scaled[given], (2, 98))
    codes = np.full(len(values), NONE, np.uint8)
    codes[given] = np.clip((scaled[given] - low) / max(high - low, 1e-12), 0, 1) * (STEPS - 1)
    ends = [float(np.expm1(end) if logarithmic else end) for end in (low, high)]
    said = "on a logarithmic scale" if logarithmic else ""
    if not given.all():
        said = f"{count(int((~given).sum()), 'item')} without a value in grey"
    return Tint(name, title, {"all": codes}, ramp(), low=_end(ends[0]), high=_end(ends[1]), said=said)


def by_share(name: str, title: str, values: Mapping[str, np.ndarray], low: str, high: str, ranked: bool) -> Tint:
    """One value an item for each space, either from 0 to 1 or, `ranked`, by its place within the space."""
    codes = {}
    for space, own in values.items():
        given = np.isfinite(own)
        codes[space] = np.full(len(own), NONE, np.uint8)
        shares = own[given]
        if ranked and given.any():
            shares = np.argsort(np.argsort(shares, kind="stable")) / max(1, int(given.sum()) - 1)
        codes[space][given] = np.clip(shares, 0, 1) * (STEPS - 1)
    return Tint(name, title, codes, ramp(), low=low, high=high)


def by_hits(tops: Mapping[str, Sequence[int]], seen: np.ndarray, held_out: np.ndarray, k: int, who: str) -> Tint:
    """Each space's list for a person against what was held out: hit, missed, recommended, seen before, the rest.

    `seen`, `held_out`: (I,) bool.
    """
    codes = {}
    for space, top in tops.items():
        own = np.full(len(seen), 4, np.uint8)
        own[seen] = 3
        own[list(top)] = 2
        own[held_out] = 1
        own[[item for item in top if held_out[item]]] = 0
        codes[space] = own
    names = (
        ("Held out and in the list", ""),
        ("Held out, missed", f"{int(held_out.sum()):,} held out"),
        (f"In the list of {k}", ""),
        ("Known of the person", f"{int(seen.sum()):,}"),
        ("Other items", ""),
    )
    quiet = palette.Pair("#D6CDBB", "#4A443A")
    colours = (palette.CATEGORIES[2], palette.CATEGORIES[1], palette.CATEGORIES[0], palette.MODALITIES["interactions"])
    return Tint("hits", f"Lists for {who}", codes, (*colours, quiet), names, said="each map shows its own list")


def _between(stops: Sequence[str], share: float) -> str:
    at = share * (len(stops) - 1)
    low = min(int(at), len(stops) - 2)
    first, second = (np.array([int(stops[low + step][i : i + 2], 16) for i in (1, 3, 5)]) for step in (0, 1))
    red, green, blue = np.round(first + (second - first) * (at - low)).astype(int).tolist()
    return f"#{red:02X}{green:02X}{blue:02X}"


def _end(value: float) -> str:
    return f"{value:.0f}" if 1000 <= value < 3000 and value == round(value) else figures(value)
