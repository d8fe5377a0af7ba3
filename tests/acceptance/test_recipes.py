"""The recipes of CONTRIBUTING.md: each is done in a copy of the checkout as its row says, and shows in what is built there.

A recipe writes through `Copy`, which keeps what was created and what was edited: the row of its name must have those paths in
those columns, and no others. `make test-all` does all recipes in one copy and one of them alone, and `make soak` each in a copy of
its own.
"""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from conftest import AS_OF, once
from running import HANGS_S, ROOT, environment
from test_rooms import USES

from flows.pages import snapshots
from flows.pages.snapshots import Snapshot
from flows.warehouse import connection

COPIED = ("flows", "sql", "expectations", "tests", "pyproject.toml", "README.md", "DATA-LICENCES.md", "LICENSE")
# The facts of these are few, and give lines to fit, and regions and prices of a scenario.
FACTS = ("computerprogress", "mlco2", "epoch_prices")


@dataclass
class Copy:
    """A copy of the checkout, and the paths that were created and edited in it."""

    folder: Path
    created: set[str] = field(default_factory=set)
    edited: set[str] = field(default_factory=set)

    @property
    def root(self) -> Path:
        return self.folder / "checkout"

    def create(self, path: str, text: str) -> None:
        file = self.root / path
        assert not file.exists(), path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        self.created.add(path)

    def edit(self, path: str, old: str, new: str) -> None:
        """Put something in the place of what stands once in a file."""
        file = self.root / path
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, (path, old)
        file.write_text(text.replace(old, new), encoding="utf-8")
        self.edited.add(path)

    def append(self, path: str, text: str) -> None:
        file = self.root / path
        file.write_text(file.read_text(encoding="utf-8") + textwrap.dedent(text), encoding="utf-8")
        self.edited.add(path)

    def keep(self, source: str, page: str, body: str) -> None:
        """A page as `compute-limits refresh --source` would keep it, and then `compute-limits bundle --source`."""
        digest, raw = snapshots.digest(body.encode()), self.root / "data" / "raw"
        at = "2026-01-05T06:00:00Z"
        kept = Snapshot(source, page, f"https://example.org/{page}", digest, len(body), at, None, None, "CC0-1.0")
        snapshots.keep(raw, kept, body.encode())
        self.command("bundle", "--source", source)
        written = {*(raw / source).glob("*.facts.csv"), raw / source / snapshots.LOCK}
        self.created |= {path.relative_to(self.root).as_posix() for path in written}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `python …` in the copy, with the package that stands there."""
        env = environment(self.root / "data", self.folder / "prefect", PYTHONPATH=str(self.root))
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root, env=env, capture_output=True, encoding="utf-8", timeout=HANGS_S, check=False,
        )  # fmt: skip

    def command(self, *arguments: str) -> str:
        """What `compute-limits …` prints."""
        ended = self.run("-m", "flows", *arguments)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def build(self) -> subprocess.CompletedProcess[str]:
        return self.run("-m", "flows", "build", "--as-of", AS_OF.isoformat())

    @contextmanager
    def warehouse(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with connection.connect(self.root / "data" / "warehouse" / "compute_limits.duckdb", read_only=True) as con:
            yield con

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.warehouse() as con:
            return con.execute(sql).fetchall()


def copy_of_the_checkout(folder: Path) -> Copy:
    copy = Copy(folder)
    copy.root.mkdir()
    for name in COPIED:
        whole = ROOT / name
        if whole.is_dir():
            shutil.copytree(whole, copy.root / name, ignore=shutil.ignore_patterns(".pytest_cache", "_shipped"))
        else:
            shutil.copy2(whole, copy.root / name)
    for source in FACTS:
        shutil.copytree(
            ROOT / "data" / "raw" / source, copy.root / "data" / "raw" / source, ignore=shutil.ignore_patterns("pages")
        )
    return copy


# --- the rows of the table


@dataclass(frozen=True)
class Row:
    """One row of "How to add …": the paths that it names, with <placeholders>."""

    create: tuple[str, ...]
    edit: tuple[str, ...]


def paths_in(cell: str) -> tuple[str, ...]:
    """What stands in backquotes and is a path of the checkout."""
    return tuple(
        one for one in re.findall(r"`([^`]+)`", cell) if re.fullmatch(r"[\w<>.-]+/[\w<>./-]+|[A-Z-]+\.md", one)
    )


def table() -> dict[str, Row]:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    below = text.split("## How to add …")[1].split("\n## ")[0]
    cells = [line.strip("| ").split(" | ") for line in below.splitlines() if line.startswith("| ")]
    _, *lines = [[cell.strip() for cell in line] for line in cells]
    return {name: Row(paths_in(create), paths_in(edit)) for name, create, edit in lines}


TABLE = table()


def fits(path: str, pattern: str) -> bool:
    """Whether a path is the pattern's: equal but for placeholders, or below it where it is a folder."""
    parts = (r"[\w.-]+?" if part.startswith("<") else re.escape(part) for part in re.split(r"(<\w+>)", pattern))
    return re.fullmatch("".join(parts) + (".+" if pattern.endswith("/") else ""), path) is not None


@pytest.mark.parametrize("name", TABLE)
def test_a_row_names_files_and_folders_that_are_there(name: str) -> None:
    row = TABLE[name]
    assert row.create or row.edit
    files = {
        str(path.relative_to(ROOT))
        for top in ("flows", "sql", "tests", "expectations", "data")
        for path in (ROOT / top).rglob("*")
    }
    files |= {path.name for path in ROOT.iterdir()}
    for path in (*row.create, *row.edit):
        assert any(fits(file, path) for file in files), path
    assert not [path for path in row.create if (ROOT / path).is_file()]


def test_the_rooms_are_said_to_use_what_they_may() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\| `(\w+)/` \| .+ \| (.+) \|$", text.split("## The rooms")[1].split("\n## ")[0], re.MULTILINE)
    assert {room: set(used.split(", ")) - {"–"} for room, used in lines} == USES


# --- the recipes


@dataclass(frozen=True)
class Recipe:
    """`do` is what a contributor does, `check` what shows then in the built copy; `after` must be done before."""

    do: Callable[[Copy], None]
    check: Callable[[Copy], None]
    after: tuple[str, ...] = ()


TRIALS = """\
Model,Year,Accuracy,Training FLOP
Leafnet S,2019,60,1e15
Leafnet M,2020,80,1e16
Leafnet L,2021,88,1e17
Leafnet XL,2022,95,1e18
,2022,95,1e18
Leafnet M,2020,80,1e16
"""


def expected(*lines: dict[str, Any]) -> str:
    return "".join(json.dumps(line) + "\n" for line in lines)


def add_source(copy: Copy) -> None:
    copy.create(
        "flows/sources/field_trials.toml",
        """
        title = "Field trials of leaf classifiers"
        publisher = "A farm"
        homepage = "https://example.org/"
        licence = "CC0-1.0"
        attribution = "Field trials"
        cadence = "yearly"
        content = "csv"
        rows = [1, 100]
        rank = 70
        rank_reason = "measured by hand"

        [[pages]]
        name = "trials.csv"
        url = "https://example.org/trials.csv"
        benchmark = "wheat_rust"
        """,
    )
    copy.create(
        "flows/sources/field_trials.py",
        '''
        """Field trials of leaf classifiers: one CSV file."""

        from __future__ import annotations

        from collections.abc import Iterator
        from pathlib import Path

        from flows.readers.record import Record, Rejected, csv_records
        from flows.readers.row_types import Compute, Model, Result, Row
        from flows.sources import Page


        def read(path: Path, page: Page) -> Iterator[Record]:
            """One record per trial."""
            return csv_records(path, page.lookups)


        def rows(record: Record, page: Page) -> Iterator[Row]:
            """A model, its accuracy in percent and its training compute, FLOP."""
            name, year = record.name("Model"), record.count("Year")
            accuracy, flop = record.needed("Accuracy", 0, 100), record.needed("Training FLOP")
            if name is None:
                raise Rejected("no_model", "the row names no model", "Model")
            yield Model(name, year=year)
            yield Result(page.lookups["benchmark"], "accuracy", accuracy)
            yield Compute(page.lookups["benchmark"], "training_compute", flop, "flop")
        ''',
    )
    at = {"page": "trials.csv"}
    lines: list[dict[str, Any]] = []
    trials = [("S", 2019, 60.0, 1e15), ("M", 2020, 80.0, 1e16), ("L", 2021, 88.0, 1e17), ("XL", 2022, 95.0, 1e18)]
    for number, (size, year, accuracy, flop) in enumerate(trials, 2):
        here, benchmark = at | {"locator": f"row {number}"}, {"benchmark": "wheat_rust"}
        lines += [
            {"type": "model", **here, "name": f"Leafnet {size}", "year": year},
            {"type": "result", **here, **benchmark, "metric": "accuracy", "value": accuracy},
            {
                "type": "compute",
                **here,
                **benchmark,
                "compute_measure": "training_compute",
                "value": flop,
                "unit": "flop",
            },
        ]
    nameless = {"Year": "2022", "Accuracy": "95", "Training FLOP": "1e18"}
    twice = {"Model": "Leafnet M", "Year": "2020", "Accuracy": "80", "Training FLOP": "1e16"}
    quarantined = {"column_name": "Model", "literal": "", "rule": "no_model", "reason": "the row names no model"}
    lines += [
        {"type": "quarantine", **at, "locator": "row 6", **quarantined, "record": nameless},
        {"type": "duplicate", **at, "locator": "row 7", "first_locator": "row 3", "record": twice},
        {"type": "page_count", **at, "locator": "", "rows_read": 6},
    ]
    copy.create("tests/fixtures/field_trials/trials.csv", TRIALS)
    copy.create("tests/fixtures/field_trials/expected.jsonl", expected(*lines))
    copy.append("DATA-LICENCES.md", "\n| `field_trials` | A farm | CC0-1.0 | nothing |\n")
    copy.keep("field_trials", "trials.csv", TRIALS)


def check_source(copy: Copy) -> None:
    ((rows_read, accepted, duplicate, quarantined),) = copy.rows(
        "select rows_read, rows_accepted, rows_duplicate, rows_quarantined from meta.sources where source = 'field_trials'"
    )
    assert (rows_read, accepted, duplicate, quarantined) == (6, 4, 1, 1)
    assert copy.rows(
        "select models.name, results.value, results.error from core.results as results "
        "join core.models as models using (model_id) where results.source = 'field_trials' order by value"
    ) == [
        ("Leafnet S", 60, pytest.approx(0.4)),
        ("Leafnet M", 80, pytest.approx(0.2)),
        ("Leafnet L", 88, pytest.approx(0.12)),
        ("Leafnet XL", 95, pytest.approx(0.05)),
    ]
    assert copy.rows("select max(compute_flop) from core.compute_totals where source = 'field_trials'") == [(1e18,)]


SERVERS = "Name,TDP\nHayloft 9000,130\nHayloft 9000,130\nHayloft 0,none\n"


def add_sibling_source(copy: Copy) -> None:
    copy.create(
        "flows/sources/barn_servers.toml",
        """
        title = "Processors of barn servers"
        publisher = "A farm"
        homepage = "https://example.org/"
        licence = "CC0-1.0"
        attribution = "Barn servers"
        cadence = "yearly"
        content = "csv"
        rows = [1, 100]
        rank = 71
        rank_reason = "measured by hand"
        parser = "codecarbon"

        [[pages]]
        name = "servers.csv"
        url = "https://example.org/servers.csv"
        """,
    )
    at = {"page": "servers.csv"}
    twice = {"Name": "Hayloft 9000", "TDP": "130"}
    wrong = {"column_name": "TDP", "literal": "none", "rule": "not_a_number", "reason": "'none' is not a number"}
    copy.create("tests/fixtures/barn_servers/servers.csv", SERVERS)
    copy.create(
        "tests/fixtures/barn_servers/expected.jsonl",
        expected(
            {"type": "processor", **at, "locator": "row 2", "name": "Hayloft 9000", "processor_kind": "cpu", "tdp_watt": 130.0},
            {"type": "duplicate", **at, "locator": "row 3", "first_locator": "row 2", "record": twice},
            {"type": "quarantine", **at, "locator": "row 4", **wrong, "record": {"Name": "Hayloft 0", "TDP": "none"}},
            {"type": "page_count", **at, "locator": "", "rows_read": 3},
        ),
    )  # fmt: skip
    copy.append("DATA-LICENCES.md", "\n| `barn_servers` | A farm | CC0-1.0 | nothing |\n")
    copy.keep("barn_servers", "servers.csv", SERVERS)


def check_sibling_source(copy: Copy) -> None:
    assert copy.rows(
        "select aliases.alias, processors.tdp_watt from core.processors as processors "
        "join core.processor_aliases as aliases using (processor_id) where processors.source = 'barn_servers'"
    ) == [("Hayloft 9000", 130)]


def add_benchmark(copy: Copy) -> None:
    copy.create(
        "flows/declared/domains/wheat_rust.toml",
        """
        domain = "farming"
        benchmark = "wheat_rust"
        title = "Wheat rust"
        metrics = ["accuracy"]
        compute_measures = ["training_compute"]
        forms = ["polynomial"]
        error_of_guessing = 0.5
        error_of_guessing_reason = "two choices"

        [targets]
        target_1 = 0.02
        target_2 = 0.01
        """,
    )


def check_benchmark(copy: Copy) -> None:
    slope, intercept = np.polyfit([15, 16, 17, 18], -np.log10([0.4, 0.2, 0.12, 0.05]), 1)
    lines = copy.rows(
        "select row_set, selection, form, n, slope, exponent from marts.scaling where benchmark = 'wheat_rust' "
        "and estimator = 'ols' and direction = 'y_on_x' and selection in ('all', 'frontier') order by all"
    )
    figures = (4, pytest.approx(slope), pytest.approx(1 / slope))
    assert lines == [("current", "all", "polynomial", *figures), ("current", "frontier", "polynomial", *figures)]
    ((computation,),) = copy.rows(
        "select log10_compute from marts.projections where benchmark = 'wheat_rust' and error = 0.01 "
        "and method = 'y_on_x' and selection = 'all'"
    )
    assert computation == pytest.approx((2 - intercept) / slope)


def add_estimator(copy: Copy) -> None:
    copy.create(
        "flows/fits/wald.py",
        '''
        """Wald's line: between the mean points of the lower and the upper half. Wald 1940, Ann. Math. Statist. 11:284."""

        from __future__ import annotations

        from flows.fits.line import OK, Array, Line, checked


        def wald(x: Array, y: Array) -> Line:
            """x, y: (n,). The line has no standard errors; a middle point is in neither half."""
            status = checked(x, y)
            if status != OK:
                return Line(len(x), status=status)
            order, half = x.argsort(kind="stable"), len(x) // 2
            low, high = order[:half], order[-half:]
            slope = float((y[high].mean() - y[low].mean()) / (x[high].mean() - x[low].mean()))
            return Line(len(x), float(y.mean() - slope * x.mean()), slope)
        ''',
    )
    copy.create(
        "tests/fits/test_wald.py",
        '''
        """flows/fits/wald.py against a line worked out by hand."""

        from __future__ import annotations

        import numpy as np
        import pytest

        from flows.fits.wald import wald


        def test_the_line_goes_between_the_mean_points_of_the_halves() -> None:
            line = wald(np.array([3.0, 0.0, 1.0, 2.0]), np.array([5.0, 0.0, 1.0, 4.0]))
            assert (line.slope, line.intercept) == pytest.approx((2.0, -0.5))
        ''',
    )
    table = "flows/fits/estimators.py"
    copy.edit(table, "    theil_sen,\n)", "    theil_sen,\n    wald,\n)")
    copy.edit(
        table, '    "deming": Estimator(', '    "wald": Estimator(of_x_and_y(wald.wald)),\n    "deming": Estimator('
    )
    copy.edit("flows/declared/estimation.toml", "[estimators]\n", '[estimators]\nwald = ["all"]\n')


def check_estimator(copy: Copy) -> None:
    points = copy.rows(
        "select log10_compute, error from fits.samples where row_set = 'paper_v1' and benchmark = 'imagenet' "
        "and metric = 'top1' and compute_measure = 'hardware_burden' and selection = 'all' order by log10_compute"
    )
    x, error = np.array(points).T
    half = len(x) // 2
    rise = np.log10(1 / error[-half:]).mean() - np.log10(1 / error[:half]).mean()
    lines = copy.rows(
        "select form, selection, slope, status from marts.scaling where row_set = 'paper_v1' and benchmark = 'imagenet' "
        "and metric = 'top1' and compute_measure = 'hardware_burden' and estimator = 'wald' and form = 'polynomial'"
    )
    slope = pytest.approx(rise / (x[-half:].mean() - x[:half].mean()))
    assert lines == [("polynomial", "all", slope, "no_interval")]
    (copy.folder / "points.csv").write_text("x,y\n0,0\n1,1\n2,4\n3,5\n", encoding="utf-8")
    given = (
        "--csv",
        str(copy.folder / "points.csv"),
        "--x",
        "x",
        "--y",
        "y",
        "--form",
        "linear",
        "--estimator",
        "wald",
    )
    assert json.loads(copy.command("fit", *given, "--json"))["slope"] == pytest.approx(2)


def add_form(copy: Copy) -> None:
    """The odds of being right, log10((1 - error) / error) = a + b log10 C."""
    forms = "flows/fits/forms.py"
    copy.edit(
        forms,
        '    "asymptotic": Form(',
        """    # log10((1 - error) / error)
    "odds": Form(
        lambda error: np.log10((1 - error) / error),
        lambda y: 1 / (1 + 10.0**y),
        lambda error: 1 / (error * (1 - error) * math.log(10)),
        lambda error: float(-np.log(error * (1 - error) * math.log(10)).sum()),
        is_performance=True,
        has_exponent=True,
    ),
    "asymptotic": Form(""",
    )
    copy.edit("flows/declared/setting_types.py", '"polynomial", "exponential"]', '"polynomial", "exponential", "odds"]')
    macros = "sql/macros/{}.sql".format
    copy.edit(macros("response"), "\n    end", "\n        when 'odds' then log10((1 - error) / error)\n    end")
    copy.edit(macros("error_at"), "\n    end", "\n        when 'odds' then 1 / (1 + 10 ** y)\n    end")
    copy.edit(macros("has_exponent"), "'polynomial', ", "'polynomial', 'odds', ")
    copy.edit("flows/declared/domains/imagenet.toml", '"exponential"]', '"exponential", "odds"]')
    tests = "tests/fits/test_forms.py"
    copy.edit(tests, '"exponential", "asymptotic", ', '"exponential", "odds", "asymptotic", ')
    copy.edit(tests, 'LINES == ("polynomial", "exponential")', 'LINES == ("polynomial", "exponential", "odds")')
    copy.edit(
        tests,
        '        ("asymptotic", lambda error: error),\n',
        '        ("odds", lambda error: math.log10((1 - error) / error)),\n        ("asymptotic", lambda error: error),\n',
    )


def check_form(copy: Copy) -> None:
    where = (
        "row_set = 'paper_v1' and benchmark = 'imagenet' and metric = 'top1' and compute_measure = 'hardware_burden' "
        "and selection = 'all'"
    )
    x, error = np.array(copy.rows(f"select log10_compute, error from fits.samples where {where}")).T
    slope = pytest.approx(np.polyfit(x, np.log10((1 - error) / error), 1)[0])
    ((of_sql, exponent),) = copy.rows(
        f"select slope, exponent from marts.scaling where {where} and form = 'odds' and estimator = 'ols' and direction = 'y_on_x'"
    )
    assert of_sql == slope
    assert exponent == pytest.approx(1 / of_sql)
    by = dict(
        copy.rows(
            f"select estimator, slope from marts.scaling where {where} and form = 'odds' and direction = 'y_on_x'"
        )
    )
    assert {"ols", "ols_hc3", "quantile:0.1", "huber", "theil_sen"} <= by.keys()
    assert by["ols_hc3"] == slope
    for name in ("costs", "forms", "intervals", "influence", "projections"):
        assert copy.rows(f"select count(*) > 0 from marts.{name} where benchmark = 'imagenet' and form = 'odds'") == [
            (True,)
        ]


def add_scenario(copy: Copy) -> None:
    figures = {
        "processor_count": (4, "1"),
        "peak_rate": (1000, "gflop_per_s"),
        "wall_time": (10, "h"),
        "carbon_dioxide": (20, "lb"),
        "carbon_intensity": (0.5, "lb_per_kwh"),
        "price": (36, "usd"),
    }
    head = 'title = "A barn full of processors"\nelectricity_year = 2020\nregions = ["gcp:europe-west1"]\nstated_region = "USA"\n'
    citation = 'citation = "the farm\'s own bill"\nas_of = 2025-12-01\n'
    copy.create(
        "flows/declared/scenarios/solar_barn.toml",
        head
        + "".join(
            f'\n[[figures]]\nquantity = "{quantity}"\nvalue = {value}\nunit = "{unit}"\n{citation}'
            for quantity, (value, unit) in figures.items()
        ),
    )


def check_scenario(copy: Copy) -> None:
    """4 processors at 1,000 Gflop/s for 10 hours are 1.44e8 Gflop, for 36 USD."""
    apart = pytest.approx(math.log10(36 / 1.44e8))
    priced = copy.rows(
        "select log10_usd - log10_gflop from marts.costs where scenario = 'solar_barn' and benchmark = 'imagenet' "
        "and form = 'polynomial' and target = 'target_1' and row_set = 'current' and compute_measure = 'hardware_burden'"
    )
    assert priced == [(apart,)]
    asked = ("--benchmark", "imagenet", "--error", "5%", "--scenario", "solar_barn", "--region", "gcp:europe-west1")
    quote = json.loads(copy.command("cost", *asked, "--json"))
    assert quote["factors"]["title"] == "A barn full of processors"
    assert [one["log10_usd"] - one["log10_gflop"] for one in quote["results"]] == [apart] * len(quote["results"])


BURDENS = "sql/marts/largest_burdens.sql"


def add_table(copy: Copy) -> None:
    copy.create(
        BURDENS,
        """
        -- One row per benchmark: the largest hardware burden of any model.
        -- grain: benchmark
        select
            benchmark,
            max(compute_flop) as largest_flop,  -- the largest burden, FLOP
        from core.compute_totals
        where compute_measure = 'hardware_burden' and benchmark is not null
        group by benchmark
        order by benchmark
        """,
    )
    above_zero = {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "largest_flop", "min_value": 0, "strict_min": True},
        "severity": "critical",
        "notes": "a burden is positive",
    }
    suite = {"name": "marts.largest_burdens", "expectations": [above_zero]}
    copy.create("expectations/marts.largest_burdens.json", json.dumps(suite, indent=2) + "\n")
    way = """{ what = "burdens", table = "core.compute_totals", on = ["benchmark", "largest_flop = compute_flop"] }"""
    copy.edit("flows/declared/grounds.toml", "[marts]\n", f"[marts]\nlargest_burdens = [{way}]\n")


def check_table(copy: Copy) -> None:
    largest = dict(copy.rows("select benchmark, largest_flop from marts.largest_burdens"))
    assert len(largest) > 3
    totals = copy.rows(
        "select compute_flop from core.compute_totals where benchmark = 'imagenet' and compute_measure = 'hardware_burden'"
    )
    assert largest["imagenet"] == max(flop for (flop,) in totals)
    assert copy.rows(
        "select comment from duckdb_tables() where schema_name = 'marts' and table_name = 'largest_burdens'"
    ) == [("One row per benchmark: the largest hardware burden of any model.",)]
    comments = dict(
        copy.rows(
            "select column_name, comment from duckdb_columns() where schema_name = 'marts' and table_name = 'largest_burdens'"
        )
    )
    assert comments["largest_flop"] == "the largest burden, FLOP"
    traced = json.loads(copy.command("trace", "marts.largest_burdens", "benchmark=imagenet", "--json"))
    (burdens,) = traced["trace"]["below"]
    assert [row["compute_flop"] for row in burdens["rows"]] == [largest["imagenet"]]
    # Inherited from the table that is read.
    ((inherited,),) = copy.rows(
        "select comment from duckdb_columns() "
        "where schema_name = 'core' and table_name = 'compute_totals' and column_name = 'benchmark'"
    )
    assert comments["benchmark"] == inherited
    assert copy.rows("select reads from meta.lineage where table_name = 'marts.largest_burdens'") == [
        ("core.compute_totals",)
    ]


def add_expectation(copy: Copy) -> None:
    high = {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "value", "max_value": 90},
        "severity": "warning",
        "notes": "higher scores are looked at by a person",
    }
    path = "expectations/core.results.json"
    suite = json.loads((copy.root / path).read_text(encoding="utf-8"))
    suite["expectations"].append(high)
    (copy.root / path).write_text(json.dumps(suite, indent=2) + "\n", encoding="utf-8")
    copy.edited.add(path)


def check_expectation(copy: Copy) -> None:
    ((above,),) = copy.rows("select count(*) from core.results where value > 90")
    assert above > 0
    unmet = copy.rows(
        "select severity, finding from meta.unmet_expectations "
        "where table_name = 'core.results' and expectation like '%max_value%: 90%'"
    )
    assert [severity for severity, _ in unmet] == ["warning"]
    assert unmet[0][1].startswith(f"{above} of ")
    # Nothing has changed since, and the warning is said again.
    assert f"{above} of" in " ".join(copy.build().stdout.split())


def add_macro(copy: Copy) -> None:
    copy.create(
        "sql/macros/in_exaflop.sql",
        """
        -- FLOP in units of 1e18.
        create temp macro in_exaflop(flop) as
            flop / 1e18
        """,
    )
    new = "max(compute_flop) as largest_flop,  -- the largest burden, FLOP\n    in_exaflop(largest_flop) as largest_exaflop,"
    copy.edit(BURDENS, "max(compute_flop) as largest_flop,  -- the largest burden, FLOP", new)
    copy.edit(
        "tests/warehouse/test_macros.py",
        "def test_a_pound_is_that_of_python(",
        "def test_an_exaflop_is_a_billion_billion(sql: Db) -> None:\n"
        '    assert value(sql, "in_exaflop(5e18)") == 5\n\n\ndef test_a_pound_is_that_of_python(',
    )


def check_macro(copy: Copy) -> None:
    rows = copy.rows("select largest_flop, largest_exaflop from marts.largest_burdens")
    assert [exaflop for _, exaflop in rows] == pytest.approx([flop / 1e18 for flop, _ in rows])


def add_claim(copy: Copy) -> None:
    said = 'said_in = "a farm"\nstatement = "power of ten of the Gflop for 5 % error on ImageNet, polynomial form"\n'
    printed = 'decimals = 0\ncell = "imagenet/target_1/polynomial/gflop"\nreason = "recomputed from the rows of 2020"\n'
    for claim, power in (("right", 19), ("high", 30), ("low", 10)):
        copy.append(
            "flows/declared/claims.toml", f'\n[[claims]]\nclaim = "{claim}"\n{said}published = {power}\n{printed}'
        )


def check_claim(copy: Copy) -> None:
    """Figure 3 of the paper has 10^19 in this cell, with an interval that has no end below 10^40."""
    verdicts = dict(copy.rows("select claim, verdict from marts.claims where said_in = 'a farm'"))
    assert verdicts == {"right": "agrees", "high": "within_interval", "low": "differs"}


def add_published(copy: Copy) -> None:
    copy.create(
        "flows/declared/published/poster.toml",
        """
        title = "A poster"
        printed_as = "rounded"

        [fits."paper_v1/imagenet/top1/hardware_burden/polynomial"]
        n = "13"
        exponent = "13.7"
        """,
    )


def check_published(copy: Copy) -> None:
    """README has the same line: 13 points, exponent 13.6."""
    rows = copy.rows("select cell, agrees from marts.reproduction where printed_in = 'poster' order by cell")
    cell = "paper_v1/imagenet/top1/hardware_burden/polynomial"
    assert rows == [(f"{cell}/exponent", False), (f"{cell}/n", True)]


def add_growth(copy: Copy) -> None:
    copy.append(
        "flows/declared/growth.toml",
        """
        [[series]]
        series = "burdens_of_2020"
        subject = "model"
        source = "computerprogress"
        quantity = "hardware_burden"
        notable_only = false
        """,
    )


def check_growth(copy: Copy) -> None:
    eras = {era for (era,) in copy.rows("select era from staging.growth_era where subject = 'model'")}
    rows = copy.rows("select era, n from marts.compute_growth where series = 'burdens_of_2020'")
    assert {era for era, _ in rows} == eras
    assert max(n for _, n in rows) > 3


def add_merge(copy: Copy) -> None:
    copy.append(
        "flows/declared/merges.toml",
        """
        [[merges]]
        kind = "processor"
        what = "RTX 8000"
        into_name = "RTX A6000"
        reason = "the farm cannot tell them apart"
        """,
    )


def check_merge(copy: Copy) -> None:
    merged = copy.rows("select rule, into_id from core.merges where what = 'RTX 8000' and source = 'mlco2'")
    into = copy.rows(
        "select 'declared in merges.toml', processor_id from core.processor_aliases where alias = 'RTX A6000'"
    )
    assert merged == into != []


def add_fault(copy: Copy) -> None:
    copy.append(
        "flows/declared/faults.toml",
        """
        [[faults]]
        rule = "not_deep_learning"
        source = "computerprogress"
        page = "imagenet_data.js"
        printed_name = "SENet"
        citation = "as the farm sees it"
        """,
    )


def check_fault(copy: Copy) -> None:
    (evidence,) = copy.rows(
        "select evidence from core.artefacts where rule = 'not_deep_learning' and page = 'imagenet_data.js'"
    )
    assert evidence == ("SENet: as the farm sees it",)
    fitted = "select row_set from fits.points join core.models using (model_id) where name = 'SENet' and benchmark = 'imagenet'"
    assert {row_set for (row_set,) in copy.rows(fitted)} == {"paper_v1"}


def add_command(copy: Copy) -> None:
    copy.create(
        "flows/answers/result_counts.py",
        '''
        """How many results there are of each benchmark."""

        from __future__ import annotations

        from pathlib import Path

        from flows.answers import queries


        def by_benchmark(path: Path) -> list[tuple[str, int]]:
            """(benchmark, results of the warehouse), the most first. Raises `QueryError`: there is no warehouse."""
            counted = "select benchmark, count(*) from core.results group by all order by count(*) desc, benchmark"
            return [(str(benchmark), int(n)) for benchmark, n in queries.run(path, counted).rows]
        ''',
    )
    copy.create(
        "tests/answers/test_result_counts.py",
        '''
        """flows/answers/result_counts.py over three results."""

        from __future__ import annotations

        from pathlib import Path

        import duckdb

        from flows.answers import result_counts


        def test_the_benchmark_with_the_most_results_comes_first(tmp_path: Path) -> None:
            with duckdb.connect(str(tmp_path / "three.duckdb")) as con:
                con.execute("create schema core")
                con.execute("create table core.results as select unnest(['coco', 'imagenet', 'imagenet']) as benchmark")
            assert result_counts.by_benchmark(tmp_path / "three.duckdb") == [("imagenet", 2), ("coco", 1)]
        ''',
    )
    copy.edit(
        "flows/cli.py",
        "def _today() -> date:",
        '''@app.command
def benchmarks() -> None:
    """Show how many results there are of each benchmark."""
    from flows.answers import result_counts

    for benchmark, n in result_counts.by_benchmark(paths.warehouse()):
        print(f"{benchmark:20} {n}")


def _today() -> date:''',
    )
    copy.edit("README.md", "\n## Ask\n", "\n## Ask\n\n```console\n$ compute-limits benchmarks\n…\n```\n")


def check_command(copy: Copy) -> None:
    counted = dict(copy.rows("select benchmark, count(*)::varchar from core.results group by all"))
    assert dict(line.split() for line in copy.command("benchmarks").splitlines()) == counted
    assert re.search(r"^\W+benchmarks +Show how many results", copy.command("--help"), re.MULTILINE)


RECIPES = {
    "a source": Recipe(add_source, check_source),
    "a source in a sibling's format": Recipe(add_sibling_source, check_sibling_source),
    "a benchmark": Recipe(add_benchmark, check_benchmark, after=("a source",)),
    "an estimator of lines": Recipe(add_estimator, check_estimator),
    "a form of lines": Recipe(add_form, check_form),
    "a scenario of conversion": Recipe(add_scenario, check_scenario),
    "a table": Recipe(add_table, check_table),
    "an expectation": Recipe(add_expectation, check_expectation),
    "a macro": Recipe(add_macro, check_macro, after=("a table",)),
    "a published statement": Recipe(add_claim, check_claim),
    "published numbers": Recipe(add_published, check_published),
    "a series of growth": Recipe(add_growth, check_growth),
    "a merge of two names, or its undoing": Recipe(add_merge, check_merge),
    "a record known to be wrong": Recipe(add_fault, check_fault),
    "a command": Recipe(add_command, check_command),
}
# The tests that the recipes bring, or that hold for whatever is there, run in the copy.
BROUGHT = (
    *(
        "tests/sources/test_sources.py",
        "tests/fits/test_wald.py",
        "tests/fits/test_forms.py",
        "tests/warehouse/test_macros.py",
    ),
    *("tests/answers/test_result_counts.py", "tests/acceptance/test_rooms.py"),
)
CHOSEN = (
    "field_trials or barn_servers or halves or test_forms or of_python or exaflop or most_results or every_module or every_test"
)  # fmt: skip


def done(copy: Copy, *names: str) -> dict[str, list[list[str]]]:
    """{recipe: the paths created, those edited}, with those that must come before."""
    paths = {}
    for name in names:
        copy.created, copy.edited = set(), set()
        RECIPES[name].do(copy)
        paths[name] = [sorted(copy.created), sorted(copy.edited)]
    return paths


@dataclass(frozen=True)
class Made:
    """A copy in which recipes were done and which was built; what each of them touched, and what the build said."""

    copy: Copy
    touched: dict[str, list[list[str]]]
    status: int
    said: str


def make(folder: Path, *names: str) -> None:
    copy = copy_of_the_checkout(folder)
    touched = done(copy, *names)
    ended = copy.build()
    record = {"touched": touched, "status": ended.returncode, "said": ended.stderr}
    (folder / "made.json").write_text(json.dumps(record), encoding="utf-8")


def made(folder: Path) -> Made:
    return Made(Copy(folder), **json.loads((folder / "made.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """All recipes in one copy. It is shared."""
    return made(once(tmp_path_factory, "recipes", lambda folder: make(folder, *RECIPES)))


def unlike(paths: list[str], patterns: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """The paths that no pattern of the row has, and the patterns that no path needed."""
    extra = [path for path in paths if not any(fits(path, pattern) for pattern in patterns)]
    idle = [pattern for pattern in patterns if not any(fits(path, pattern) for path in paths)]
    return extra, idle


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_touches_what_its_row_names(together: Made, name: str) -> None:
    created, edited = together.touched[name]
    assert unlike(created, TABLE[name].create) == ([], [])
    assert unlike(edited, TABLE[name].edit) == ([], [])


def test_a_path_that_a_row_lacks_or_has_in_vain_is_noticed() -> None:
    row = ("flows/sources/<source>.toml", "tests/fixtures/<source>/")
    assert unlike(["flows/sources/a.toml", "tests/fixtures/a/page.csv"], row) == ([], [])
    assert unlike(["flows/sources/a.py"], row) == (["flows/sources/a.py"], list(row))


@pytest.mark.slow
def test_with_all_recipes_done_the_copy_builds(together: Made) -> None:
    assert together.status == 0, together.said


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_what_a_recipe_adds_is_there(together: Made, name: str) -> None:
    RECIPES[name].check(together.copy)


@pytest.mark.slow
def test_the_tests_that_recipes_bring_pass(together: Made) -> None:
    # In a folder of its own: else it would tidy up what earlier sessions left, for minutes.
    here = f"--basetemp={together.copy.folder / 'tests'}"
    ended = together.copy.run(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", here, *BROUGHT, "-k", CHOSEN
    )
    assert ended.returncode == 0, ended.stdout
    for name in ("field_trials", "barn_servers"):
        assert f"{name}]" not in ended.stdout


@pytest.mark.slow
def test_a_table_with_two_rows_of_one_key_is_not_published(tmp_path: Path) -> None:
    """What follows from the grain is checked although no file says so."""
    copy = copy_of_the_checkout(tmp_path)
    done(copy, "a table")
    copy.edit(BURDENS, "max(compute_flop) as largest_flop", "compute_flop as largest_flop")
    copy.edit(BURDENS, "group by benchmark\n", "")
    ended = copy.build()
    assert ended.returncode == 1
    assert "not published, 1 critical" in ended.stderr
    assert "marts.largest_burdens: expect_column_values_to_be_unique({'column': 'benchmark'})" in ended.stderr


# Each of them in `make soak`; together they are built above.
ALONE = ("a source",)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in ALONE else pytest.mark.soak) for name in RECIPES]
)
def test_a_recipe_works_alone(tmp_path: Path, name: str) -> None:
    make(tmp_path, *RECIPES[name].after, name)
    alone = made(tmp_path)
    assert alone.status == 0, alone.said
    RECIPES[name].check(alone.copy)
