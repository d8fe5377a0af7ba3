"""Every source of the registry against a small page of its own, written for the test (tests/fixtures/<source>/).

A new source brings its tests by being there: a page named as in its TOML ("/" being "__"), and `expected.jsonl` beside
it with one line per row that the parser gives, checked by hand. Pages are our own: names and figures in them are
invented. A source whose pages `WITH_A_COLUMN` cannot change brings each with a further field, "Flavour", as
unknown_column/<page>.
"""

from __future__ import annotations

import csv
import dataclasses
import gzip
import io
import json
import re
import tarfile
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from flows import paths, sources
from flows.columns import ADDRESS, columns
from flows.errors import SettingError
from flows.pages import snapshots
from flows.pages.parse import Gathered, parse_page
from flows.pages.transport import Limits
from flows.readers.record import PageError
from flows.readers.row_types import ROW_TYPES
from flows.sources import Page, Source

FIXTURES = Path(__file__).parents[1] / "fixtures"
SOURCES = sources.names()
# Stands in the fixtures wherever the real page has prose or names of people.
CANARY = "Jane Roe"
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[A-Za-z]{2,}")


def aside(folder: Path, page: Page) -> Path:
    return folder / page.name.replace("/", "__")


def pages_of(key: str) -> list[tuple[Page, Path]]:
    there = [(page, aside(FIXTURES / key, page)) for page in sources.source(key).pages]
    return [(page, path) for page, path in there if path.is_file()]


def told(row_type: str, page: str, locator: str, row: Any) -> dict[str, Any]:
    """A row as a line of expected.jsonl: no nulls, dates as text, records as objects; a page's digest stands in no file."""
    values = {name: value for name, value in dataclasses.asdict(row).items() if value is not None and name != "sha256"}
    if "record" in values:
        values["record"] = json.loads(values["record"])
    shown = {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
    return {"type": row_type, "page": page, "locator": locator, **shown}


def parsed(key: str, page: Page, path: Path) -> list[dict[str, Any]]:
    gathered = parse_page(path, sources.source(key), page, snapshots.digest(path.read_bytes()))
    return [told(kind, name, at, row) for kind, rows in gathered.rows.items() for _, name, at, row in rows]


def by_type(lines: Iterable[dict[str, Any]]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """{(page, row type): lines in order}: order within a type is the page's, between types it has no meaning."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for line in lines:
        found.setdefault((line["page"], line["type"]), []).append(line)
    return found


# --- the registry


@pytest.mark.parametrize("key", SOURCES)
def test_declares_what_a_user_of_its_rows_must_know(key: str) -> None:
    source = sources.source(key)
    for name in ("title", "publisher", "homepage", "licence", "attribution", "cadence", "rank_reason"):
        assert getattr(source, name).strip(), name
    assert source.rank > 0
    assert 0 < source.rows_min <= source.rows_max
    assert source.homepage.startswith("https://")
    assert source.pages
    assert all(page.url.startswith("https://") and page.host for page in source.pages)
    names = [page.name for page in source.pages]
    assert len(set(names)) == len(names)
    assert all(hasattr(sources.parser(source), name) for name in ("read", "rows"))


@pytest.mark.parametrize("key", SOURCES)
def test_is_credited(key: str) -> None:
    lines = (paths.PACKAGE.parent / "DATA-LICENCES.md").read_text(encoding="utf-8").splitlines()
    (line,) = (line for line in lines if line.startswith(f"| `{key}` |"))
    _, _, credit, licence, asked, _ = (cell.strip() for cell in line.split("|"))
    assert licence == sources.source(key).licence
    assert credit
    assert asked


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda text: text.replace("licence", "license"), "license"),
        (lambda text: text.replace('attribution = "x"\n', ""), "attribution"),
        (lambda text: text.replace("rows = [1, 2]\n", ""), "rows"),
        (lambda text: text.replace('"csv"', '"spreadsheet"'), "spreadsheet"),
        (lambda text: text.replace('url = "https://example.org/p.csv"\n', ""), "url"),
    ],
)
def test_a_toml_with_a_fault_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[str], str], named: str
) -> None:
    keys = ("title", "publisher", "licence", "attribution", "cadence", "rank_reason")
    text = "".join(f'{key} = "x"\n' for key in keys) + 'homepage = "https://example.org"\ncontent = "csv"\n'
    text += 'rows = [1, 2]\nrank = 1\n[[pages]]\nname = "p.csv"\nurl = "https://example.org/p.csv"\n'
    monkeypatch.setattr(sources, "_FOLDER", tmp_path)
    (tmp_path / "good.toml").write_text(text, encoding="utf-8")
    (tmp_path / "bad.toml").write_text(change(text), encoding="utf-8")
    for name in ("good.py", "bad.py"):
        (tmp_path / name).touch()
    assert sources.source("good").title == "x"
    with pytest.raises(SettingError, match=rf"bad\.toml.*{named}"):
        sources.source("bad")


@pytest.mark.parametrize("key", SOURCES)
def test_pages_are_named_without_the_check_as_with_it(key: str) -> None:
    assert dict(sources.addresses(key)) == {page.name: page.url for page in sources.source(key).pages}


def test_a_file_with_a_fault_is_said_where_its_pages_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_FOLDER", tmp_path)
    for name, text in {"no_toml": "x = [", "no_url": '[[pages]]\nname = "a"', "pages_are_one": 'pages = "x"'}.items():
        (tmp_path / f"{name}.toml").write_text(text)
    for name in ("no_toml", "no_url", "pages_are_one"):
        with pytest.raises(SettingError, match=rf"{name}\.toml"):
            sources.addresses(name)


def test_an_unknown_source_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(SettingError, match=f"'nowhere'.*{SOURCES[0]}.*{SOURCES[-1]}"):
        sources.source("nowhere")


# --- parsing


@pytest.mark.parametrize("key", SOURCES)
def test_a_page_parses_to_the_expected_rows(key: str) -> None:
    pages = pages_of(key)
    assert pages, f"tests/fixtures/{key}/ has no page named as in {key}.toml"
    lines = (FIXTURES / key / "expected.jsonl").read_text(encoding="utf-8").splitlines()
    expected = by_type(map(json.loads, lines))
    found = by_type(line for page, path in pages for line in parsed(key, page, path))
    assert sorted(found) == sorted(expected)
    for at, rows in expected.items():
        assert found[at] == rows


# Each of its pages is one record, or each record has a place of its own in its row; and a duplicate is one of the same page.
NO_DUPLICATES = {"dawnbench", "mlperf_training"}


@pytest.mark.parametrize("key", SOURCES)
def test_a_fixture_holds_every_kind_of_outcome(key: str) -> None:
    kinds = {line["type"] for page, path in pages_of(key) for line in parsed(key, page, path)}
    assert {"quarantine", "page_count"} < kinds
    assert ("duplicate" in kinds) == (key not in NO_DUPLICATES)


@pytest.mark.parametrize("key", SOURCES)
def test_every_file_of_a_fixture_is_used(key: str) -> None:
    named = {aside(Path(), page).name for page in sources.source(key).pages}
    there = {path.name for path in (FIXTURES / key).iterdir() if path.is_file()} - {"expected.jsonl"}
    changed = {path.name for path in (FIXTURES / key / "unknown_column").glob("*")}
    assert there <= named
    assert changed <= there


BOOKKEEPING = ("quarantine", "rejected_cell", "duplicate", "page_count")


def accounted(gathered: Gathered) -> int:
    accepted = {at for kind, rows in gathered.rows.items() if kind not in BOOKKEEPING for _, _, at, _ in rows}
    return len(accepted) + sum(len(gathered.rows.get(kind, [])) for kind in ("duplicate", "quarantine"))


@pytest.mark.parametrize("key", SOURCES)
def test_every_record_is_accepted_or_a_duplicate_or_quarantined(key: str) -> None:
    for page, path in pages_of(key):
        gathered = parse_page(path, sources.source(key), page, "0" * 64)
        assert gathered.read_count() == accounted(gathered)


@pytest.mark.parametrize(
    "key", [key for key in SOURCES if any("secret" in p.lookups for p in sources.source(key).pages)]
)
def test_prose_and_names_of_people_reach_no_row(key: str) -> None:
    pages = pages_of(key)
    # As bytes: an archive is no text, and what is in it is stored as it is.
    assert any(CANARY.encode() in path.read_bytes() for _, path in pages), "the fixture has nothing to leak"
    for page, path in pages:
        assert CANARY not in json.dumps(parsed(key, page, path))


# --- pages that changed


def csv_cells(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


def write_csv(path: Path, lines: Iterable[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle, lineterminator="\n").writerows(lines)


def csv_with_a_column(old: Path, new: Path) -> None:
    header, *lines = csv_cells(old)
    write_csv(new, [[*header, "Flavour"], *([*line, "1"] for line in lines)])


def javascript_with_a_column(old: Path, new: Path) -> None:
    new.write_text(old.read_text(encoding="utf-8").replace("    year:", "    Flavour: 1,\n    year:"), encoding="utf-8")


def tsv_with_a_column(old: Path, new: Path) -> None:
    header, *lines = old.read_text(encoding="utf-8").splitlines()
    new.write_text("\n".join([f"{header}\tFlavour", *(f"{line}\t1" for line in lines if line)]), encoding="utf-8")


def json_with_a_column(old: Path, new: Path) -> None:
    # Beside a key that only records have: the pages differ in where their records stand.
    text, count = re.subn(r'"(Vendor|model|model_name)":', r'"Flavour": 1, "\1":', old.read_text(encoding="utf-8"))
    assert count, f"{old} has none of these keys: name one of its own here"
    new.write_text(text, encoding="utf-8")


def cells_of_html_with_one_more(text: str) -> str:
    text = re.sub(r"</th>(\s*</tr>)", r"</th><th>Flavour</th>\1", text)
    return re.sub(r"</td>(\s*</tr>)", r"</td><td>1</td>\1", text)


def html_with_a_column(old: Path, new: Path) -> None:
    new.write_text(cells_of_html_with_one_more(old.read_text(encoding="utf-8")), encoding="utf-8")


def markdown_with_a_column(old: Path, new: Path) -> None:
    """Both pipe tables, with and without a last pipe, and tables in HTML."""
    lines = cells_of_html_with_one_more(old.read_text(encoding="utf-8")).splitlines()
    for at, line in enumerate(lines):
        if re.fullmatch(r"\s*\|?(\s*:?-+:?\s*\|)+(\s*:?-+:?)?\s*", line):
            lines[at] = f"{line.rstrip().rstrip('|')}|---|"
            lines[at - 1] = f"{lines[at - 1].rstrip().rstrip('|')}| Flavour |"
            below = at + 1
            while below < len(lines) and "|" in lines[below]:
                lines[below] = f"{lines[below].rstrip().removesuffix('|')}| 1 |"
                below += 1
    new.write_text("\n".join([*lines, ""]), encoding="utf-8")


def dat_with_a_column(old: Path, new: Path) -> None:
    lines = old.read_text(encoding="utf-8").splitlines()
    new.write_text(
        "\n".join(f"{line.partition('#')[0]} Flavour" for line in lines if line[:1] not in ("", "#")), encoding="utf-8"
    )


def dsv_with_a_column(old: Path, new: Path) -> None:
    header, *lines = old.read_bytes().splitlines()
    new.write_bytes(b"\n".join([header + b":Flavour", *(line + b":1" for line in lines)]))


def tar_gz_with_a_column(old: Path, new: Path) -> None:
    """Each JSON file of the archive with a further key."""
    out = io.BytesIO()
    with tarfile.open(old) as there, tarfile.open(fileobj=out, mode="w") as packed:
        for member in there:
            file = there.extractfile(member)
            assert file is not None
            body = file.read()
            if body.startswith(b"{"):
                body = b'{"Flavour": "1", ' + body[1:]
            member.size = len(body)
            packed.addfile(member, io.BytesIO(body))
    new.write_bytes(gzip.compress(out.getvalue()))


def xlsx_with_a_column(old: Path, new: Path) -> None:
    book = openpyxl.load_workbook(old)
    for sheet in book:
        for at, row in enumerate(sheet.iter_rows(), 1):
            sheet.cell(at, len(row) + 1, "Flavour" if at == 1 else 1)
    book.save(new)


WITH_A_COLUMN = {
    "csv": csv_with_a_column,
    "dat": dat_with_a_column,
    "dsv": dsv_with_a_column,
    "html": html_with_a_column,
    "javascript": javascript_with_a_column,
    "json": json_with_a_column,
    "markdown": markdown_with_a_column,
    "tar.gz": tar_gz_with_a_column,
    "tsv": tsv_with_a_column,
    "xlsx": xlsx_with_a_column,
}


def with_a_column(key: str, page: Page, path: Path, folder: Path) -> Path:
    """The page with a column that its source's TOML does not know."""
    brought = aside(FIXTURES / key / "unknown_column", page)
    if brought.is_file() or page.content not in WITH_A_COLUMN:
        return brought
    WITH_A_COLUMN[page.content](path, aside(folder, page))
    return aside(folder, page)


def failure(key: str, page: Page, path: Path) -> str:
    with pytest.raises(PageError) as told_why:
        parse_page(path, sources.source(key), page, "0" * 64)
    return str(told_why.value)


@pytest.mark.parametrize("key", SOURCES)
def test_an_unknown_column_stops_the_source_and_says_which_and_where(key: str, tmp_path: Path) -> None:
    for page, path in pages_of(key):
        message = failure(key, page, with_a_column(key, page, path, tmp_path))
        assert "Flavour" in message
        assert key in message
        assert page.name in message


@pytest.mark.parametrize("key", SOURCES)
def test_an_unknown_column_says_what_to_do(key: str, tmp_path: Path) -> None:
    for page, path in pages_of(key):
        assert "declare it in the source's TOML" in failure(key, page, with_a_column(key, page, path, tmp_path))


UNDER_HEADINGS = ["coco_model_pages", "detectron", "detectron2", "nlp_progress", "nvidia_examples", "squad_explorer"]


@pytest.mark.parametrize("key", UNDER_HEADINGS)
def test_tables_under_other_headings_are_refused_with_what_to_do(key: str, tmp_path: Path) -> None:
    for page, path in pages_of(key):
        text = re.sub(r"(?m)^( *#+ |.*<h\d[^>]*>|<summary>)", r"\1Flavour ", path.read_text(encoding="utf-8"))
        (aside(tmp_path, page)).write_text(text, encoding="utf-8")
        message = failure(key, page, aside(tmp_path, page))
        assert "Flavour" in message
        assert re.search(r"declare it (in the source's TOML|under lookups.*in the source's TOML)", message)


def csv_pages() -> Iterator[tuple[str, Page, Path]]:
    for key in SOURCES:
        yield from ((key, page, path) for page, path in pages_of(key) if page.content == "csv")


def test_a_missing_column_says_which_and_what_to_do(tmp_path: Path) -> None:
    for key, page, path in csv_pages():
        header, *lines = csv_cells(path)
        # The first that the parser reads.
        at, gone = next((at, name) for at, name in enumerate(header) if name not in page.lookups.get("ignore", ()))
        write_csv(aside(tmp_path, page), [line[:at] + line[at + 1 :] for line in [header, *lines]])
        message = failure(key, page, aside(tmp_path, page))
        assert repr(gone) in message
        assert "[lookups.aliases]" in message


ALIASES = [
    pytest.param(key, page, path, old, new, id=f"{key}: {old}")
    for key, page, path in csv_pages()
    for old, new in page.lookups.get("aliases", {}).items()
]


@pytest.mark.parametrize(("key", "page", "path", "old", "new"), ALIASES)
def test_a_renamed_column_parses_to_the_same_rows(
    key: str, page: Page, path: Path, old: str, new: str, tmp_path: Path
) -> None:
    aliases = page.lookups["aliases"]
    header, *lines = csv_cells(path)
    assert [aliases.get(name, name) for name in header].count(new) == 1, f"the fixture has no column {new!r}"
    renamed = [old if aliases.get(name, name) == new else name for name in header]
    write_csv(aside(tmp_path, page), [renamed, *lines])
    assert parsed(key, page, aside(tmp_path, page)) == parsed(key, page, path)


# Names that the publishers' pages have had, before or after those in the newest page kept here.
RENAMES = [
    ("epoch_models", "System", "Model"),
    ("epoch_models", "Training dataset size (datapoints)", "Training dataset size (gradients)"),
    ("epoch_models", "Training dataset size (total)", "Training dataset size (gradients)"),
    ("epoch_models", "Hardware utilization", "Hardware utilization (MFU)"),
    ("epoch_models", "Country (from Organization)", "Country (of organization)"),
    ("epoch_hardware", "Memory size per board (Byte)", "Memory (bytes)"),
    ("epoch_hardware", "Number of transistors (millions)", "Transistors (millions)"),
]


@pytest.mark.parametrize(("key", "theirs", "ours"), RENAMES)
def test_a_name_that_a_publisher_used_is_known(key: str, theirs: str, ours: str, tmp_path: Path) -> None:
    page, path = pages_of(key)[0]
    header, *lines = csv_cells(path)
    assert ours in header
    write_csv(aside(tmp_path, page), [[theirs if name == ours else name for name in header], *lines])
    assert parsed(key, page, aside(tmp_path, page)) == parsed(key, page, path)


def test_columns_in_another_order_parse_to_the_same_rows(tmp_path: Path) -> None:
    for key, page, path in csv_pages():
        # Rows that lack cells are left out: theirs cannot be told apart, and stand under other columns when turned round.
        header, *lines = csv_cells(path)
        straight = [header, *(line for line in lines if len(line) == len(header))]
        write_csv(aside(tmp_path, page), straight)
        expected = by_type(parsed(key, page, aside(tmp_path, page)))
        write_csv(aside(tmp_path, page), [line[::-1] for line in straight])
        assert by_type(parsed(key, page, aside(tmp_path, page))) == expected


@pytest.mark.parametrize("key", SOURCES)
@pytest.mark.parametrize("body", [b"", b"<!DOCTYPE html><html><body>404: not found</body></html>\n", b"\xff\xfe\x00"])
def test_an_answer_that_is_no_such_page_is_refused(key: str, body: bytes, tmp_path: Path) -> None:
    page = sources.source(key).pages[0]
    (aside(tmp_path, page)).write_bytes(body)
    message = failure(key, page, aside(tmp_path, page))
    assert key in message
    assert page.name in message


# --- single rules


def one(key: str, tmp_path: Path, text: str, at: int = 0) -> Gathered:
    page = sources.source(key).pages[at]
    (aside(tmp_path, page)).write_text(text, encoding="utf-8", newline="")
    return parse_page(aside(tmp_path, page), sources.source(key), page, "0" * 64)


def with_row(key: str, **cells: str) -> str:
    """The first CSV page of a source with one record only."""
    _, path = pages_of(key)[0]
    header, *lines = csv_cells(path)
    above = 3 if key == "mit_futuretech" else 0
    unknown = cells.keys() - set(header)
    assert not unknown, unknown
    text = io.StringIO(newline="")
    csv.writer(text).writerows([header, *lines[:above], [cells.get(name, "") for name in header]])
    return text.getvalue()


@pytest.mark.parametrize(
    ("burden", "accuracy"),
    [("5.5e9", "82.7"), ("5.5e9", "1.0"), ("5.5e9", "-0.1"), ("0.0", "0.7"), ("-1", "0.7"), ("5.5e9", "NaN")],
)
def test_computerprogress_refuses_what_is_out_of_range(burden: str, accuracy: str, tmp_path: Path) -> None:
    text = f'export default [{{index: 0, year: 2019.0, model: "X", hardware_burden: {burden}, accuracy: {accuracy}}}];'
    gathered = one("computerprogress", tmp_path, text)
    assert [row.rule for *_, row in gathered.rows["quarantine"]] == ["out_of_range"]
    assert accounted(gathered) == 1


def test_computerprogress_prints_fractions_and_they_become_exact_percentages(tmp_path: Path) -> None:
    # In floats 0.827 * 100 is 82.69999999999999, 0.57 * 100 is 56.99999999999999.
    rows = ", ".join(
        f'{{index: 0, year: 2019.0, model: "{text}", hardware_burden: 1, accuracy: {text}}}'
        for text in ("0.827", "0.57", "0.29")
    )
    gathered = one("computerprogress", tmp_path, f"export default [{rows}];")
    assert [row.value for *_, row in gathered.rows["result"]] == [82.7, 57.0, 29.0]


@pytest.mark.parametrize(
    "text",
    [
        "module.exports = [];",
        'export default [{model: {name: "nested"}}];',
        'export default [{model: "open];',
        'export default [{model: "a"} {model: "b"}];',
    ],
)
def test_computerprogress_reads_flat_objects_only(text: str, tmp_path: Path) -> None:
    with pytest.raises(PageError):
        one("computerprogress", tmp_path, text)


@pytest.mark.parametrize("text", [r'"\q"', '"a\nb"', r'"\u12"'])
def test_computerprogress_names_a_string_that_it_cannot_read(text: str, tmp_path: Path) -> None:
    with pytest.raises(PageError):
        one("computerprogress", tmp_path, f"export default [{{model: {text}}}];")


def test_owid_refuses_a_negative_intensity(tmp_path: Path) -> None:
    column = "Carbon intensity of electricity - gCO2e/kWh"
    gathered = one("owid_carbon", tmp_path, with_row("owid_carbon", Entity="X", Year="2003", **{column: "-3.5"}))
    rejected = gathered.rows["quarantine"][0][3]
    assert (rejected.rule, rejected.literal) == ("out_of_range", "-3.5")


def test_owid_names_the_column_of_a_negative_intensity(tmp_path: Path) -> None:
    column = "Carbon intensity of electricity - gCO2e/kWh"
    gathered = one("owid_carbon", tmp_path, with_row("owid_carbon", Entity="X", Year="2003", **{column: "-3.5"}))
    assert gathered.rows["quarantine"][0][3].column_name == column


def test_owid_does_not_cut_a_year(tmp_path: Path) -> None:
    column = "Carbon intensity of electricity - gCO2e/kWh"
    gathered = one("owid_carbon", tmp_path, with_row("owid_carbon", Entity="X", Year="2003.5", **{column: "3"}))
    assert "carbon_intensity" not in gathered.rows


@pytest.mark.parametrize(("column", "text"), [("(TOP 1 score)", "101"), ("fp_bp_ratio", "2")])
def test_mit_keeps_the_text_of_a_refused_cell(column: str, text: str, tmp_path: Path) -> None:
    cells = {"name": "X", "(TOP 5 score)": "90", column: text}
    gathered = one("mit_futuretech", tmp_path, with_row("mit_futuretech", **cells))
    assert gathered.rows["rejected_cell"][0][3].literal == text


# Names as they are printed; that of MEMEN has the slip.
ENSEMBLES = {
    "mit_futuretech": {
        "BERT (single model)": False,
        "OTF dict+spelling (single)": False,
        "ConvS2S (ensemble)": True,
        "Ensemble 8 models + unk replace": True,
        "Deep-Att + Ensemble + PosUnk": True,
        "ZFNet (ensemble, 6 convnets)": True,
        "OverFeat - 7 accurate models": True,
        "Five Base + Five HiRes": True,
        "Single-Path NAS": None,
        "Assemble-ResNet152": None,
        "SOLQ (Swin-L, single)": None,
        "Model soups (ViT-G/14)": None,
    },
    "computerprogress": {
        "MEMEN(singel model)": False,
        "BERT (single)": False,
        "BiDAF\\n(ensemble)": True,
        "MEMEN(ensemble model)": True,
        "AlexNet  7CNNs": True,
        "ZFNet(ensemble, 6 convnets)": True,
        "CenterNet-DLA (DLA-34, single-scale)": None,
    },
}


@pytest.mark.parametrize(
    ("key", "name", "told"), [(key, name, told) for key, names in ENSEMBLES.items() for name, told in names.items()]
)
def test_a_name_tells_whether_the_score_is_an_ensembles(key: str, name: str, told: bool | None, tmp_path: Path) -> None:
    module = f'export default [{{index: 0, year: 2019.0, model: "{name}", hardware_burden: 1e9, accuracy: 0.8}}];'
    text = module if key == "computerprogress" else with_row(key, name=name, **{"(TOP 1 score)": "80"})
    ((*_, row),) = one(key, tmp_path, text).rows["result"]
    assert (row.value, row.is_ensemble) == (80.0, told)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("M2Det (VGG-16, multi-scale)", "multi-scale"),
        ("CenterNet-DLA (DLA-34, single-scale)", "single-scale"),
        ("SNIPER (ResNet-101)", None),
    ],
)
def test_a_name_tells_at_how_many_scales_a_detector_was_tested(name: str, told: str | None, tmp_path: Path) -> None:
    text = f'export default [{{index: 0, year: 2019.0, model: "{name}", hardware_burden: 1e9, accuracy: 0.4}}];'
    assert [row.setting for *_, row in one("computerprogress", tmp_path, text, at=1).rows["result"]] == [told]


@pytest.mark.parametrize("literal", ["COCO minival", ""])
def test_mit_knows_on_which_part_of_coco_a_row_was_tested_or_stops(literal: str, tmp_path: Path) -> None:
    at = next(i for i, page in enumerate(sources.source("mit_futuretech").pages) if "coco" in page.name)
    page = sources.source("mit_futuretech").pages[at]
    text = aside(FIXTURES / "mit_futuretech", page).read_text(encoding="utf-8")
    assert {row.benchmark for *_, row in one("mit_futuretech", tmp_path, text, at).rows["result"]} == {"coco_test_dev"}
    with pytest.raises(PageError, match=rf"row 5: .*training_dataset.*undeclared dataset '{literal}'; declare it in"):
        one("mit_futuretech", tmp_path, text.replace("COCO test_dev", literal, 1), at)


def test_computerprogress_has_the_same_leaderboard_of_coco(tmp_path: Path) -> None:
    text = 'export default [{index: 0, year: 2019.0, model: "X", hardware_burden: 1e9, accuracy: 0.4}];'
    ((*_, row),) = one("computerprogress", tmp_path, text, at=1).rows["result"]
    assert (row.benchmark, row.metric, row.value) == ("coco_test_dev", "box_ap", 40.0)


def test_mit_keeps_a_phase_of_which_only_the_seconds_are_known(tmp_path: Path) -> None:
    text = with_row("mit_futuretech", name="X", training_time_total_sec="7200")
    gathered = one("mit_futuretech", tmp_path, text)
    assert [row.wall_time_s for *_, row in gathered.rows.get("run_phase", [])] == [7200.0]


def test_epoch_models_without_the_column_that_came_later(tmp_path: Path) -> None:
    page, path = pages_of("epoch_models")[0]
    header, *lines = csv_cells(path)
    at = header.index("Hardware utilization (HFU)")
    write_csv(aside(tmp_path, page), [line[:at] + line[at + 1 :] for line in [header, *lines]])
    phases = [line for line in parsed("epoch_models", page, aside(tmp_path, page)) if line["type"] == "run_phase"]
    assert [line.get("utilization") for line in phases] == [0.41, None, None]


def test_epoch_all_models_without_the_column_that_went_away(tmp_path: Path) -> None:
    page, path = pages_of("epoch_all_models")[0]
    header, *lines = csv_cells(path)
    at = header.index("Training dataset")
    write_csv(aside(tmp_path, page), [line[:at] + line[at + 1 :] for line in [header, *lines]])
    found = parsed("epoch_all_models", page, aside(tmp_path, page))
    assert {"model", "compute", "run_phase"} <= {line["type"] for line in found}
    assert not any("dataset" in line for line in found)


def test_a_missing_column_names_the_lookup_for_one_that_went_away(tmp_path: Path) -> None:
    page, path = pages_of("epoch_models")[0]
    header, *lines = csv_cells(path)
    at = header.index("Training dataset")
    write_csv(aside(tmp_path, page), [line[:at] + line[at + 1 :] for line in [header, *lines]])
    message = failure("epoch_models", page, aside(tmp_path, page))
    assert "'Training dataset' is missing" in message
    assert "lookups.optional" in message


@pytest.mark.parametrize("key", UNDER_HEADINGS)
def test_all_tables_that_no_toml_declares_are_named_at_once(key: str, tmp_path: Path) -> None:
    page, path = pages_of(key)[0]
    new = ("Flavour tables", "Flavour of the month")
    if page.content == "html":
        tables = "".join(f"<h2>{title}</h2><table><tr><th>x</th></tr></table>" for title in new)
        text = path.read_text(encoding="utf-8").replace("</body>", f"{tables}</body>")
    else:
        tables = "".join(f"\n## {title}\n\n| x |\n|---|\n| 1 |\n" for title in new)
        text = path.read_text(encoding="utf-8") + "\n" + tables
    aside(tmp_path, page).write_text(text, encoding="utf-8")
    message = failure(key, page, aside(tmp_path, page))
    assert all(title in message for title in new)


def test_all_columns_that_no_toml_declares_are_named_at_once(tmp_path: Path) -> None:
    for key, page, path in csv_pages():
        header, *lines = csv_cells(path)
        wider = [[*header, "Flavour", "Scent"], *([*line, "1", "2"] for line in lines if len(line) == len(header))]
        write_csv(aside(tmp_path, page), wider)
        message = failure(key, page, aside(tmp_path, page))
        assert "'Flavour', 'Scent'" in message


# The first fence is closed by the bare one: "```bash" inside of it is what it shows.
FENCED = """```
output
```bash
ls
```

##### Training accuracy: NVIDIA DGX A100 (8x A100 40GB)

| **GPUs** | **Accuracy - TF32** | **Time to train - TF32** |
|---|---|---|
| 8 | 76.5 | 2.5 |
"""


@pytest.mark.parametrize("text", [FENCED, FENCED.removeprefix("```\noutput\n"), f"```\n{FENCED}"])
def test_nvidia_tables_below_fences_are_read(text: str, tmp_path: Path) -> None:
    gathered = one("nvidia_examples", tmp_path, text)
    assert [row.value for *_, row in gathered.rows["result"]] == [76.5]
    assert gathered.read_count() == 1


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("SQuAD1.1 Leaderboard", "SQuAD 1.1", "SQuAD 1.1"),
        ("<h2>Leaderboard</h2>", "<h2>SQuAD3.0 Leaderboard</h2>", "SQuAD3.0 Leaderboard"),
        ("<td>60</td>", "", "table 2 row 7"),
    ],
)
def test_squad_page_that_changed_is_refused(old: str, new: str, named: str, tmp_path: Path) -> None:
    page, path = pages_of("squad_explorer")[0]
    text = path.read_text(encoding="utf-8")
    assert old in text
    (aside(tmp_path, page)).write_text(text.replace(old, new), encoding="utf-8")
    assert named in failure("squad_explorer", page, aside(tmp_path, page))


@pytest.mark.parametrize("score", ["-5", "100", "874.33"])
def test_squad_refuses_an_impossible_score(score: str, tmp_path: Path) -> None:
    page, path = pages_of("squad_explorer")[0]
    (aside(tmp_path, page)).write_text(path.read_text(encoding="utf-8").replace("87.433", score), encoding="utf-8")
    rows = parsed("squad_explorer", page, aside(tmp_path, page))
    assert all(0 <= row["value"] < 100 for row in rows if row["type"] == "result")


# As cards of four networks print it: the error, or a share of it, in the place of the accuracy.
CARD = """<!--
Type: model-index
Collections:
- Name: Badger
  Paper:
    Title: On Badgers
    URL: https://arxiv.org/abs/1601.00001
Models:
- Name: badger_v4
  In Collection: Badger
  Metadata:
    FLOPs: 12000000000
    Parameters: 42000000
    Image Size: '299'
  Results:
  - Task: Image Classification
    Dataset: ImageNet
    Metrics:
      Top 1 Accuracy: 1.02%
      Top 5 Accuracy: 16.9%
-->
"""


def test_a_card_with_a_top1_of_one_percent_loses_that_cell_alone(tmp_path: Path) -> None:
    gathered = one("timm_model_index", tmp_path, CARD)
    ((*_, cell),) = gathered.rows["rejected_cell"]
    assert (cell.literal, cell.rule) == ("1.02%", "impossible_score")
    assert cell.column_name == "Image Classification on ImageNet: Top 1 Accuracy"
    assert [(row.metric, row.value) for *_, row in gathered.rows["result"]] == [("top5", 16.9)]
    assert [row.operations for *_, row in gathered.rows["operations"]] == [12e9]
    assert [(row.name, row.parameters) for *_, row in gathered.rows["model"]] == [("badger_v4", 42e6)]


# --- the facts that ship


def facts_of(source: Source) -> dict[str, list[dict[str, str]]]:
    found = {}
    for path in sorted((paths.SHIPPED_RAW / source.key).glob("*.facts.csv")):
        with path.open(newline="", encoding="utf-8") as handle:
            header, *lines = csv.reader(handle)
        # page_count has a sha256 of its own, with all its digits, beside that of the address.
        found[path.name.removesuffix(".facts.csv")] = [dict(zip(header, line, strict=True)) for line in lines]
    return found


@pytest.mark.parametrize("key", SOURCES)
def test_no_row_of_the_facts_is_unaccounted_for(key: str) -> None:
    source, counted = sources.source(key), 0
    found = facts_of(source)
    for page in source.pages:
        here = {kind: [row for row in rows if row["page"] == page.name] for kind, rows in found.items()}
        taken = {row["locator"] for kind, rows in here.items() if kind not in BOOKKEEPING for row in rows}
        left_out = [row["locator"] for kind in ("quarantine", "duplicate") for row in here.get(kind, [])]
        read = [int(row["rows_read"]) for row in here["page_count"]]
        assert read == [len(taken) + len(left_out)], page.name
        assert not taken & set(left_out)
        counted += read[0]
    assert source.rows_min <= counted <= source.rows_max


@pytest.mark.parametrize("key", SOURCES)
def test_facts_are_of_the_page_that_the_lock_names(key: str) -> None:
    lock = {(line.page, line.sha256[:8]) for line in snapshots.read(paths.SHIPPED_RAW, key)}
    there = {(row["page"], row["sha256"][:8]) for rows in facts_of(sources.source(key)).values() for row in rows}
    assert there
    assert there <= lock


@pytest.mark.parametrize("key", SOURCES)
def test_a_page_may_grow_to_four_times_what_it_is_and_not_for_ever(key: str) -> None:
    most = (sources.source(key).page_max_mb or Limits().max_bytes / 1e6) * 1e6
    assert most <= 64e6
    assert all(line.byte_count * 4 <= most for line in snapshots.read(paths.SHIPPED_RAW, key))


@pytest.mark.parametrize("key", SOURCES)
def test_facts_hold_no_address_of_a_person_and_no_column_that_is_not_kept(key: str) -> None:
    source = sources.source(key)
    secret = {name for page in source.pages for name in page.lookups.get("secret", [])}
    # Scores of sheets have a column for each, under what the source's file says of it.
    scores = [told for page in source.pages for told in page.lookups.get("scores", {}).values()]
    heads = (set[str](), {" ".join(map(str, told.values())) for told in scores if isinstance(told, dict)})
    found = facts_of(source)
    assert found
    for kind, rows in found.items():
        assert kind in ROW_TYPES
        for row in rows:
            assert not secret & row.keys()
            assert row.keys() <= {"sha256", *ADDRESS, *columns(ROW_TYPES[kind]), *heads[kind == "listed_score"]}
            assert row.get("column_name") not in secret
            assert not secret & json.loads(row.get("record") or "{}").keys()
            assert not any(_EMAIL.search(text) for text in row.values()), row
