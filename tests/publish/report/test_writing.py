"""The report as files: what stands in them is the warehouse's, every link leads somewhere, nothing is asked from outside."""

from __future__ import annotations

import json
import math
import re
import shutil
import tomllib
import webbrowser
from fnmatch import fnmatch
from pathlib import Path

import duckdb
import pytest
import report_pages
from running import ROOT, command_here, environment

from flows.answers.outputs import OutputError
from flows.publish import bibliography, figures
from flows.publish.report import writing
from flows.publish.report.page import RESERVED, stem
from flows.warehouse import connection

pytestmark = pytest.mark.slow

OUTSIDE = re.compile(r"https?://[^\s\"'<>)]+")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, warehouse_path: Path) -> Path:
    return report_pages.written(tmp_path_factory, warehouse_path)


def test_the_table_is_the_published_one_beside_todays(report: Path, db: duckdb.DuckDBPyConnection) -> None:
    """Each power of the page against costs, asked for one by one by what the cell links to."""
    cells = report_pages.page(report, "index.html").xpath("//table[contains(@class, 'costs')]//td[a]")
    assert len(cells) == 15 * 14
    powers = [cell for cell in cells if cell.xpath(".//sup")]
    assert len(powers) == 180
    for place, cell in enumerate(powers):
        table, key = report_pages.traced(cell.xpath("a/@href")[0])
        quantity = ("gflop", "lb_co2", "usd")[place % 3]
        where = " and ".join(f"{column} = ?" for column in key)
        ((log10, status),) = db.execute(
            f"select log10_{quantity}, status from {table} where {where}", [*key.values()]
        ).fetchall()
        assert cell.xpath("string(.//sup)").replace("−", "-") == str(math.floor(log10))
        assert ("far" in cell.get("class").split()) == (status != "ok")


def test_differences_are_judged_on_unrounded_values(report: Path, db: duckdb.DuckDBPyConnection) -> None:
    # Today's line at the published error, by its slope and intercept; emissions and price are a constant factor of it.
    rows = db.execute(
        "select was.form, was.error, was.log10_gflop, was.log10_lb_co2, was.log10_usd, line.intercept, line.slope, "
        "today.log10_lb_co2 - today.log10_gflop, today.log10_usd - today.log10_gflop, today.error, today.status, "
        "line.compute_unit, sizes.log10_compute_min, sizes.log10_compute_max "
        "from marts.costs as was join marts.costs as today on was.row_set = 'paper_v1' and today.row_set = 'current' "
        "and today.benchmark = if(was.benchmark = 'coco', 'coco_test_dev', was.benchmark) and (was.metric, was.target, was.form, "
        "was.compute_measure, was.estimator, was.scenario, was.region) = (today.metric, today.target, today.form, "
        "today.compute_measure, today.estimator, today.scenario, today.region) "
        "join marts.scaling as line on (line.row_set, line.benchmark, line.metric, line.compute_measure, line.form, "
        "line.estimator, line.selection, line.direction) = ('current', today.benchmark, today.metric, today.compute_measure, "
        "today.form, 'ols', today.selection, 'y_on_x') "
        "join (fits.sample_sets join fits.sample_sizes using (sample_id)) as sizes on (sizes.row_set, sizes.benchmark, "
        "sizes.metric, sizes.compute_measure, sizes.selection) = ('current', today.benchmark, today.metric, today.compute_measure, "
        "today.selection) "
        "where was.compute_measure = 'hardware_burden' and was.estimator = 'ols' and was.scenario = 'paper_2020' "
        "and was.region = 'USA' and was.form in ('polynomial', 'exponential') "
        "and was.benchmark in ('imagenet', 'coco', 'squad', 'conll', 'wmt_en_fr')"
    ).fetchall()
    assert len(rows) == 30
    expected = {True: 0, False: 0}
    for form, error, gflop, lb, usd, intercept, slope, per_lb, per_usd, error_now, status, unit, least, most in rows:
        response = -math.log10(error) if form == "polynomial" else 1 / error
        then = (response - intercept) / slope
        now = then - (9 if unit == "flop" else 0)
        beyond = max(least - then, then - most, 0) / (most - least)
        is_told = status == "ok" if error == error_now else status != "slope_not_different_from_0" and beyond <= 1
        if is_told:
            differs = [
                abs(value - was) > math.log10(3)
                for value, was in ((now, gflop), (now + per_lb, lb), (now + per_usd, usd))
            ]
            expected[error == error_now] += sum(differs)
    bold = report_pages.page(report, "index.html").xpath("//td[contains(concat(' ', @class, ' '), ' differs ')]")
    assert len(bold) == sum(expected.values())
    assert min(expected.values()) > 0


def test_cards_tell_the_lines_that_are_quoted(report: Path, db: duckdb.DuckDBPyConnection) -> None:
    cards = report_pages.page(report, "index.html").xpath("//article")
    told = [(card.xpath("string(p[@class='big']/a)"), card.xpath("string(p[@class='facts'])")) for card in cards]
    rows = db.execute(
        "select exponent, n from marts.scaling where is_headline and row_set = 'current' and compute_measure = 'hardware_burden' "
        "and benchmark in ('imagenet', 'coco_test_dev', 'squad', 'conll', 'wmt_en_fr') order by list_position("
        "['imagenet', 'coco_test_dev', 'squad', 'conll', 'wmt_en_fr'], benchmark)"
    ).fetchall()
    assert [exponent for exponent, _ in told] == [f"{exponent:.1f}" for exponent, _ in rows]
    assert all(facts.startswith(f"{n} training") for (_, facts), (_, n) in zip(told, rows, strict=True))


def test_the_title_of_a_benchmark_has_its_factor(report: Path, db: duckdb.DuckDBPyConnection) -> None:
    ((exponent,),) = db.execute(
        "select exponent from marts.scaling where is_headline and row_set = 'current' and benchmark = 'imagenet' "
        "and compute_measure = 'hardware_burden'"
    ).fetchall()
    factor = float(f"{2**exponent:.2g}")
    title = report_pages.page(report, "imagenet.html").xpath("string(//h1)")
    assert title == f"Each halving of ImageNet’s error has taken about {factor:,.0f} times the computation".replace(
        ",", report_pages.THIN
    )


def test_the_range_of_exponents_is_of_the_metric_that_leads(report: Path, db: duckdb.DuckDBPyConnection) -> None:
    # SQuAD has lines of F1, which leads, and of exact match, whose exponents are higher.
    ((low, high),) = db.execute(
        "select min(exponent), max(exponent) from marts.scaling where row_set = 'current' and benchmark = 'squad' "
        "and metric = 'f1' and compute_measure = 'hardware_burden' and form = 'polynomial' and exponent > 0"
    ).fetchall()
    title = report_pages.page(report, "squad.html").xpath("string(//h2[@id='choices-title'])")
    assert f"{low:.0f} to {high:.0f} by hardware burden" in title


def test_growth_is_headed_by_the_lines_of_figure_2a(report: Path, db: duckdb.DuckDBPyConnection) -> None:
    with (ROOT / "flows" / "declared" / "growth.toml").open("rb") as file:
        shown = {one["subject"]: one for one in tomllib.load(file)["figure"] if one["series"] != "cpus"}

    def grown(subject: str, table: str) -> float:
        asked = f"select growth_per_year from marts.{table} where series = ? and era = ? and rule = 'all'"
        ((rate,),) = db.execute(asked, [shown[subject]["series"], shown[subject]["era"]]).fetchall()
        return float(rate)

    models, gpus = grown("model", "compute_growth"), grown("processor", "hardware_growth")
    title = (
        f"Models’ computation has grown {models:.1f} times a year since 2010, the speed of a GPU only {gpus:.2f} times"
    )
    (head,) = report_pages.page(report, "growth.html").iter("h1")
    assert " ".join(head.itertext()) == title


def test_growth_says_what_its_intervals_cover_and_names_series(report: Path, db: duckdb.DuckDBPyConnection) -> None:
    (levels,) = zip(*db.execute(
        "select level from marts.compute_growth where level is not null union "
        "select level from marts.hardware_growth where level is not null"
    ).fetchall(), strict=True)  # fmt: skip
    page = report_pages.page(report, "growth.html")
    heads = [" ".join(head.split()) for head in page.xpath("//th[contains(., 'interval')]/text()")]
    assert heads == [f"{levels[0] * 100:.0f} % interval"] * 2
    assert len(levels) == 1
    series = {cell.text_content() for cell in page.xpath("//tbody/tr/td[1]")}
    assert {"GPUs", "GPUs for machine learning", "Notable models"} <= series


def test_a_reason_of_quarantine_stands_at_its_own_row(report: Path, db: duckdb.DuckDBPyConnection) -> None:
    told = report_pages.page(report, "data.html").xpath("//section[@aria-labelledby='quarantine']//table[1]/tbody/tr")
    rows = {
        (reason, locator) for reason, locator in db.execute("select reason, locator from core.quarantine").fetchall()
    }
    first = told[: len(db.execute("select distinct source, rule from core.quarantine").fetchall())]
    shown = {(row[3].text, row[3].xpath("string(span)").strip("()")) for row in first}
    assert {(reason.strip(), locator) for reason, locator in shown} <= rows


def test_every_link_between_pages_leads_somewhere(report: Path) -> None:
    pages = {path.name: report_pages.page(report, path.name) for path in sorted(report.glob("*.html"))}
    assert len(pages) > 25
    ids = {name: set(page.xpath("//@id")) for name, page in pages.items()}
    broken = []
    for name, page in pages.items():
        for address in page.xpath("//@href | //@src"):
            file, _, fragment = address.partition("#")
            if OUTSIDE.match(address) or address == "data:,":
                continue
            there = file or name
            if not (report / there).is_file() or (fragment and there != "trace.html" and fragment not in ids[there]):
                broken.append(f"{name}: {address}")
    assert broken == []


# Counts lead to all rows that are counted.
COUNTED = ("core.results", "core.candidates", "core.left_out", "core.quarantine", "core.rejected_cells", "core.conflicts",
           "core.artefacts")  # fmt: skip
# What has a number in a table and no trace: days, which say when, and the answers of worked queries, which stand below their query.
UNTRACED_CELLS = "ancestor-or-self::td[contains(concat(' ', @class, ' '), ' day ')]"
UNTRACED_PAGES = ("dictionary.html", "trace.html")


def test_every_number_in_a_table_has_its_trace(report: Path) -> None:
    untraced, traced = [], 0
    for path in sorted(report.glob("*.html")):
        if path.name in UNTRACED_PAGES:
            continue
        cells = report_pages.page(report, path.name).xpath(
            "//main//td[contains(concat(' ', @class, ' '), ' r ')] | //article/p[@class='big'] | //article/p[@class='facts']"
        )
        for cell in cells:
            told = " ".join(cell.text_content().split())
            linked = sum(len(re.findall(r"\d", link.text_content())) for link in cell.xpath(".//a[@class='n']"))
            traced += linked > 0
            digits = len(re.findall(r"\d", re.sub(r"rests on .*", "", told)))
            if digits > linked and told != "0" and not cell.xpath(UNTRACED_CELLS):
                untraced.append(f"{path.name}: {told}")
    assert untraced == []
    assert traced > 1_000


def test_counts_lead_to_as_many_rows_by_page(report: Path, db: duckdb.DuckDBPyConnection) -> None:
    told = json.loads(
        re.sub(r"^CL.received\(\"counts\",|\);\n$", "", (report / "traces" / "counts.js").read_text(encoding="utf-8"))
    )
    for rule, n in db.execute("select rule, count(*) from core.left_out group by all").fetchall():
        columns = told["core.left_out"]["columns"]
        of_rule = [dict(zip(columns, row, strict=True)) for row in told["core.left_out"]["rows"]]
        assert sum(row["n"] for row in of_rule if row["rule"] == rule) == n
    ((n,),) = db.execute(
        "select count(*) from core.results where benchmark = 'imagenet' and metric = 'top1'"
    ).fetchall()
    results = [dict(zip(told["core.results"]["columns"], row, strict=True)) for row in told["core.results"]["rows"]]
    of_imagenet = [row for row in results if (row["benchmark"], row["metric"]) == ("imagenet", "top1")]
    assert sum(row["n"] for row in of_imagenet) == n


def test_every_number_leads_to_one_row(report: Path, db: duckdb.DuckDBPyConnection) -> None:
    addresses = {
        address
        for path in report.glob("*.html")
        for address in report_pages.page(report, path.name).xpath("//a[starts-with(@href, 'trace.html#')]/@href")
    }
    assert len(addresses) > 200
    # All addresses that name rows of a table by the same columns are asked for at once.
    named: dict[tuple[str, tuple[str, ...]], dict[tuple[str, ...], str]] = {}
    for address in addresses:
        table, key = report_pages.traced(address)
        named.setdefault((table, tuple(key)), {})[tuple(key.values())] = address
    for (table, columns), wanted in sorted(named.items()):
        told = ", ".join(f"{column}::varchar" for column in columns)
        counts = {
            tuple(key): n for *key, n in db.execute(f"select {told}, count(*) from {table} group by all").fetchall()
        }
        is_counted = table in COUNTED or (table == "fits.points" and "result_id" not in columns)
        wrong = [
            address for key, address in wanted.items() if (n := counts.get(key, 0)) != 1 and not (is_counted and n)
        ]
        assert wrong == [], table


def test_each_plot_and_table_is_cited_by_entries_to_copy(report: Path, db: duckdb.DuckDBPyConnection) -> None:
    known = bibliography.bibtex(db)
    assert (report / "data" / "sources.bib").read_text(encoding="utf-8") == known
    entries = {
        key: f"@{kind}{{{key},{rest}\n}}"
        for kind, key, rest in re.findall(r"@(\w+)\{([^,]+),(.*?)\n\}", known, re.DOTALL)
    }
    wanted = f"{entries['thompson2020computational']}\n\n{entries['compute-limits']}"
    pages = {
        "index.html": [[], ["domains"]],
        "imagenet.html": [["scaling_imagenet"], ["specification_imagenet"]],
        "mmlu.html": [[], []],
        "costs.html": [["cost_imagenet", "cost_squad"]],
        "growth.html": [["figure_2a"]],
        "efficiency.html": [["target_trends"], []],
        "hardware.html": [["rental_prices"], ["clusters"]],
        "leaderboards.html": [["leaderboards"]],
        "go_katago.html": [["scores_go_katago"]],
        "wikitext_103.html": [[]],
        "theory.html": [["figure_1a", "figure_1b"]],
        "forecasts.html": [["backtest"]],
    }
    for name, named in pages.items():
        boxes = report_pages.page(report, name).xpath("//details[@class='cite']")
        assert [box.xpath("string(.//pre)") for box in boxes] == [wanted] * len(named), name
        # Without the files the command that draws each is told.
        told = [
            re.findall(r"compute-limits export DIR --figure (\w+) --format pdf,svg", box.text_content())
            for box in boxes
        ]
        assert told == named, name


def test_figures_for_print_lie_beside_the_pages(tmp_path: Path, warehouse_path: Path) -> None:
    """Each figure that a page links to is there, none is there for nothing, and each is the one of an export, to the byte."""
    folder = writing.write(warehouse_path, tmp_path / "pages").parent
    linked = {
        address
        for path in folder.glob("*.html")
        for address in report_pages.page(folder, path.name).xpath("//a[starts-with(@href, 'figures/')]/@href")
    }
    assert linked == {f"figures/{path.name}" for path in (folder / "figures").iterdir()}
    assert {"figures/scaling_imagenet.pdf", "figures/figure_2a.svg"} <= linked
    with connection.connect(warehouse_path, read_only=True) as con:
        exported = figures.drawn(con, ["scaling_imagenet"], ["pdf", "svg"])
    for form in ("pdf", "svg"):
        assert (folder / "figures" / f"scaling_imagenet.{form}").read_bytes() == exported[
            f"scaling_imagenet_page.{form}"
        ]


def test_what_no_benchmark_may_be_called_is_reserved(report: Path, db: duckdb.DuckDBPyConnection) -> None:
    benchmarks = {name for (name,) in db.execute(
        "select benchmark from staging.benchmark union select benchmark from staging.unbounded_benchmark"
    ).fetchall()}  # fmt: skip
    own = {path.stem for path in [*report.glob("*.html"), *(report / "traces").iterdir()]} - benchmarks
    ends = r"(\w+?)_(points|lines|curves|targets|left_out)"
    named = [re.fullmatch(ends, path.stem) for path in (report / "data").glob("*.csv")]
    own |= {found[1] for found in named if found} - benchmarks
    assert own == set(RESERVED)
    assert [stem(name) for name in ("imagenet", "costs")] == ["imagenet", "costs-benchmark"]


def test_nothing_is_asked_from_outside(report: Path) -> None:
    for path in report.glob("*.html"):
        page = report_pages.page(report, path.name)
        asked = page.xpath("//*[not(self::a)]/@href | //@src | //@srcset | //@action | //@poster")
        assert [address for address in asked if OUTSIDE.match(address)] == []
        assert all(link.get("rel") == "noreferrer" for link in page.xpath("//a[starts-with(@href, 'http')]"))
    for path in (report / "assets").iterdir():
        found = set(OUTSIDE.findall(path.read_text(encoding="utf-8")))
        assert found <= {"http://www.w3.org/2000/svg"}, path.name  # a name, which nothing loads
        assert not re.search(r"@import|url\((?!#)|\bfetch\(|XMLHttpRequest|WebSocket", path.read_text(encoding="utf-8"))


def test_the_overview_is_light(report: Path) -> None:
    page = report_pages.page(report, "index.html")
    loaded = [
        report / "index.html",
        *(report / address for address in page.xpath("//script/@src | //link[@rel='stylesheet']/@href")),
    ]
    assert sum(path.stat().st_size for path in loaded) < 2_000_000
    assert not page.xpath("//img | //iframe | //video")


def test_a_name_that_ends_a_script_does_not(report: Path) -> None:
    embedded = str(writing._embedded({"name": "</script><script>alert(1)</script>"}))
    assert "<" not in embedded
    assert (report / "imagenet.html").read_text(encoding="utf-8").count("</script>") == 7


def test_the_command_writes_and_opens(tmp_path: Path, warehouse_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) or True)
    monkeypatch.setattr(writing, "write", lambda _, folder, **__: folder / "index.html")
    env = environment(warehouse_path.parents[1], tmp_path / "prefect")
    ended = command_here(env, "report", str(tmp_path / "pages"), "--open")
    assert (ended.returncode, ended.stdout.strip()) == (0, str(tmp_path / "pages" / "index.html"))
    assert opened == [(tmp_path / "pages" / "index.html").as_uri()]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--open",), "name one: `compute-limits report DIR --open`"),
        (("pages", "--svg", "a.svg"), "goes without a folder"),
    ],
)
def test_what_does_not_go_together_is_refused(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    ended = command_here(environment(tmp_path, tmp_path), "report", *arguments)
    assert ended.returncode == 1
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_folder_that_is_a_file_is_named(tmp_path: Path, warehouse_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="file"):
        writing.write(warehouse_path, tmp_path / "file")


def test_no_warehouse_is_said(tmp_path: Path) -> None:
    ended = command_here(environment(tmp_path, tmp_path), "report", str(tmp_path / "pages"))
    assert ended.returncode == 1
    assert "compute-limits build" in ended.stderr
    assert not (tmp_path / "pages").exists()


def test_the_wheel_carries_pages_and_assets() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = told["tool"]["hatch"]["build"]["targets"]["wheel"]["include"]
    files = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "flows/publish/report").rglob("*.*")
        if "__pycache__" not in path.parts
    ]
    assert len(files) > 30
    assert [file for file in files if not any(fnmatch(file, pattern) for pattern in patterns)] == []


def test_where_all_sources_are_absent_pages_are_written(tmp_path: Path, warehouse_path: Path) -> None:
    """As a build as of a day before the first page leaves it: the simulation and the settings are there, and no row."""
    path = report_pages.without_sources(warehouse_path, tmp_path / "copy.duckdb")
    folder = writing.write(path, tmp_path / "pages", has_figures=False).parent
    first = report_pages.page(folder, "index.html")
    assert first.xpath("string(//h2[@id='table-title'])") == "The published table beside today’s"
    assert re.search(r"(\d+) of \1 sources are stale", first.xpath("string(//p[@class='state'])"))
    assert "oracle" in report_pages.page(folder, "theory.html").xpath("string(//h1)")


def test_two_reports_of_one_warehouse_are_equal_to_the_byte(report: Path, tmp_path: Path, warehouse_path: Path) -> None:
    writing.write(warehouse_path, tmp_path / "again", has_figures=False)
    first, again = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (report, tmp_path / "again")
    )
    assert sorted(first) == sorted(again)
    assert [str(name) for name in first if first[name] != again[name]] == []


def test_a_benchmark_that_is_called_as_a_page_is_leaves_that_page(tmp_path: Path, warehouse_path: Path) -> None:
    """And a second report takes away the pages of benchmarks that are no more."""
    writing.write(warehouse_path, tmp_path / "pages", has_figures=False)
    path = Path(shutil.copyfile(warehouse_path, tmp_path / "copy.duckdb"))
    path.chmod(0o644)
    renamed = {"piqa": "index", "boolq": "data", "mmlu": "costs", "bbh": "tables"}
    with duckdb.connect(path) as con:
        tables = con.execute(
            "select schema_name || '.' || table_name from duckdb_columns() where column_name = 'benchmark' "
            "and schema_name in ('staging', 'core', 'fits', 'marts', 'exports')"
        ).fetchall()
        for (table,) in tables:
            for old, new in renamed.items():
                con.execute(f"update {table} set benchmark = ? where benchmark = ?", [new, old])
    folder = writing.write(path, tmp_path / "pages", has_figures=False).parent
    assert "deep learning’s progress" in report_pages.page(folder, "index.html").xpath("string(//h1)")
    assert "What would a lower error cost" in report_pages.page(folder, "costs.html").xpath("string(//h1)")
    assert "MMLU" in report_pages.page(folder, "costs-benchmark.html").xpath("string(//h1)")
    assert "costs-benchmark.html" in report_pages.page(folder, "domains.html").xpath("//main//a/@href")
    assert (
        (folder / "traces" / "tables-benchmark.js")
        .read_text(encoding="utf-8")
        .startswith('CL.received("tables-benchmark",')
    )
    assert (folder / "data" / "costs-benchmark_points.csv").is_file()
    assert not any((folder / f"{old}.html").exists() or (folder / "traces" / f"{old}.js").exists() for old in renamed)


def test_what_is_empty_says_what_to_do(tmp_path: Path, warehouse_path: Path) -> None:
    path = Path(shutil.copyfile(warehouse_path, tmp_path / "copy.duckdb"))
    path.chmod(0o644)
    with duckdb.connect(path) as con:
        for table in ("marts.forecast_scores", "marts.forecast_methods", "core.quarantine", "core.left_out",
                      "meta.unmet_expectations",
                      "marts.backtest", "marts.backtest_coverage", "marts.comparisons", "exports.scores",
                      "exports.provider_prices", "marts.leaderboards"):  # fmt: skip
            con.execute(f"delete from {table}")
        con.execute("update meta.sources set state = 'stale', age_days = 40 where source = 'timm'")
    folder = writing.write(path, tmp_path / "pages", has_figures=False).parent
    assert "timm" in report_pages.page(folder, "index.html").xpath("string(//p[@class='state'])")
    assert "No forecast is registered" in report_pages.page(folder, "forecasts.html").text_content()
    assert "No row is in quarantine" in report_pages.page(folder, "data.html").text_content()
    assert "All expectations are met" in report_pages.page(folder, "data.html").text_content()
    assert "No leaderboard is listed" in report_pages.page(folder, "leaderboards.html").text_content()
    assert "no full scale" not in report_pages.page(folder, "domains.html").text_content()
    assert "clusters grow" in report_pages.page(folder, "hardware.html").xpath("string(//h1)")
    assert "every result with computation is a point" in report_pages.page(folder, "imagenet.html").text_content()
