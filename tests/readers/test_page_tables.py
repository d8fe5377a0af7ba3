"""The reader of tables: what it keeps of a page, and what it refuses rather than move a figure into another column."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.readers.page_tables import Cell, Table, check_header, fields, html_tables, markdown_tables
from flows.readers.record import RAGGED, PageError

PAGE = """# Zoo

text | no table

## Small &amp; quick

|Model |AP<sup>val<br>0.5:0.95 |FLOPs<br>(G)| weights |
| --- |:---:| :---: | --- |
|[Ant-s](./ant_s.py)   |**38.3%** |26.8 | [a](https://example.org/a)/[b](https://example.org/b) |
**Ant&#8209;m**<sup>*<sup> | 40.1 <font color=green>(+1.6)</font> | 7\\|8
| `x | y` | $AP^{val}$ | | | 5 |

<details>
<summary> Older <b>models</b> </summary>

Model | AP
---|---
Bee|1

</details>

Larger
======

<table><tbody>
<!-- <table> -->
<th>Name</th><th>box<br/>AP</th>

<tr><td><a href="c.yaml">Cow</a></td>
<td>35.7&nbsp;±&nbsp;0.8</td></tr>
<tr></tr>
</tbody></table>

```
| no | table |
|----|-------|
| 1  | 2     |
```
"""


def texts(table: Table) -> list[tuple[str, ...]]:
    return [tuple(cell.text for cell in row) for row in table.rows]


def test_pipe_tables_and_html_tables_are_read_alike() -> None:
    small, older, large = markdown_tables(PAGE)
    assert (small.headings, small.number, small.line) == (("Zoo", "Small & quick"), 1, 7)
    assert small.header == ("Model", "APval 0.5:0.95", "FLOPs (G)", "weights")
    assert small.rows[0] == (
        Cell("Ant-s", ("./ant_s.py",)),
        Cell("38.3%", ()),
        Cell("26.8", ()),
        Cell("a/b", ("https://example.org/a", "https://example.org/b")),
    )
    assert texts(small)[1:] == [("Ant-m*", "40.1 (+1.6)", "7|8"), ("`x", "y`", "$AP^{val}$", "", "", "5")]
    assert older == Table(
        ("Zoo", "Small & quick", "Older models"), 2, 16, ("Model", "AP"), ((Cell("Bee", ()), Cell("1", ())),)
    )
    assert (large.headings, large.number, large.line) == (("Larger",), 3, 25)
    assert large.header == ("Name", "box AP")
    assert large.rows == ((Cell("Cow", ("c.yaml",)), Cell("35.7 ± 0.8", ())),)


def test_a_row_that_does_not_fit_its_header_says_so() -> None:
    small, *_ = markdown_tables(PAGE)
    aliases = {"APval 0.5:0.95": "AP"}
    assert fields(small, small.rows[0], aliases) == {
        "Model": "Ant-s", "AP": "38.3%", "FLOPs (G)": "26.8", "weights": "a/b", RAGGED: "",
    }  # fmt: skip
    assert fields(small, small.rows[1])[RAGGED] == "3 cells under 4 columns"
    assert fields(small, small.rows[1], may_lack=["weights"])[RAGGED] == ""
    assert fields(small, small.rows[2])[RAGGED] == "6 cells under 4 columns"


def test_a_column_that_stands_twice_is_refused() -> None:
    (table,) = markdown_tables("a | AP | AP\n---|---|---\nx | 1 | 2\n")
    with pytest.raises(PageError, match="'AP' stands twice"):
        fields(table, table.rows[0])


def test_a_column_that_is_not_known_is_named() -> None:
    (table,) = markdown_tables("# Zoo\n\na | AP | Flavour\n---|---|---\nx | 1\n")
    check_header(table, ["Model", "AP", "Flavour"], {"a": "Model"})
    with pytest.raises(PageError, match="under 'Zoo': undeclared column 'Flavour'; declare it in the source's TOML"):
        check_header(table, ["a", "AP"])


def test_merged_cells_stand_in_each_place_that_they_span() -> None:
    (table,) = html_tables(
        b"<table><tr><th rowspan=2>a</th><th colspan=2>b</th></tr><tr><td>1</td><td>2</td></tr></table>"
    )
    assert table.header == ("a", "b", "b")
    assert texts(table) == [("a", "1", "2")]


@pytest.mark.parametrize("depth", [22, 3_000])
def test_tables_that_lie_in_each_other_beyond_reason_are_refused(depth: int) -> None:
    # The text of each was read once for each that it lies in: of three thousand lxml reads 682, which took four seconds.
    with pytest.raises(PageError, match="table 22 lies in more than 20 others"):
        list(html_tables(b"<table><tr><td>1" * depth))


def test_tables_that_lie_in_each_other_within_reason_are_read() -> None:
    tables = list(html_tables(b"<table><tr><td>1" * 21))
    assert [table.header[0].count("1") for table in tables] == list(range(21, 0, -1))


@pytest.mark.parametrize("span", ["0", "-1", "x", "101", "99999999999999999999"])
def test_a_span_beyond_reason_is_refused(span: str) -> None:
    with pytest.raises(PageError, match="colspan"):
        list(html_tables(f"<table><tr><td colspan={span}>1</td></tr></table>".encode()))


def test_a_table_in_a_cell_is_a_table_of_its_own() -> None:
    outer, inner = html_tables(b"<table><tr><td>a<table><tr><td>b</td></tr></table></td></tr></table>")
    assert (outer.header, inner.header) == (("a b",), ("b",))


def test_a_table_in_a_list_or_a_quotation_fits_its_header() -> None:
    for text in ("- zoo\n\n  a | b\n  ---|---\n  1 | 2\n", "> | a | b |\n> |---|---|\n> | 1 | 2 |\n"):
        (table,) = markdown_tables(text)
        assert fields(table, table.rows[0]) == {"a": "1", "b": "2", RAGGED: ""}


@pytest.mark.parametrize("text", ["", "\n", "no table", "<table></table", "<table>", "a\0b", "|", "|-|"])
def test_a_page_without_tables_has_none_with_rows(text: str) -> None:
    assert [table.rows for table in markdown_tables(text) if table.rows] == []
    assert [table.rows for table in html_tables(text.encode()) if table.rows] == []


def test_a_page_in_another_encoding_is_refused() -> None:
    with pytest.raises(PageError, match="UTF-8"):
        list(html_tables(b"\xff\xfe\x00"))


# --- pages made by a generator that knows what is right

WORDS = st.text("abcXYZ0189.-+%", min_size=1, max_size=6).filter(lambda text: re.search("[a-z0-9]", text) is not None)
MARKUP = st.sampled_from(["{}", "**{}**", "<b>{}</b>", "[{}](https://example.org/x)", "<sup>{}</sup>", " {}  "])


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[list[str]], str]:
    """The words of a table, header first, and a markdown page with it in one of many dresses."""
    width, height = draw(st.integers(2, 5)), draw(st.integers(2, 5))
    words = [[draw(WORDS) for _ in range(width)] for _ in range(height)]
    # A line that is all dashes or that begins a list would be other markdown.
    words = [[f"n{row[0]}", *(f"v{word}" if set(word) <= set("-+.:") else word for word in row[1:])] for row in words]
    dressed = [[draw(MARKUP).format(word) for word in row] for row in words]
    if draw(st.booleans()):
        outer = draw(st.sampled_from(["| {} |", "{}", "| {}", "{} |"]))
        lines = [outer.format(" | ".join(row)) for row in dressed]
        lines.insert(1, "|".join(["---"] * width))
        return words, "# Title\n\n" + "\n".join(lines) + "\n\nend\n"
    # In a block of HTML markdown's own markup is no markup.
    rows = ["".join(f"<td>{word}</td>" for word in row) for row in words]
    return words, "# Title\n\n<table>\n" + "\n".join(f"<tr>{row}</tr>" for row in rows) + "\n</table>\n"


@settings(deadline=None)
@given(tables())
def test_every_cell_is_read_as_it_was_written(made: tuple[list[list[str]], str]) -> None:
    words, page = made
    (table,) = markdown_tables(page)
    assert [table.header, *texts(table)] == [tuple(row) for row in words]
    assert table.headings == ("Title",)


@settings(deadline=None)
@given(tables(), st.data())
def test_a_lost_or_a_doubled_pipe_makes_the_row_ragged(made: tuple[list[list[str]], str], data: st.DataObject) -> None:
    words, page = made
    lines = page.split("\n")
    inner = [
        (at, found.start())
        for at, line in enumerate(lines[4:], 4)
        for found in re.finditer(r"(?<=[^|]) \| (?=[^|])", line)
    ]
    if not inner:
        return
    at, place = data.draw(st.sampled_from(inner))
    instead = data.draw(st.sampled_from([" ", " | | "]))
    lines[at] = lines[at][:place] + instead + lines[at][place + 3 :]
    (table,) = markdown_tables("\n".join(lines))
    row = table.rows[at - 4]
    table = Table(table.headings, table.number, table.line, tuple(map(str, range(len(words[0])))), table.rows)
    assert fields(table, row)[RAGGED]
    assert not any(fields(table, other)[RAGGED] for other in table.rows if other is not row)


@settings(deadline=None)
@given(tables(), st.data())
def test_a_broken_page_is_refused_or_gives_only_what_stands_in_it(
    made: tuple[list[list[str]], str], data: st.DataObject
) -> None:
    _, page = made
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(page)))
        stop = data.draw(st.integers(start, min(len(page), start + 12)))
        put = data.draw(st.text('|-<>/tdrable=" \n*`#\\\0\r1é', max_size=6))
        page = page[:start] + put + page[stop:]
    try:
        found = list(markdown_tables(page))
    except PageError:
        return
    # Markup is left out of a text, whole or broken off, and so joins what stands on both sides of it: the letters of a word
    # stand in the page in their order, but not always side by side.
    for table in found:
        for shown in (*table.header, *(cell for row in texts(table) for cell in row)):
            for word in re.findall(r"\w+", shown):
                letters = iter(page)
                assert all(letter in letters for letter in word)


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text('<table>/trdh="1colspan \0&;é', max_size=200).map(str.encode))
def test_bytes_of_any_kind_raise_nothing_but_page_error(text: bytes) -> None:
    with contextlib.suppress(PageError):
        list(html_tables(text))


BELOW = "\n## Scores\n\n| a |\n|---|\n| 1 |\n"


@pytest.mark.parametrize(
    "above",
    [
        "```\nls\n```bash\nls\n```\n",  # an opener inside an open block is what the block shows
        "```\nls\n",  # nothing closes it
        "```\nls\n```bash\nls\n",
        "~~~~\nls\n~~~\n",
        "```bash\nls\n```\n```\nls\n\n",
        "```bash run.sh <mode (`train` or `eval`)>```\n",  # code within a line
        "- Enable it:\n  ```\n  ls\n\n",  # ends with its item
        "````\n```\n````\n",
    ],
)
def test_tables_below_a_code_fence_are_read_as_they_are_shown(above: str) -> None:
    (table,) = markdown_tables(above + BELOW)
    assert (table.headings, [cell.text for cell in table.rows[0]]) == (("Scores",), ["1"])
    assert table.line == above.count("\n") + 4


def test_a_table_within_a_closed_code_block_is_none() -> None:
    assert list(markdown_tables(f"```\n{BELOW}```\n")) == []


def test_a_link_that_leads_nowhere_is_no_link() -> None:
    page = b'<table><tr><th>Name</th></tr><tr><td><a name="a">Ant</a> <a href="b.yaml">b</a></td></tr></table>'
    (table,) = html_tables(page)
    assert table.rows[-1] == (Cell("Ant b", ("b.yaml",)),)
