"""`make bench`: a build from ten times the facts beside one from those that ship.

Each row is there ten times, nine of them under other names: models, papers, processors, regions and series of their own, at
places of their own in the same pages, with slightly other numbers. So every benchmark has ten times the points.
"""

from __future__ import annotations

import csv
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from measuring import ROOT, Runs, environment, show, usage

from flows.pages import bundling

_COPIES = 10
_DAY = date(2099, 12, 1)
_ARXIV = re.compile(r"(\d{4})\.(\d{4,5})|([a-z-]+(?:\.[A-Z]{2})?/\d{4})(\d{3})")
_LAST_NUMBER = re.compile(r"\d+(?=\D*$)")
_FACTS = ".facts.csv"


def named(text: str, copy: int) -> str:
    """The name of another thing; blank stays blank."""
    return f"{text} copy {copy:c}" if text else ""


def placed(text: str, copy: int) -> str:
    """A place far from the others of its page; blank (a page as a whole) stays blank."""
    if not text:
        return ""
    # Before the number, for "07" and "7" are two places.
    other = f"{copy - ord('a')}00000"
    moved, many = _LAST_NUMBER.subn(lambda number: other + number[0], text)
    return moved if many else f"{text} {other}"


def addressed(url: str, copy: int) -> str:
    """The address of another paper, of the same month where it has an arXiv id."""
    if not url:
        return ""
    further = (copy - ord("a")) * 10_000

    def other(found: re.Match[str]) -> str:
        month, number, old_month, old_number = found.groups()
        if month is None:
            return f"{old_month}{(int(old_number) + further // 100) % 1000:03}"
        return f"{month}.{(int(number) + further) % 100_000:05}"

    moved, many = _ARXIV.subn(other, url)
    return moved if many else f"{url}.copy{copy:c}"


def numbered(text: str, copy: int) -> str:
    """The number of another thing; blank stays blank."""
    return str(int(text) + (copy - ord("a")) * 100_000) if text else ""


def larger(text: str, copy: int) -> str:
    """A quantity that is a little larger."""
    return repr(float(text) * (1 + 0.003 * (copy - ord("a")))) if text else ""


def lower(text: str, copy: int) -> str:
    """A score that is a little lower."""
    return repr(float(text) * (1 - 0.003 * (copy - ord("a")))) if text else ""


# {row type: {column: how a copy has it}}; every type but page_count has a locator.
_CHANGED: dict[str, dict[str, Callable[[str, int], str]]] = {
    "model": {"name": named, "paper_title": named, "paper_url": addressed, "architecture": named, "parameters": larger},
    "result": {"value": lower},
    "listing": {"name": named},
    "loss_point": {"parameters": larger, "training_compute_flop": larger},
    "unbounded_score": {"value": lower},
    # And each column of scores, which are as many as a sheet has.
    "listed_score": {"name": named},
    "listed_training": {"name": named, "paper_url": addressed, "training_compute_flop": larger},
    "speedrun_record": {"wall_time_s": larger},
    # CPUs have the names of theirs by number, and scores the CPU: each is of one yet.
    "cpu": {"name": named, "number": numbered, "clock_hz": larger},
    "cpu_name": {"name": named, "number": numbered},
    "cpu_score": {"number": numbered, "base_score": larger},
    "trend_point": {"value": larger},
    "supercomputer": {"processor": named, "peak_flop_per_s": larger},
    "gpu_cluster": {"name": named, "op_per_s_16_bit": larger},
    "offer": {"provider": named, "price_usd": larger},
    "shipment": {"processor": named},
    "region_carbon": {"region": named},
    "server_power": {"system": named},
    "footprint": {"device": named},
    "timed_training": {"system": named},
    "operations": {"operations": larger},
    "run_phase": {"processor": named, "wall_time_s": larger},
    "compute": {"value": larger},
    "processor": {"name": named, "fp32_flop_per_s": larger},
    "carbon_intensity": {"region": named, "region_code": named},
    "price": {"processor": named, "price_usd": larger},
    "price_index": {"series": named},
    "cloud_region": {"region": named},
    "quarantine": {},
    "rejected_cell": {},
    "duplicate": {"first_locator": placed},
}


def changes(row_type: str, header: list[str]) -> dict[str, Callable[[str, int], str]]:
    """{column: how a copy has it}."""
    scores = header[header.index("name") + 1 :] if row_type == "listed_score" else []
    return {"locator": placed, **_CHANGED[row_type], **dict.fromkeys(scores, lower)}


def copies(row_type: str, rows: list[dict[str, str]]) -> Iterator[dict[str, str]]:
    """The rows of one page, and their copies."""
    if row_type == "page_count":
        yield from ({**row, "rows_read": str(int(row["rows_read"]) * _COPIES)} for row in rows)
        return
    yield from rows
    changed = changes(row_type, list(rows[0]))
    for copy in range(ord("a") + 1, ord("a") + _COPIES):
        for row in rows:
            yield row | {column: change(row[column], copy) for column, change in changed.items()}


def tenfold(path: Path, target: Path) -> None:
    """A facts file with its copies; the rows of a page stay together."""
    row_type = path.name.removesuffix(_FACTS)
    with path.open(newline="", encoding="utf-8") as handle:
        header, *lines = list(csv.reader(handle))
    # The first column and one of page_count's have the same name, and mean the same version, the latter by all its digits.
    by_page: dict[str, list[dict[str, str]]] = {}
    for line in lines:
        row = dict(zip(header, line, strict=True))
        by_page.setdefault(f"{row['page']} {row['sha256']}", []).append(row)
    with target.open("w", newline="", encoding="utf-8") as handle:
        handle.write(",".join(header) + "\n")
        out = csv.writer(handle, lineterminator="\n", quoting=csv.QUOTE_ALL)
        for rows in by_page.values():
            out.writerows([row[column] for column in header] for row in copies(row_type, rows))


def ten_times(raw: Path, target: Path) -> None:
    """The facts and locks of all sources, ten times as many rows of each."""
    for path in sorted(raw.glob("*/snapshots.jsonl")):
        (target / path.parent.name).mkdir(parents=True)
        shutil.copyfile(path, target / path.parent.name / path.name)
    for path in sorted(raw.glob(f"*/*{_FACTS}")):
        tenfold(path, target / path.parent.name / path.name)
    for folder in sorted(target.iterdir()):
        bundling.seal(target, folder.name)


def main() -> None:
    """Build from the facts and from ten times as many, in turn; into a folder that stays, if one is given."""
    one, ten = Runs("the facts that ship"), Runs("ten times as many", 12, memory_max=2048)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder = Path(sys.argv[1]).resolve() if sys.argv[1:] else Path(temporary)
        ten_times(ROOT / "data" / "raw", folder / "facts")
        for runs, more in ((one, {}), (ten, {"COMPUTE_LIMITS_FACTS": str(folder / "facts")}), (one, {})):
            arguments = ["-m", "flows", "build", "--fresh", "--as-of", str(_DAY)]
            given = environment(ROOT, folder / runs.name.replace(" ", "_"), **more)
            runs.usages.append(usage(arguments, given, is_sampled=True))
    show([one, ten], one)


if __name__ == "__main__":
    main()
