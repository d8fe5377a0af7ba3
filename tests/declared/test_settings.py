"""Slips in the TOML files: each ends in one sentence that names the file, the key with its place, and the literal."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
import tomllib
import typing
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from running import HANGS_S
from sqlglot import exp

from flows import paths, sources, toml_files
from flows.declared import checks, domains, files, models, scenarios, setting_types, settings
from flows.errors import SettingError
from flows.fits import forms
from flows.pages import drift
from flows.theory import settings as simulation

TOMLS = sorted(
    path.relative_to(paths.PACKAGE).as_posix()
    for folder in ("declared", "sources")
    for path in (paths.PACKAGE / folder).rglob("*.toml")
    # Which no build reads: it names tables, and test_grounds.py holds it against those that are there.
    if path.name != "grounds.toml"
)
SINGLE: dict[str, type[toml_files.Closed]] = {
    "declared/estimation.toml": models.Estimation,
    "declared/growth.toml": models.Growth,
    "declared/claims.toml": models.Claims,
    "declared/merges.toml": models.Merges,
    "declared/processors.toml": models.Processors,
    "declared/microarchitectures.toml": models.Microarchitectures,
    "declared/faults.toml": models.Faults,
    "declared/points.toml": models.Points,
    "declared/reference_models.toml": models.ReferenceModels,
    "declared/comparisons.toml": models.Comparisons,
    "declared/freshness.toml": models.Freshness,
    "declared/landmarks.toml": models.Landmarks,
    "declared/labels.toml": models.Labels,
    "declared/regions.toml": models.Regions,
    "declared/unbounded.toml": models.Unbounded,
}
FOLDERS: dict[str, type[toml_files.Closed]] = {
    "domains": models.Domain,
    "row_sets": models.RowSetFile,
    "published": models.PublishedFile,
}
# What a page or a list of pages may say beside lookups of its parser's.
OF_PAGES = {"name", "url", "base", "paths", "content", "page_rank", "mirror_only"}


def copy(folder: Path) -> Path:
    for name in ("declared", "sources"):
        shutil.copytree(paths.PACKAGE / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


# A text that was parsed before is not parsed again: hundreds of tests read all files, each with a slip in one of them.
loads = cache(tomllib.loads)
parsed = cache(toml_files._content)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package's folders of TOML files."""
    monkeypatch.setattr(toml_files.tomllib, "loads", loads)
    return copy(tmp_path / "flows")


@pytest.fixture
def instead(monkeypatch: pytest.MonkeyPatch) -> dict[Path, Any]:
    """{file of the package: what is read in its place}; the others are read once for all."""
    contents: dict[Path, Any] = {}
    monkeypatch.setattr(toml_files, "_content", lambda path: contents[path] if path in contents else parsed(path))
    return contents


def slip(root: Path, name: str, before: str, after: str) -> None:
    path = root / name
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def refused(root: Path) -> str:
    """What is said of the settings in that folder; sources are among what they are checked against."""
    with pytest.raises(SettingError) as error:
        settings.rows(root)
    return str(error.value)


def slips() -> Iterator[tuple[str, str, str, str]]:
    """(file, what stands there, what is written instead, what is said), as tests/declared/slips.txt lists them."""
    text = (Path(__file__).parent / "slips.txt").read_text(encoding="utf-8")
    for block in text.strip().split("\n\n")[1:]:
        name, *lines = block.splitlines()
        before, after, said = (line[2:].replace("\\n", "\n") for line in lines)
        yield name, before, after, said


@pytest.mark.parametrize(("name", "before", "after", "message"), list(slips()))
def test_a_slip_ends_in_one_sentence(root: Path, name: str, before: str, after: str, message: str) -> None:
    slip(root, name, before, after)
    said = refused(root)
    assert message in said
    assert name.rpartition("/")[2] in said or "near it" in said
    assert "\n" not in said
    assert "Error" not in said


@pytest.mark.parametrize("name", TOMLS)
def test_a_slip_in_any_key_is_refused_by_file_and_key(instead: dict[Path, Any], name: str) -> None:
    """One letter of one key is changed at a time: a key that is not known, missing, or a name that nothing has."""
    tried = 0
    for key, changed, content in slips_of_keys((paths.PACKAGE / name).read_text(encoding="utf-8"), name):
        said = refusal(instead, name, content)
        assert changed in said or key in said, (key, changed, said)
        tried += 1
    assert tried >= 2


@pytest.mark.parametrize("name", TOMLS)
def test_a_value_of_another_kind_is_refused_by_file_and_key(instead: dict[Path, Any], name: str) -> None:
    tried = 0
    for key, literal, content in other_kinds((paths.PACKAGE / name).read_text(encoding="utf-8"), name):
        said = refusal(instead, name, content)
        assert key in said, (key, said)
        assert literal in said, (key, said)
        tried += 1
    assert tried >= 2


def refusal(instead: dict[Path, Any], name: str, content: dict[str, Any]) -> str:
    """What is said of a file with that content."""
    path = paths.PACKAGE / name
    instead[path] = content
    try:
        with pytest.raises(SettingError) as error:
            read(paths.PACKAGE, name)
    finally:
        del instead[path]
        forget()
    said = str(error.value)
    assert "\n" not in said
    # What another file says of a name that is gone from this one is said of that file.
    assert name.rpartition("/")[2] in said or "near it" in said
    return said


def forget() -> None:
    for cached in (files.files, files.domains, files.estimation, files.regions):
        cached.cache_clear()


def read(root: Path, name: str) -> None:
    """Read one file, and then, where nothing is wrong with it by itself, what the others say of it."""
    path = root / name
    if name.startswith("sources/"):
        sources.declared.__wrapped__(path.stem, path.parent)
    elif name == "declared/theory.toml":
        simulation.configuration(path)
    elif name == "declared/drift.toml":
        drift.read(path)
    elif "/scenarios/" in name:
        scenarios.read(path)
    else:
        toml_files.read(path, SINGLE.get(name) or FOLDERS[path.parent.name])
        forget()
        checks.check(files.files(root), root / "sources")


KEY = re.compile(
    r"""(?:^|(?<=[{,.\[]))([ \t]*)(?P<key>"[^"\n]+"|[A-Za-z0-9_-]+)(?=[ \t]*[=\]]|\.(?:[\w"]))""", re.MULTILINE
)


def slips_of_keys(text: str, name: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(key, the key with another last letter, the content of the file with it), of all keys but those of lookups."""
    before = keys(tomllib.loads(text))
    for match in some(KEY, text, name):
        key = match[2].strip('"')
        changed = key[:-1] + ("q" if key[-1] != "q" else "z")
        start = match.start(2) + match[2].startswith('"')
        slipped = text[:start] + changed + text[start + len(key) :]
        try:
            content = tomllib.loads(slipped)
        except tomllib.TOMLDecodeError:
            continue
        # Text in quotes and comments looks like keys here and there.
        if lost := before - keys(content):
            place = min(lost, key=len)
            if not is_lookup(name, place):
                yield key, changed, content


def some(pattern: re.Pattern[str], text: str, name: str) -> Iterator[re.Match[str]]:
    """Of one key below headers that are alike, as in a list of tables, the first; of two hundred regions every twelfth."""
    seen: set[tuple[str, str]] = set()
    for match in itertools.islice(pattern.finditer(text), 0, None, 12 if name.endswith("/regions.toml") else 1):
        header = text[text.rfind("\n[", 0, match.start()) :].lstrip("\n").partition("\n")[0]
        if (header, match["key"]) not in seen:
            seen.add((header, match["key"]))
            yield match


def keys(content: Any, place: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    if isinstance(content, dict):
        below = [keys(value, (*place, key)) for key, value in content.items()]
        return {(*place, key) for key in content}.union(*below)
    if isinstance(content, list):
        return set[tuple[str | int, ...]]().union(*(keys(value, (*place, at)) for at, value in enumerate(content)))
    return set()


def is_lookup(name: str, place: tuple[str | int, ...]) -> bool:
    """Whether it is the parser's to judge: below `lookups`, or of a page and none of the keys that all pages have."""
    if not name.startswith("sources/") or len(place) == 1:
        return False
    return place[0] == "lookups" or (place[0] in ("pages", "page_lists") and place[2] not in OF_PAGES)


LINE = re.compile(r"^(?P<key>[\w-]+|\"[^\"\n]+\")( = )([^\n#]+?)( *(?:#[^\n]*)?)$", re.MULTILINE)


def other_kinds(text: str, name: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(key, the literal that took the value's place, the content with it), of values that stand on a line."""
    for match in some(LINE, text, name):
        kind = match[3][0]
        wrong, literal = ('"seven"', "'seven'") if kind.isdigit() or kind in "-tf" else ("-7", "-7")
        slipped = text[: match.start(3)] + wrong + text[match.end(3) :]
        try:
            content = tomllib.loads(slipped)
        except tomllib.TOMLDecodeError:
            continue
        changed = [place for place in keys(content) if value(content, place) in (-7, "seven")]
        if changed and not is_lookup(name, changed[0]):
            yield match[1].strip('"'), literal, content


def value(content: Any, place: tuple[str | int, ...]) -> Any:
    for step in place:
        content = content[step]
    return content


@pytest.mark.parametrize("name", TOMLS)
def test_a_file_that_is_no_toml_is_refused_by_its_line(tmp_path: Path, name: str) -> None:
    root = tmp_path / "flows"
    path, kept = root / name, (paths.PACKAGE / name).read_bytes()
    path.parent.mkdir(parents=True)
    lines = kept.count(b"\n")
    path.write_bytes(kept + b"x = = 1\n")
    with pytest.raises(SettingError, match=rf"{path.name}: is no TOML: .*at line {lines + 1}, column 5"):
        read(root, name)
    path.write_bytes(kept + "# 1 μm\n".encode("latin-1", "xmlcharrefreplace") + b"# 1 \xb5m\n")
    with pytest.raises(SettingError, match=rf"{path.name}: line {lines + 2} is not UTF-8 \(byte 0xb5\)"):
        read(root, name)


@pytest.mark.parametrize("name", sorted(SINGLE))
def test_a_file_that_is_missing_is_named(root: Path, name: str) -> None:
    (root / name).unlink()
    assert re.search(rf"{Path(name).name}: cannot be read: No such file", refused(root))


def test_a_folder_in_the_place_of_a_scenario_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").mkdir()
    with pytest.raises(scenarios.ScenarioError, match=r"mine\.toml: cannot be read: Is a directory"):
        scenarios.named(str(tmp_path / "mine.toml"))


def test_files_of_the_project_are_named_from_its_top() -> None:
    assert toml_files.shown(paths.PACKAGE / "declared" / "claims.toml") == "flows/declared/claims.toml"


def test_what_ships_is_read_once_each(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[str] = []
    whole: Callable[[str], dict[str, Any]] = tomllib.loads

    def counted(text: str) -> dict[str, Any]:
        loads.append(text)
        return whole(text)

    monkeypatch.setattr("flows.toml_files.tomllib.loads", counted)
    settings.rows(root)
    # All but that which becomes no row, and is read where pages are held against each other.
    assert len(loads) == len(set(loads)) == len(TOMLS) - 1


def test_a_benchmark_needs_its_file_alone(root: Path) -> None:
    """CIFAR-10 is in sources, and no domain."""
    before = settings.rows(paths.PACKAGE)
    text = (root / "declared" / "domains" / "mmlu.toml").read_text(encoding="utf-8")
    text = text.replace('"mmlu"', '"cifar10"').replace('"MMLU"', '"CIFAR-10"').replace('"accuracy"', '"top1"')
    text = text.replace('compute_measures = ["training_compute"]\n', "")
    (root / "declared" / "domains" / "cifar10.toml").write_text(text, encoding="utf-8")
    after = settings.rows(root)
    added = [row for row in after["fit"] if row not in before["fit"]]
    # Five measures, two forms, five selections.
    assert {(row.row_set, row.benchmark, row.metric) for row in added} == {("current", "cifar10", "top1")}
    assert len(added) == 5 * 2 * 5
    targets = [(row.target, row.error) for row in after["target"] if row.benchmark == "cifar10"]
    assert targets == [("today", None), ("target_1", 0.06), ("target_2", 0.01)]


def test_reading_settings_loads_nothing_heavy() -> None:
    # Of fits only the table of estimators, whose names are checked.
    heavy = "('duckdb', 'pandas', 'prefect', 'flows.theory', 'flows.analysis', 'flows.pages')"
    code = (
        "import sys; from flows.declared import domains, settings\n"
        f"settings.checked(); domains.titles(); print([name for name in {heavy} if name in sys.modules])"
    )
    assert python(code, paths.PACKAGE.parent) == (0, "[]\n", "")


@pytest.mark.slow
def test_a_slip_ends_the_command_with_one_line(tmp_path: Path) -> None:
    for folder in ("flows", "sql", "expectations"):
        shutil.copytree(paths.PACKAGE.parent / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(paths.PACKAGE.parent / "pyproject.toml", tmp_path)
    slip(tmp_path / "flows", "declared/domains/imagenet.toml", '"exponential"', '"exponental"')
    code, out, said = python("from flows.cli import main; main(['build'])", tmp_path)
    assert (code, out) == (1, "")
    assert said == (
        "error: flows/declared/domains/imagenet.toml: forms[1] is 'exponental', but there are: polynomial, exponential; "
        "near it: 'exponential'\n"
    )


def python(code: str, folder: Path) -> tuple[int, str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COMPUTE_LIMITS_")}
    own = {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "COMPUTE_LIMITS_DATA": str(folder / "data")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder, env=kept | own, capture_output=True, encoding="utf-8", timeout=HANGS_S, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


# --- names that code and SQL have too ---------------------------------------------------------------------------------


def test_forms_are_those_of_lines() -> None:
    assert set(typing.get_args(setting_types.Form)) <= set(forms.LINES)


def literals(name: str, alias: str) -> set[str]:
    """The literals that a SQL file selects under that name."""
    tree = sqlglot.parse_one((paths.SQL / name).read_text(encoding="utf-8"), dialect="duckdb")
    named = [one.this for one in tree.find_all(exp.Alias) if one.alias == alias]
    return {one.this for one in named if isinstance(one, exp.Literal)}


def test_rules_and_derived_numbers_are_those_of_sql() -> None:
    assert checks._literals("core/artefacts.sql", r"'(\w+)' as rule\b") == literals("core/artefacts.sql", "rule")
    derived = {
        cell.removeprefix("derived/") for cell in literals("marts/numbers.sql", "cell") if cell.startswith("derived/")
    }
    assert checks._literals("marts/numbers.sql", r"'derived/(\w+)' as cell\b") == derived
    assert len(derived) == 17


def test_titles_are_those_of_the_files() -> None:
    for path in (paths.PACKAGE / "declared" / "domains").glob("*.toml"):
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        assert domains.titles()[content["benchmark"]] == content["title"]
