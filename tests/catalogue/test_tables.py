"""Tables are read cell by cell as they stand, whatever their encoding and delimiter."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmviz.catalogue import tables
from mmviz.catalogue.delimited import BadLine, Record, read_records
from mmviz.catalogue.sniff import sniff_delimiter, sniff_encoding
from mmviz.catalogue.tables import LIST_SEPARATOR, Table, read_table
from mmviz.errors import CatalogueError

QUICK = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
CELLS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), include_characters="\n\"',;\t|"), max_size=20
)
IDS = st.from_regex(r"0{0,3}[0-9a-zA-Z]{1,5}", fullmatch=True)


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def rows_of(table: Table) -> list[list[str]]:
    return table.frame.to_numpy().tolist()


@QUICK
@given(
    rows=st.lists(st.tuples(IDS, CELLS, CELLS), min_size=1, max_size=8),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_csv_writes_is_read_back(
    tmp_path: Path, rows: list[tuple[str, str, str]], delimiter: str, encoding: str, end: str
) -> None:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=end)
    writer.writerows([("item_id", "title", "text"), *rows])
    table = read_table(written(tmp_path / "items.csv", buffer.getvalue(), encoding))
    assert table.delimiter == delimiter
    assert table.encoding == encoding
    assert list(table.frame.columns) == ["item_id", "title", "text"]
    assert rows_of(table) == [list(row) for row in rows]
    assert table.bad == ()


@QUICK
@given(
    rows=st.lists(st.dictionaries(st.sampled_from(["id", "title", "price"]), CELLS, min_size=1), min_size=1, max_size=8)
)
def test_what_json_writes_is_read_back(tmp_path: Path, rows: list[dict[str, str]]) -> None:
    text = "\n".join(json.dumps(row) for row in rows)
    table = read_table(written(tmp_path / "items.jsonl", text))
    names = list(dict.fromkeys(name for row in rows for name in row))
    assert list(table.frame.columns) == names
    assert rows_of(table) == [[row.get(name, "") for name in names] for row in rows]


@QUICK
@given(
    lines=st.lists(st.text(st.sampled_from('ab,"\n;'), max_size=12), max_size=12),
)
def test_no_line_is_lost_whatever_the_file_holds(lines: list[str]) -> None:
    """Every line that isn't blank belongs to exactly one row or bad line, in the order of the file."""
    text = "a,b,c\n" + "\n".join(lines)
    seen = list(read_records(io.StringIO(text, newline=""), ","))
    starts = [entry.line for entry in seen]
    assert starts == sorted(set(starts))
    letters = "".join("".join(entry.fields) if isinstance(entry, Record) else entry.raw for entry in seen)
    for letter in "ab;":
        assert letters.count(letter) == text.count(letter)


@QUICK
@given(
    head=st.sampled_from(["a,b", '"a",b', '"a\nx",b', '"a\n1,2', "\n\na,b"]),
    lines=st.lists(
        st.sampled_from(["1,2", "é,", ",", "", "x", "x,y,", "x,y,z", '"q",r', '"q', 's,"t\nu"']), max_size=12
    ),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    block=st.sampled_from([1, 7, 1000]),
)
def test_blocks_change_nothing(tmp_path: Path, head: str, lines: list[str], end: str, block: int) -> None:
    """Reading plain lines in blocks gives the rows, bad lines and line numbers of reading record by record."""
    text = end.join([head, *lines])
    _, *expected = [entry for entry in read_records(io.StringIO(text, newline=""), ",") if isinstance(entry, Record)]
    bad = [entry for entry in read_records(io.StringIO(text, newline=""), ",") if isinstance(entry, BadLine)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "BLOCK", block)
        table = read_table(written(tmp_path / "items.csv", text))
    assert list(zip(table.lines.tolist(), rows_of(table), strict=True)) == [(row.line, row.fields) for row in expected]
    assert list(table.bad) == bad


def test_source_lines_are_counted_over_line_breaks_in_cells(tmp_path: Path) -> None:
    path = written(tmp_path / "items.csv", 'id,text\n1,"two\nlines"\n\n2,one\n3\n4,last')
    table = read_table(path)
    assert rows_of(table) == [["1", "two\nlines"], ["2", "one"], ["4", "last"]]
    assert table.lines.tolist() == [2, 5, 7]
    assert table.bad == (BadLine(6, "1 fields where the header has 2", "3"),)


def test_a_quote_that_is_never_closed_costs_one_line(tmp_path: Path) -> None:
    path = written(tmp_path / "items.csv", 'id,text\n1,a\n2,"open\n3,c\n4,d\n')
    table = read_table(path)
    assert [row[0] for row in rows_of(table)] == ["1", "3", "4"]
    assert table.bad == (BadLine(3, "an opening quote is never closed", '2,"open'),)


def test_a_stray_quote_that_meets_another_costs_no_more_than_its_lines(tmp_path: Path) -> None:
    path = written(tmp_path / "items.csv", 'id,text\n1,a\n2,"open\n3,c\n4,"d\n5,e\n')
    table = read_table(path)
    assert [row[0] for row in rows_of(table)] == ["1", "3", "5"]
    assert [bad.line for bad in table.bad] == [3, 5]


def test_a_huge_quoted_cell_is_a_bad_line(tmp_path: Path) -> None:
    path = written(tmp_path / "items.csv", 'id,text\n1,"' + "x" * 200_000 + '"\n2,b\n')
    table = read_table(path)
    assert rows_of(table) == [["2", "b"]]
    assert "longer than 131,072 characters" in table.bad[0].reason


def test_a_delimiter_at_the_end_of_each_line_is_forgiven(tmp_path: Path) -> None:
    assert rows_of(read_table(written(tmp_path / "items.csv", "id,text\n1,a,\n2,b,\n"))) == [["1", "a"], ["2", "b"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id,title\n1,a;b;c\n2,d;e;f\n", ","),
        ("id;title\n1;a, b, c\n2;d, e\n", ";"),
        ("id\ttags\n1\ta|b\n", "\t"),
        ("id|title\n1|a, b\n", "|"),
        ("id,tags\n1,a|b|c\n", ","),
        ("id\n1\n2\n", ","),
        ("a,b;c\n1,x;y\n2,z;w\n", ","),
    ],
)
def test_the_delimiter_is_found(text: str, expected: str) -> None:
    assert sniff_delimiter(text) == expected


def test_a_tsv_is_split_at_tabs_even_if_commas_would_do(tmp_path: Path) -> None:
    path = written(tmp_path / "items.tsv", "id\ta,b\n1\tc,d\n")
    assert read_table(path).delimiter == "\t"


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
        ("cp1252", "cp1252"),
    ],
)
def test_the_encoding_is_found(tmp_path: Path, encoding: str, expected: str) -> None:
    path = written(tmp_path / "items.csv", "id,title\n1,Größe – “groß” €\n", encoding)
    assert sniff_encoding(path) == expected
    assert rows_of(read_table(path)) == [["1", "Größe – “groß” €"]]


def test_bytes_that_windows_lacks_are_latin_1(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_bytes(b"id,title\n1,caf\xe9 \x81\n")
    assert sniff_encoding(path) == "latin-1"


def test_a_late_odd_letter_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_bytes(b"id,title\n" + b"1,plain\n" * 200_000 + b"2,caf\xe9\n")
    assert sniff_encoding(path) == "cp1252"


def test_json_keeps_the_letters_of_numbers_and_rejects_bad_lines(tmp_path: Path) -> None:
    text = '{"id": 12345678901234567890, "price": 1.50, "ok": true, "gone": null}\n[1]\n{"id":\n\n{"id": {"a": 1}}\n'
    table = read_table(written(tmp_path / "items.jsonl", text))
    assert rows_of(table) == [["12345678901234567890", "1.50", "true", ""], ['{"a": "1"}', "", "", ""]]
    assert table.lines.tolist() == [1, 5]
    assert [(bad.line, bad.reason) for bad in table.bad] == [(2, "not a JSON object"), (3, "not valid JSON")]


def test_json_with_half_a_letter_or_too_much_depth(tmp_path: Path) -> None:
    text = '{"id": "a\\ud83d"}\n' + '{"id": ' + "[" * 100_000 + "}\n"
    table = read_table(written(tmp_path / "items.jsonl", text))
    assert rows_of(table) == [["a?"]]
    assert len(table.bad) == 1


def test_json_that_is_one_array_says_what_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="Each line must be one"):
        read_table(written(tmp_path / "items.json", '[{"id": 1}]'))


def test_parquet_columns_of_every_kind(tmp_path: Path) -> None:
    columns = {
        "id": pa.array([1, 2], pa.int64()),
        "code": pa.array(["01", None]),
        "joined": pa.array([7.0, None], pa.float64()),
        "price": pa.array([1.5, float("nan")]),
        "tags": pa.array([["a", "b"], []]),
        "kind": pa.array(["x", "y"]).dictionary_encode(),
        "when": pa.array([pd.Timestamp("2020-01-02 03:04:05"), None]),
        "ok": pa.array([True, None]),
        "bytes": pa.array([b"x", b"y"]),
        "nested": pa.array([{"a": 1}, None]),
    }
    pq.write_table(pa.table(columns), tmp_path / "items.parquet")
    table = read_table(tmp_path / "items.parquet")
    first, second = table.frame.to_dict("records")
    assert first == {
        "id": "1",
        "code": "01",
        "joined": "7",
        "price": "1.5",
        "tags": f"a{LIST_SEPARATOR}b",
        "kind": "x",
        "when": first["when"],
        "ok": "true",
    }
    assert first["when"].startswith("2020-01-02 03:04:05")
    assert {name for name, cell in second.items() if cell} == {"id", "kind"}
    assert [name for name, _ in table.left_out] == ["bytes", "nested"]


def test_too_many_columns(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="at most 1,000"):
        read_table(written(tmp_path / "items.csv", ",".join(f"c{n}" for n in range(1001)) + "\n"))
