"""MLPerf Training's rounds: runs of a system on a task, each timed until it reached the quality of the task."""

from __future__ import annotations

import ast
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.readers.archives import archive_files
from flows.readers.record import Record, Rejected, mapping, renamed, strings
from flows.readers.row_types import Row, TimedTraining
from flows.sources import Page

# Systems stand beside the results, in v0.5 one within each; the first part of a path, the archive's own, is left out by the reader.
_WANTED = re.compile(r".+/(systems/[^/]+\.json|entry\.json|result_\d+\.txt)")
_RESULT = re.compile(r"(.+)/result_(\d+)\.txt")
# A line of a log has the time, the key and the value: in v0.5 seconds and a bare value, in v0.6 seconds and an object, then all in
# one object. What launches several processes at once writes its own mark before it.
_LINE_V05 = re.compile(r":::MLPv[\d.]+ \S+ ([\d.]+) \([^)]*\) (\w+)(?::(.*))?")
_LINE_V06 = re.compile(r":::MLL ([\d.]+) (\w+): (\{.*\})")
_LINE = re.compile(r":::MLLOG (\{.*\})")
_OF_SYSTEM = re.compile(r"(\w+): (\{.*\})")
# The longest run of all rounds took a week, that of one processor.
_LONGEST_S = 1e8
# Fields that no system's file has.
_PLACE, _LOGS = "(place)", "(logs)"


@dataclass
class _Run:
    """What the log of one run tells."""

    started_s: float | None = None
    stopped_s: float | None = None
    status: str | None = None
    quality: float | None = None
    target: float | None = None


def read(path: Path, page: Page) -> Iterator[Record]:
    """One record per group: the results of one system on one task, with what its system's file says."""
    systems: dict[str, bytes] = {}
    groups: dict[str, dict[int, _Run]] = defaultdict(dict)
    for name, content in archive_files(path, _WANTED):
        if result := _RESULT.fullmatch(name):
            groups[result[1]][int(result[2])] = _run(content.decode("utf-8", "replace"))
        else:
            systems[name] = content
    unread = [*strings(page.lookups, "secret"), *strings(page.lookups, "ignore")]
    optional = dict.fromkeys(strings(page.lookups, "optional"), "")
    for place, runs in sorted(groups.items()):
        logs = json.dumps([_told(runs[number]) for number in sorted(runs)])
        fields = optional | {_PLACE: place, _LOGS: logs}
        # What is said of the whole system, after what is said of one of its nodes.
        for told in _described(place, systems):
            names = renamed(told, mapping(page.lookups, "aliases"), unread)
            fields |= dict(zip(names, map(_text, told.values()), strict=True))
        record = Record(place, fields, frozenset(unread))
        record.ignore(unread)
        yield record


def rows(record: Record, page: Page) -> Iterator[Row]:
    """The group with its times; one whose system is not told, or of which no run reached the quality, is no row."""
    submitter, system, benchmark = _names(record.raw(_PLACE))
    runs = [_Run(*told) for told in json.loads(record.raw(_LOGS))]
    if benchmark not in page.lookups["tasks"]:
        raise Rejected("out_of_scope", "a task that is not declared under lookups.tasks", None, benchmark)
    task = page.lookups["tasks"][benchmark]
    if "accelerator_model_name" not in record.fields:
        raise Rejected("no_system", "no file of the archive that can be read describes the system", None, system)
    reached = [run for run in runs if _reached(run, task)]
    if longest := next((run for run in reached if _seconds(run) > _LONGEST_S), None):
        raise Rejected("impossible_time", "no run takes years", None, f"{_seconds(longest):g} s")
    if not reached:
        raise Rejected("not_reached", "no run of the group reached the quality at which the clock stops")
    ends = [round(run.quality * task.get("scale", 1), 5) for run in reached if run.quality is not None]
    targets = {run.target for run in runs if run.target is not None}
    yield TimedTraining(
        page.lookups["round"],
        task["task"],
        task["target"],
        page.lookups["timing"],
        _division(record, page),
        submitter,
        system,
        len(runs),
        " ".join(f"{_seconds(run):.2f}" for run in reached),
        float(round(min(run.started_s for run in reached if run.started_s is not None))),
        record.text("status"),
        *_processor(record, system, page),
        printed_target=targets.pop() if len(targets) == 1 else None,
        quality=(max if task.get("lower") else min)(ends, default=None),
    )


def _names(place: str) -> tuple[str, str, str]:
    """(submitter, system, task) of the place of a group: NVIDIA/results/dgx1/resnet, or v0.5.0/google/cloud/results/tpu/resnet."""
    parts = [part for part in place.split("/") if part != "results" and not re.fullmatch(r"v\d[\d.]*", part)]
    if len(parts) < 3:
        raise Rejected("no_place", "the path names no submitter, system and task", None, place)
    return parts[0], "/".join(parts[1:-1]), parts[-1]


def _described(place: str, systems: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """What the file of the system says of a node and of all; nothing where there is none, or it is in no form that is known."""
    system_folder, _, _ = place.rpartition("/")
    submission, _, system = system_folder.rpartition("/results/")
    for name in (f"{submission}/systems/{system}.json", f"{system_folder}/entry.json"):
        if name in systems:
            return _system(systems[name].decode("utf-8-sig", "replace"))
    return []


def _system(text: str) -> list[dict[str, Any]]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        # Some systems of v0.6 are described by lines of a log, with the nodes in one of them.
        lines = {found[1]: _value(found[2]) for found in map(_OF_SYSTEM.fullmatch, text.splitlines()) if found}
        entry = _literal(lines.get("entry"))
        told = {key: value for key, value in lines.items() if key != "entry"} | (
            entry if isinstance(entry, dict) else {}
        )
    if not isinstance(told, dict):
        return []
    nodes = _literal(told.pop("nodes", {}))
    node = nodes[0] if isinstance(nodes, list) and len(nodes) == 1 else nodes
    # Nodes of several kinds are no one accelerator.
    return [node, told] if isinstance(node, dict) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _value(text: str) -> Any:
    found = _literal(text)
    return found.get("value") if isinstance(found, dict) else None


def _literal(text: Any) -> Any:
    """What a text says that is JSON or, as some write it, a literal of Python; itself where it is neither, or no text."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(text.replace(": null", ": None"))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def _run(log: str) -> _Run:
    run = _Run()
    for line in log.splitlines():
        told = _event(line)
        if told is None:
            continue
        key, seconds, value, metadata = told
        if key == "run_start" and run.started_s is None:
            run.started_s = seconds
        elif key == "run_stop":
            run.stopped_s, run.status = seconds, _status(value, metadata)
        elif key == "eval_accuracy":
            run.quality = _quality(value)
        elif key == "eval_target":
            run.target = _quality(value)
    return run


def _event(line: str) -> tuple[str, float, Any, Any] | None:
    """(key, seconds since 1970, value, metadata) of a line of a log; None of any other line."""
    if found := _LINE.search(line):
        told = _literal(found[1])
        if not isinstance(told, dict) or not isinstance(told.get("time_ms"), int | float):
            return None
        return str(told.get("key")), told["time_ms"] / 1000, told.get("value"), told.get("metadata")
    if found := _LINE_V06.search(line):
        told = _literal(found[3])
        return (found[2], float(found[1]), told.get("value"), told.get("metadata")) if isinstance(told, dict) else None
    if found := _LINE_V05.search(line):
        return found[2], float(found[1]), _literal((found[3] or "").strip()), None
    return None


def _status(value: Any, metadata: Any) -> str | None:
    """How a run ended: success, aborted …; None where it is not said, as by some in v0.5, where true and "true" are a success."""
    if isinstance(metadata, dict) and isinstance(metadata.get("status"), str):
        return str(metadata["status"])
    if isinstance(value, dict) and "success" in value:
        return "success" if str(value["success"]).lower() == "true" else "failed"
    return None


def _quality(value: Any) -> float | None:
    """The quality that a value tells: itself, the one beside an epoch, or that of boxes beside that of masks."""
    if isinstance(value, dict):
        value = value.get("value", value.get("BBOX"))
    if isinstance(value, list) and value:
        value = value[0]
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _told(run: _Run) -> list[float | str | None]:
    return [run.started_s, run.stopped_s, run.status, run.quality, run.target]


def _seconds(run: _Run) -> float:
    return 0.0 if run.started_s is None or run.stopped_s is None else run.stopped_s - run.started_s


def _reached(run: _Run, task: Mapping[str, Any]) -> bool:
    """Whether it was timed to its end and reached the quality: as its log says, else by the last quality in it."""
    if _seconds(run) <= 0:
        return False
    if run.status is not None:
        return run.status == "success"
    return run.quality is not None and run.quality * task.get("scale", 1) >= task["target"]


def _division(record: Record, page: Page) -> str | None:
    literal = record.text("division")
    if literal in page.lookups["divisions"]:
        return str(page.lookups["divisions"][literal])
    if literal is not None:
        record.reject_cell("division", literal, "unknown_division", "neither closed nor open")
    return None


def _processor(record: Record, system: str, page: Page) -> tuple[str | None, bool, str | None, float | None]:
    """(processor as printed, whether it is an accelerator, its name in the hardware sheets, how many)."""
    accelerator, host = record.text("accelerator_model_name"), record.text("host_processor_model_name")
    hosts = record.raw("host_processors_per_node")
    nodes, each = record.count("number_of_nodes"), record.raw("accelerators_per_node")
    if accelerator is None or accelerator in page.lookups["none"]:
        return host, False, None, _product(record, nodes, "host_processors_per_node", hosts)
    chips = page.lookups["chips"].get(accelerator)
    count = float(chips) if chips else _product(record, nodes, "accelerators_per_node", each)
    if count is None:
        raise Rejected(
            "no_count", "the system's file does not say how many accelerators it has", "accelerators_per_node", each
        )
    return accelerator, True, _sheet_name(accelerator, system, page), count


def _product(record: Record, nodes: int | None, column: str, literal: str) -> float | None:
    """The processors of all nodes; None where either is not told, or is 0."""
    if nodes is None or not re.fullmatch(r"[1-9]\d{0,5}", literal.strip()):
        if literal.strip():
            record.reject_cell(column, literal, "no_count", "no number of processors in a node")
        return None
    return float(nodes * int(literal))


def _sheet_name(accelerator: str, system: str, page: Page) -> str | None:
    named = accelerator
    if accelerator in page.lookups["bare"]:
        named = next((part for part in page.lookups["bare"][accelerator] if part in system), accelerator)
    return next((name for pattern, name in page.lookups["sheets"].items() if re.search(pattern, named)), None)
