"""An incremental build equals a fresh one: after every of many seeded random edits, in every table, comments included.

The edits are made in a copy of the checkout and add up: each build takes over what it may of the one before. Beside it all is
built anew from the same files. An edit that makes one of the two fail makes the other fail alike, and is then taken back.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from running import FIXTURES, HANGS_S, sample
from small_checkout import FIRST, LAST, WITH_PAGES, Place, add_version, as_text, copy, draw_less, seal, table

from flows import sources
from flows.warehouse import connection, kept

SEED = 5
DAYS = (FIRST, date(2026, 12, 20), date(2027, 1, 20), LAST)

# Builds in a process of their own, for code may have changed; each says what it warns of, or how it fails.
BUILD = """
import json, sys
from datetime import date
from pathlib import Path
from flows import build

raw, shipped, day, *finals = sys.argv[1:]
for how, final in (text.split("=", 1) for text in finals):
    try:
        said = build.run(Path(raw), Path(shipped), Path(final), date.fromisoformat(day), fresh=how == "fresh")
    except Exception as error:
        said = f"{type(error).__name__}: {error}".replace(str(Path(final).parent), "")
    print(json.dumps(said), flush=True)
"""


# --- edits: each changes something and says what, or returns None where what it drew has nothing to change


def facts_value(place: Place) -> str | None:
    """Another number in a cell of a facts file."""
    path = place.rng.choice(place.files("*/*.facts.csv", below=place.shipped))
    rows = table(path)
    cells = [
        (at, column)
        for at, row in enumerate(rows[1:], 1)
        for column in range(3, len(row))
        if re.fullmatch(r"\d+\.\d+", row[column])
    ]
    if not cells:
        return None
    at, column = place.rng.choice(cells)
    old = rows[at][column]
    rows[at][column] = repr(float(old) * place.rng.choice([0.5, 0.99, 1.01]))
    place.write(path, as_text(rows))
    seal(place, path.parent)
    return f"{path.relative_to(place.root)}, row {at + 1}, {rows[0][column]}: {old} -> {rows[at][column]}"


def facts_row(place: Place) -> str | None:
    """A record less, with all its rows; the page counts one less."""
    count = place.rng.choice(place.files("*/page_count.facts.csv", below=place.shipped))
    header, *counts = table(count)
    page = place.rng.choice(counts)
    files = {path: table(path) for path in sorted(count.parent.glob("*.facts.csv")) if path != count}
    locators = sorted(
        {
            row[2]
            for path, rows in files.items()
            if path.name != "rejected_cell.facts.csv"
            for row in rows[1:]
            if row[:2] == page[:2]
        }
    )
    if len(locators) < 2:
        return None
    gone = [*page[:2], place.rng.choice(locators)]
    for path, rows in files.items():
        left = [row for row in rows if row[:3] != gone]
        if left != rows:
            place.write(path, as_text(left))
    page[-1] = str(int(page[-1]) - 1)
    place.write(count, as_text([header, *counts]))
    seal(place, count.parent)
    return f"{count.parent.name}, page {gone[1]}: {gone[2]} is gone"


def page_version(place: Place) -> str | None:
    """A page as it is fetched later: another digit, a line less, or something that cannot be read."""
    key = place.rng.choice(WITH_PAGES)
    page = place.rng.choice(sources.source(key).pages).name
    body = (FIXTURES / key / page).read_bytes()
    change = place.rng.choice(["digit", "line", "broken"])
    digits = [match.start() for match in re.finditer(rb"\d", body)]
    lines = body.split(b"\n")
    if change == "digit":
        at = place.rng.choice(digits)
        body = body[:at] + str(place.rng.randrange(10)).encode() + body[at + 1 :]
    elif change == "line":
        lines.pop(place.rng.randrange(len(lines) // 2, len(lines)))
        body = b"\n".join(lines)
    else:
        body = b"not,a,page\n%d\n" % place.versions
    day = FIRST + timedelta(place.rng.randrange((LAST - FIRST).days))
    add_version(place, key, page, body, day)
    return f"{key}, page {page} of {day}: {change}"


def page_gone(place: Place) -> str | None:
    """The bytes of a version of a page are away, or damaged without another size."""
    path = place.rng.choice([None, *place.files("*/pages/*", below=place.raw)])
    if path is None:
        return None
    body = place.keep(path).read_bytes()
    if place.rng.random() < 0.5:
        path.unlink()
        return f"{path.relative_to(place.root)} is gone"
    at = place.rng.randrange(len(body))
    path.write_bytes(body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :])
    return f"{path.relative_to(place.root)}, byte {at} is another"


def sql_remark(place: Place) -> str | None:
    """What a table or a column is said to be."""
    path = place.rng.choice(place.files("sql/*/*.sql"))
    pattern = place.rng.choice([r"\A-- .*$", r",  -- \S.*$", r"^\s+-- \S.*$"])
    return place.replace_one(path, pattern, lambda match: f"{match[0]}, as edit {place.versions} has it")


def sql_expression(place: Place) -> str | None:
    """Another number, another order of rows, or a blank in a SELECT or a macro."""
    path = place.rng.choice(place.files("sql/*/*.sql"))
    pattern, other = place.rng.choice(
        [
            (r"(?<![\w.-])\d+(?:\.\d+)?(?![\w.])", lambda match: another(match[0])),
            (r"^order by (?!all).*$", lambda match: f"{match[0]} desc"),
            (r"^select \* from \w+$", lambda match: f"{match[0]} "),
        ]
    )
    return place.replace_one(path, pattern, other)


def another(number: str) -> str:
    return repr(float(number) * 1.1) if "." in number else str(int(number) + 1)


def setting(place: Place) -> str | None:
    """Another number in what is declared or in what is said of a source."""
    path = place.rng.choice(place.files("flows/declared/**/*.toml", "flows/sources/*.toml"))
    return place.replace_one(
        path, r"^(\w+ = \[?)(\d+(?:\.\d+)?)(?=$|[\s,\]])", lambda match: match[1] + another(match[2])
    )


def figure(place: Place) -> str | None:
    """One of the numbers that fits and costs depend on most."""
    name, pattern = place.rng.choice(
        [
            ("estimation.toml", r"^(level = )(0\.95)$"),
            ("estimation.toml", r"^(points_min = )(\d+)$"),
            ("estimation.toml", r"^(seed = )(\d+)"),
            ("estimation.toml", r"^(Likely = )(\d+)$"),
            ("domains/*.toml", r"^(target_\d = )(0\.\d+)$"),
            ("scenarios/*.toml", r"^(value = )([\d.]+)$"),
            ("growth.toml", r"^((?:since|until) = \d{4}-\d\d-)(\d\d)$"),
        ]
    )
    path = place.rng.choice(place.files(f"flows/declared/{name}"))

    def other(match: re.Match[str]) -> str:
        return match[1] + (f"{int(match[2]) % 28 + 1:02}" if match[1].endswith("-") else another(match[2]))

    return place.replace_one(path, pattern, other)


def listed(place: Place) -> str | None:
    """A merge less, or an estimator less."""
    if place.rng.random() < 0.5:
        path, pattern = place.root / "flows/declared/merges.toml", r"^\[\[merges\]\]\n(?:\w.*\n)+"
    else:
        path, pattern = place.root / "flows/declared/estimation.toml", r"^(?:huber|theil_sen|york|ols_hc3|nls) = \[.*\n"
    return place.replace_one(path, pattern, lambda _: "")


def expectation(place: Place) -> str | None:
    """A bound or a severity."""
    path = place.rng.choice(place.files("expectations/*.json"))
    severities = {"critical": "warning", "warning": "critical"}
    pattern, other = place.rng.choice(
        [
            (r'"(critical|warning)"', lambda match: f'"{severities[match[1]]}"'),
            (r'("m(?:in|ax)_value": )(\d+(?:\.\d+)?)(?=,?$)', lambda match: match[1] + another(match[2])),
        ]
    )
    return place.replace_one(path, pattern, other)


def code(place: Place) -> str | None:
    """A constant of a fit, what is said of a column, a reason that a parser gives, or a remark."""
    name, pattern, other = place.rng.choice(
        [
            ("fits/huber.py", r"^(TUNING = )([\d.]+)$", lambda match: match[1] + another(match[2])),
            ("fits/influence.py", r"\A", lambda _: "# A remark.\n"),
            ("analysis/costs.py", r"^(_G_PER_KG = )(\d)$", lambda match: match[1] + another(match[2])),
            ("analysis/*.py", r"(column\(\n?\s*\"\w+)", lambda match: f"{match[1]} (edited)"),
            ("readers/row_types.py", r"(column\(\n?\s*\"\w+)", lambda match: f"{match[1]} (edited)"),
            (
                "readers/row_types.py",
                r'^(    """One row per .*?)(\."|:| )',
                lambda match: f"{match[1]} edited{match[2]}",
            ),
            ("sources/*.py", r'(Rejected\("\w+", f?")', lambda match: f"{match[1]}edited: "),
            ("sources/squad_explorer.py", r"\A", lambda _: "# A remark.\n"),
            ("pages/states.py", r'(column\("days since)', lambda match: f"{match[1]} (edited)"),
            ("warehouse/checking.py", r"^(_SHOWN = )(\d)$", lambda match: match[1] + another(match[2])),
        ]
    )
    return place.replace_one(place.rng.choice(place.files(f"flows/{name}")), pattern, other)


def another_day(place: Place) -> str | None:
    """The same files as of another day."""
    place.as_of = place.rng.choice([day for day in DAYS if day != place.as_of])
    return f"as of {place.as_of}"


def nothing(place: Place) -> str | None:
    """A file that no build reads."""
    place.write(place.root / "flows" / "notes.txt", f"{place.versions}")
    return "nothing that counts"


KINDS = (
    *(facts_value, facts_row, page_version, page_gone, sql_remark, sql_expression, setting, figure, listed),
    *(expectation, code, another_day, nothing),
)


# --- builds


def builds(place: Place, **finals: Path) -> list[Any]:
    """What each build said, of those that are named: `fresh`, or of whatever stands there."""
    arguments = [str(path) for path in (place.raw, place.shipped, place.as_of)]
    arguments += [f"{how}={final}" for how, final in finals.items()]
    ended = subprocess.run(
        [sys.executable, "-P", "-c", BUILD, *arguments],
        # Bytecode is kept, or every process would compile the copy anew; a build lasts longer than the second that tells two apart.
        env=os.environ | {"PYTHONPATH": str(place.root), "PYTHONDONTWRITEBYTECODE": ""},
        cwd=place.root, capture_output=True, encoding="utf-8", timeout=HANGS_S * 2, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def described(path: Path) -> dict[str, Any]:
    """{table: its rows in their order, to the last digit, its comment, and types and comments of its columns}, and all views."""
    with connection.connect(path, read_only=True) as con:
        tables = {}
        for name in connection.tables(con):
            rows = con.execute(f"select md5(string_agg(row_of::varchar, chr(10))) from {name} as row_of").fetchone()
            schema, table_name = name.split(".")
            columns = con.execute(
                "select column_name, data_type, comment from duckdb_columns() where schema_name = ? and table_name = ? "
                "order by column_index",
                [schema, table_name],
            ).fetchall()
            comment = con.execute(
                "select comment from duckdb_tables() where schema_name = ? and table_name = ?", [schema, table_name]
            ).fetchone()
            tables[name] = (rows, columns, comment)
        del tables["meta.kept_keys"]
        tables["views"] = [
            # DuckDB keeps the names that are left out in no order: where a file is written again, it may be another.
            (name, re.sub(r"EXCLUDE \((.*?)\)", lambda left_out: str(sorted(left_out[1].split(", "))), text), comment)
            for name, text, comment in con.execute(
                "select view_name, sql, comment from duckdb_views() where not internal order by all"
            ).fetchall()
        ]
        return tables


def keys_of(path: Path) -> dict[tuple[str, str], str]:
    """The keys under which things can be taken over from a warehouse."""
    with kept.published(path) as published:
        return dict(published.keys)


def taken_over(before: Path, after: Path) -> int:
    """How many keys of the build before are those of the one after it."""
    return len(keys_of(before).items() & keys_of(after).items())


def edited(place: Place, edits: int) -> Iterator[str]:
    """Make one edit after another, of all kinds in turn in an order of the seed."""
    kinds: list[Callable[[Place], str | None]] = []
    for number in range(edits):
        place.before.clear()
        while True:
            if not kinds:
                kinds = place.rng.sample(KINDS, len(KINDS))
            kind = kinds.pop()
            if what := kind(place):
                break
        yield f"seed {SEED}, edit {number} ({kind.__name__}): {what}"


def compare(place: Place, edits: int) -> None:
    incremental, fresh = (place.root / "builds" / name / "compute_limits.duckdb" for name in ("incremental", "fresh"))
    # That two fresh builds are equal is held in test_same_everywhere.py: here each begins from one.
    (said,) = builds(place, fresh=fresh)
    assert isinstance(said, list), said
    incremental.parent.mkdir()
    shutil.copy(fresh, incremental)
    failures, shared = 0, 0
    for edit in edited(place, edits):
        day, before = place.as_of, shutil.copy(incremental, place.root / "before.duckdb")
        print(edit, flush=True)
        said = builds(place, incremental=incremental, fresh=fresh)
        assert said[0] == said[1], edit
        if isinstance(said[0], str):
            print("  both fail:", said[0][:300], flush=True)
            failures += 1
            place.undo()
            place.as_of = day
            continue
        one, other = described(incremental), described(fresh)
        assert set(one) == set(other), edit
        differ = [table for table in one if one[table] != other[table]]
        assert differ == [], f"{edit}; these tables differ: {', '.join(differ)}"
        ours, theirs = keys_of(incremental), keys_of(fresh)
        assert set(ours) == set(theirs), edit
        # What was made for another day alone has been forgotten, and is made anew by the next build that has something to do.
        assert {name: key for name, key in ours.items() if key not in ("", theirs[name])} == {}, edit
        shared += taken_over(Path(before), incremental) > 0
    # Else the test would say nothing.
    assert failures <= edits / 2
    assert shared > 0


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.long
def test_after_every_edit_of_a_tenth_of_the_facts_both_builds_are_equal(tmp_path: Path) -> None:
    place = copy(tmp_path, 10)
    if sample(full=False, part=True):
        draw_less(place)
    compare(place, sample(full=100, part=2))


@pytest.mark.soak
@pytest.mark.long
def test_after_every_edit_of_all_facts_both_builds_are_equal(tmp_path: Path) -> None:
    compare(copy(tmp_path, 1), 5)
