"""What figures are as files: bytes, faces, sizes of text, addresses, colours; and the one in the README."""

from __future__ import annotations

import gc
import io
import re
import shutil
import subprocess
import sys
import warnings
import zlib
from itertools import combinations
from pathlib import Path

import duckdb
import pytest
from PIL import Image
from report_pages import without_sources
from running import ROOT, command_here, environment, sample, wait_for

from flows.answers import rendering
from flows.publish import figures
from flows.publish.figures import canvas, drawers, style
from flows.publish.figures.picture import Picture
from flows.warehouse import connection

pytestmark = pytest.mark.slow

# One of each module, the quickest first.
SOME = ["figure_1a", "figure_2b", "domains", "scaling_imagenet", "cost_imagenet", "specification_squad", "backtest"]


@pytest.fixture(scope="module")
def pictures(warehouse_path: Path) -> dict[str, Picture]:
    with connection.connect(warehouse_path, read_only=True) as con:
        return {picture.name: picture for picture in figures.pictures(con)}


@pytest.fixture(scope="module")
def drawn(pictures: dict[str, Picture]) -> drawers.Drawings:
    with canvas.drawing():
        return drawers.drawn([(pictures[name], next(iter(pictures[name].height_pt))) for name in SOME], figures.FORMATS)


def faces(pdf: bytes) -> list[bytes]:
    """The objects of a PDF that describe faces, its streams unpacked."""
    return re.findall(rb"/Type /FontDescriptor.*?endobj", pdf, re.DOTALL)


def test_a_pdf_embeds_its_face_as_truetype(drawn: drawers.Drawings) -> None:
    for (name, _), files in drawn.items():
        found = faces(files["pdf"])
        assert found, name
        assert all(b"/FontFile2" in face for face in found), name
        assert b"/Type3" not in files["pdf"], name
        assert set(re.findall(rb"/BaseFont /(?:[A-Z]{6}\+)?([\w-]+)", files["pdf"])) == {
            b"FiraSans-Regular",
            b"FiraSans-SemiBold",
        }


def test_no_text_is_smaller_than_seven_points_but_what_is_raised(pictures: dict[str, Picture]) -> None:
    with canvas.drawing():
        for name in SOME:
            for size in pictures[name].height_pt:
                sheet = canvas.draw(pictures[name], size)
                texts = [
                    *sheet.figure.texts,
                    *(
                        text
                        for ax in sheet.figure.axes
                        for text in (*ax.texts, *ax.get_xticklabels(), *ax.get_yticklabels())
                    ),
                ]
                sizes = {round(text.get_fontsize(), 2) for text in texts if text.get_text()}
                raised = {round(points * 0.7, 2) for points in (7, 8, 8.6, 10)}
                assert {points for points in sizes - raised if points < 7} == set(), name
                assert 8.6 in sizes


def test_nothing_is_cut_off_at_the_edges(pictures: dict[str, Picture]) -> None:
    with canvas.drawing():
        for picture in pictures.values():
            for size in picture.height_pt:
                figure = canvas.draw(picture, size).figure
                edges = figure.bbox.extents
                for text in (
                    *figure.texts,
                    *(text for ax in figure.axes if ax.axison for text in (*ax.texts, *ax.get_xticklabels())),
                ):
                    if text.get_text():
                        box = text.get_window_extent()
                        told = (picture.name, size, text.get_text())
                        assert edges[0] - 0.5 <= box.x0, told
                        assert box.x1 <= edges[2] + 0.5, told
                        assert edges[1] - 0.5 <= box.y0, told
                        assert box.y1 <= edges[3] + 0.5, told


def test_widths_are_those_of_a_column_and_a_page(pictures: dict[str, Picture], drawn: drawers.Drawings) -> None:
    for (name, size), files in drawn.items():
        width = style.WIDTHS_IN[size]
        box = re.search(rb"/MediaBox \[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", files["pdf"])
        assert box
        assert float(box[1]) == pytest.approx(width * 72, abs=0.1), name
        assert f'width="{width * 72:g}pt"' in files["svg"].decode()
        image = Image.open(io.BytesIO(files["png"]))
        assert image.size[0] == pytest.approx(width * 300, abs=1)
        assert image.getpixel((image.size[0] - 1, image.size[1] - 1))[3] == 0, "no background"
    assert {"column", "page"} == {size for picture in pictures.values() for size in picture.height_pt}


def test_an_svg_has_no_outside_address_and_tells_what_it_shows(
    pictures: dict[str, Picture], drawn: drawers.Drawings
) -> None:
    for (name, _), files in drawn.items():
        text = files["svg"].decode()
        spaces = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
        assert set(re.findall(r"https?://[^\"'<\s]+", text)) <= spaces, name
        assert "url(" not in text.replace("url(#", "")
        assert pictures[name].alt.split(".")[0].replace("&", "&amp;") in text
        assert 'role="img"' in text


def test_every_figure_has_a_sentence_rows_and_an_alt_text(pictures: dict[str, Picture]) -> None:
    assert {"figure_1a", "figure_1b", "figure_2a", "figure_2b", "domains", "backtest"} < set(pictures)
    assert {f"scaling_{b}" for b in ("imagenet", "coco", "squad", "conll", "wmt_en_fr")} < set(pictures)
    for picture in pictures.values():
        assert len(picture.alt) > len(picture.title) > 20, picture.name
        assert picture.rows, picture.name
        assert not re.search(r"None|nan|\binf\b|_", picture.title + picture.subtitle), picture.name


def test_the_csv_of_the_brief_s_figures_is_that_of_their_tables(
    db: duckdb.DuckDBPyConnection, pictures: dict[str, Picture]
) -> None:
    for name, query in {
        **{f"figure_{n}": f"from exports.figure_{n}" for n in ("1a", "1b", "2a")},
        "figure_2b": "from exports.figure_2b where is_headline",
    }.items():
        days = "(select max(retrieved_on) from meta.pages) as as_of, null::date as published_before"
        rows = db.sql(f"select *, {days} {query}").to_arrow_table()
        wanted = rendering.as_csv(rows.column_names, (row.values() for row in rows.to_pylist()))
        assert rendering.as_csv(pictures[name].columns, pictures[name].rows) == wanted


def luminance(color: str) -> float:
    """Relative luminance (WCAG 2.2) of a colour."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_lines_are_told_apart_in_grey_and_texts_are_read() -> None:
    assert all(contrast(one, other) >= 1.25 for one, other in combinations(style.LINES, 2))
    for color in (style.INK, style.MUTED, style.FIRST, style.SECOND_TEXT, style.THIRD, style.POINT):
        assert contrast(color, style.GROUND) >= 4.5, color
        assert contrast(color, style.BEYOND) >= 4.5, color
    assert contrast(style.SECOND, style.GROUND) >= 3  # a line, no text


def test_drawing_leaves_the_settings_of_who_draws_too(pictures: dict[str, Picture]) -> None:
    import matplotlib as mpl

    with mpl.rc_context({"font.size": 31, "svg.fonttype": "none", "lines.linewidth": 9}):
        with canvas.drawing():
            inside = canvas.rendered(canvas.draw(pictures["figure_1a"], "column"), pictures["figure_1a"], "svg")
        assert mpl.rcParams["font.size"] == 31
    with canvas.drawing():
        assert inside == canvas.rendered(canvas.draw(pictures["figure_1a"], "column"), pictures["figure_1a"], "svg")


def test_the_figure_in_the_readme_is_the_warehouse_s(warehouse_path: Path, tmp_path: Path) -> None:
    figures.for_readme(warehouse_path, tmp_path / "figure.svg")
    shown = ROOT / "docs" / "scaling-imagenet.svg"
    assert shown.stat().st_size < 150_000
    assert shown.read_bytes() == (tmp_path / "figure.svg").read_bytes(), "draw it again as CONTRIBUTING.md says"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"!\[[^]]*\]\(([^)]+)\)", readme)[0] == "docs/scaling-imagenet.svg"


def test_one_figure_is_drawn_with_its_csv_and_text_and_a_slip_has_near_names(warehouse_path: Path) -> None:
    with connection.connect(warehouse_path, read_only=True) as con:
        drawn = figures.drawn(con, ["figure_1a"])
        with pytest.raises(figures.FigureError, match="no figure 'scaling_imagnet'; near it: 'scaling_imagenet'"):
            figures.drawn(con, ["scaling_imagnet"])
    sizes = [f"figure_1a_{size}.{form}" for size in ("column", "page") for form in ("pdf", "svg", "png")]
    assert sorted(drawn) == sorted([*sizes, "figure_1a.csv", "figure_1a.txt"])
    assert drawn["figure_1a.txt"].decode().startswith("To do as well as an oracle")


@pytest.mark.soak
@pytest.mark.long
def test_the_command_draws_all_and_twice_the_same_whoever_draws(warehouse_path: Path, tmp_path: Path) -> None:
    # Without another process; the command draws beside one.
    with connection.connect(warehouse_path, read_only=True) as con:
        pictures = figures.pictures(con)
    sheets = [(picture, size) for picture in pictures for size in picture.height_pt]
    assert len(sheets) > 34
    # All of them in `make soak`, else every eighth.
    alone = drawers.draw(sample(full=sheets, part=sheets[::8]), figures.FORMATS)
    drawn = {f"{name}_{size}.{form}": body for (name, size), files in alone.items() for form, body in files.items()}
    (tmp_path / "data" / "warehouse").mkdir(parents=True)
    (tmp_path / "data" / "warehouse" / "compute_limits.duckdb").write_bytes(warehouse_path.read_bytes())
    env = environment(tmp_path / "data", tmp_path, PYTHONHASHSEED="3", TZ="Asia/Tokyo", LC_ALL="C")
    ended = command_here(env, "export", str(tmp_path / "out"))
    assert ended.returncode == 0, ended
    there = {path.name: path.read_bytes() for path in (tmp_path / "out" / "figures").iterdir()}
    beside = {f"{picture.name}.{form}" for picture in pictures for form in ("csv", "txt")}
    assert there.keys() == {f"{one.name}_{size}.{form}" for one, size in sheets for form in figures.FORMATS} | beside
    assert [name for name in drawn if there[name] != drawn[name]] == []


def test_without_the_other_process_this_one_draws_all(pictures: dict[str, Picture]) -> None:
    sheets = [(pictures["figure_1a"], size) for size in ("column", "page")] * 3
    # A process that ends without an answer.
    with subprocess.Popen([sys.executable, "-c", ""], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        drawings = drawers.draw(sheets, ["svg"], other)
    assert drawings == drawers.drawn(sheets[:2], ["svg"])


@pytest.mark.parametrize("is_killed", [False, True], ids=["ended", "killed"])
def test_nothing_is_left_of_the_other_process_whether_this_one_ends_or_is_killed(
    is_killed: bool, tmp_path: Path
) -> None:
    script = (
        "import os, sys\nfrom flows.publish.figures import drawers\n"
        "os.sched_getaffinity = lambda _: {0, 1}  # where there is one processor, too\n"
        "with drawers.helper():\n    sys.stdin.read()"
    )
    env = environment(tmp_path / "data", tmp_path, TMPDIR=str(tmp_path))
    with subprocess.Popen(
        [sys.executable, "-c", script], env=env, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        # As soon as the other one has the files of the face there.
        wait_for(lambda: len(list(tmp_path.glob("compute-limits-*/compute-limits-faces-*/*"))) == 2)
        if is_killed:
            process.kill()
        process.communicate()
    wait_for(lambda: not list(tmp_path.glob("compute-limits-*")))


def test_the_files_of_the_face_are_closed_when_they_are_cut() -> None:
    # An open one is told of when it is collected, whenever that is.
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ResourceWarning)
        canvas.faces.__wrapped__()
        gc.collect()
    assert [str(one.message) for one in told] == []


def test_pdf_bodies_hold_no_date(drawn: drawers.Drawings) -> None:
    for files in drawn.values():
        unpacked = b"".join(
            zlib.decompress(part) for part in re.findall(rb"stream\n(x.*?)\nendstream", files["pdf"], re.DOTALL)
        )
        assert b"CreationDate" not in files["pdf"]
        assert unpacked
        assert b"<dc:date>" not in files["svg"]


def test_where_all_sources_are_absent_there_are_the_figures_of_the_simulation(
    tmp_path: Path, warehouse_path: Path
) -> None:
    with connection.connect(without_sources(warehouse_path, tmp_path / "copy.duckdb"), read_only=True) as con:
        assert [picture.name for picture in figures.pictures(con)] == ["figure_1a", "figure_1b"]


def test_a_line_without_a_band_is_drawn(tmp_path: Path, warehouse_path: Path) -> None:
    path = tmp_path / "copy.duckdb"
    shutil.copyfile(warehouse_path, path).chmod(0o644)
    with duckdb.connect(path) as con:
        con.execute("update marts.curves set error_low = null, error_high = null where benchmark = 'squad'")
    with connection.connect(path, read_only=True) as con:
        (picture,) = [picture for picture in figures.pictures(con) if picture.name == "domains"]
    with canvas.drawing():
        assert b"<svg" in canvas.rendered(canvas.draw(picture, "page"), picture, "svg")
