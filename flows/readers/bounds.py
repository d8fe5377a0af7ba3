"""What no quantity can be, whichever page prints it: such a cell is left out, the rest of its record stays.

One place for all sources, so that no parser can forget it. Within these bounds a cell fails no critical expectation
(tests/acceptance/test_expected_ranges.py), so that one cell of one page never stops the build of all others. They are wide: what is
merely unlikely passes, and is for expectations that warn.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cache
from typing import Any

from flows.readers.record import CellError, Record, Rejected, number
from flows.readers.row_types import (
    CarbonIntensity,
    CloudRegion,
    Compute,
    Cpu,
    CpuName,
    CpuScore,
    Footprint,
    GpuCluster,
    ListedScore,
    ListedTraining,
    Listing,
    LossPoint,
    Model,
    Offer,
    Operations,
    Price,
    PriceIndex,
    Processor,
    RegionCarbon,
    Result,
    Row,
    RunPhase,
    ServerPower,
    Shipment,
    SpeedrunRecord,
    Supercomputer,
    TimedTraining,
    TrendPoint,
    UnboundedScore,
)

# Percent. Of a thousand classes guessing finds 0.1 % on ImageNet, the smallest trained network of any list 40 %. On SQuAD
# 1.1 one submission has an exact match of 1.038 and an F1 of 2.441, of a network that has 84.454 on another day: an answer
# file that was spoilt. On cards an error is typed as an accuracy.
_LEAST = {
    ("imagenet", "top1"): 5.0,
    ("squad", "em"): 5.0,
    ("squad", "f1"): 5.0,
    ("squad_dev", "em"): 5.0,
    ("squad_dev", "f1"): 5.0,
    ("squad2", "em"): 5.0,
    ("squad2", "f1"): 5.0,
    ("squad2_dev", "em"): 5.0,
    ("squad2_dev", "f1"): 5.0,
}

# No name, title or address of any source has 800 characters; what is longer is a page in a cell.
TEXT_MOST = 2000


@dataclass(frozen=True)
class Bound:
    """From `least` to `most`, both possible; where it is `open` the most itself is not. `why` is the reason told."""

    least: Any
    most: Any
    why: str
    open: bool = False

    def holds(self, value: Any) -> bool:
        """Whether the value is possible; one that is no number is not."""
        return bool(self.least <= value < self.most if self.open else self.least <= value <= self.most)


_YEAR = Bound(1900, 2100, "no year of a network, a processor or a measurement")
_DAY = Bound(date(1900, 1, 1), date(2100, 12, 31), "no day of a network, a processor or a price")
_SCORE = Bound(0, 100, "a score is a percentage, and 100 would leave no error", open=True)
_SIDE = Bound(1, 10_000, "the largest pictures that networks take have sides of some 1,000 pixels")
_PARAMETERS = Bound(1, 1e16, "the largest networks have some 1e13 parameters")
# A list has a 0 where it does not know.
_EXAMPLES = Bound(0, 1e18, "the largest training sets have some 1e16 words")
# From the first learning machines (40 FLOP) to 1,000 times all that is computed in a year.
_FLOP = Bound(1, 1e30, "the largest training run had some 5e26 FLOP")
# From the first graphics processors to ten times a whole wafer at its lowest precision.
_RATE = Bound(1e6, 1e18, "one board or wafer gives from 1e9 to 1e17 operations a second")
# Oil shale, the dirtiest fuel burnt for power, emits about 1,300.
_INTENSITY = Bound(0, 1500, "the dirtiest fuel burnt for power emits 1,300 g/kWh")
# From a board of 1971 to a wafer; of whole systems some 1e7.
_CORES = Bound(1, 1e9, "a system has from 1 to some 1e7 cores")
_CLOCK = Bound(1e4, 1e11, "processors have run at 1e5 to 6e9 Hz")
_NUMBERED = Bound(0, 1e9, "a list numbers its entries from 1")
_SCORE_OF_SPEED = Bound(1e-3, 1e9, "a score is a multiple of a machine of its day")
_SHARE = Bound(0, 1, "a share is at most the whole")
_OFFERED = Bound(1, 1e8, "one processor costs from 10 to some 2e6 USD")
_UNITS = Bound(0, 1e10, "some 1e7 accelerators were shipped in all")
_PARTS = Bound(1, 1e6, "a server or a rack of them has from 1 to some 1e4")
_CLUSTER_RATE = Bound(1e6, 1e26, "clusters give from 1e15 to some 1e22 operations a second, plans 1e23")
_SERVER_WATT = Bound(1, 1e6, "servers draw from 10 W to the 1e5 of a rack")

# {row type: {column: bound}} of every number and day that a page gives.
BOUNDS: dict[type[Any], dict[str, Bound]] = {
    Model: {
        "year": _YEAR,
        "published_on": _DAY,
        "parameters": _PARAMETERS,
        "training_set_size": _EXAMPLES,
        "training_cost_usd_2023": Bound(0.01, 1e12, "the dearest training cost some 4e8 USD"),
        "weights_on": _DAY,
    },
    Result: {
        "value": _SCORE,
        "image_size": _SIDE,
        "uncertainty": Bound(0, 100, "a spread of percentages"),
        "shots": Bound(0, 10_000, "no prompt holds so many examples"),
    },
    Listing: {"listed_on": _DAY, "value": _SCORE, "image_size": _SIDE},
    # The smallest mobile network takes 1e7, the largest pass that is published 3e15.
    Operations: {"operations": Bound(1, 1e18, "a pass takes from 1e6 to 1e16 operations"), "image_size": _SIDE},
    RunPhase: {
        # Parts of a pod are printed as fractions.
        "processor_count": Bound(1e-3, 1e6, "the largest runs used some 2e5 processors"),
        "peak_flop_per_s": _RATE,
        # The longest literal of a source is 16775.5 days.
        "wall_time_s": Bound(0.1, 2e9, "from seconds to the 46 years that one page prints"),
        "epochs": Bound(1e-6, 1e8, "a part of an epoch to some 2e5 are printed"),
        "training_set_size": _EXAMPLES,
        "utilization": Bound(0, 1, "nothing runs faster than its peak"),
        "backward_ratio": Bound(1, 10, "a step takes about three times a forward pass"),
        "price_usd_per_hour": Bound(1e-3, 1e6, "all processors of a run cost some 1 to 1e5 USD an hour"),
    },
    Compute: {"value": _FLOP},
    Processor: {
        "released_on": _DAY,
        "release_year": _YEAR,
        "fp64_flop_per_s": _RATE,
        "fp32_flop_per_s": _RATE,
        "tf32_flop_per_s": _RATE,
        "fp16_flop_per_s": _RATE,
        "tensor_fp16_flop_per_s": _RATE,
        "fp8_flop_per_s": _RATE,
        "int8_op_per_s": _RATE,
        "memory_byte": Bound(1e3, 1e15, "boards have from 1e4 to 1e12 bytes"),
        "memory_bandwidth_byte_per_s": Bound(1e3, 1e18, "boards move from 1e6 to 1e16 bytes a second"),
        # The least of a processor for phones is 0.65 W, a whole wafer draws 23 kW.
        "tdp_watt": Bound(0.01, 30_000, "one processor draws from 0.1 W to the 23 kW of a wafer"),
        "release_price_usd": Bound(1, 1e8, "one board costs from 10 to some 2e6 USD"),
    },
    CarbonIntensity: {"year": _YEAR, "carbon_intensity_g_per_kwh": _INTENSITY},
    Price: {"price_usd": Bound(1, 1e8, "one processor costs from 10 to some 2e6 USD"), "priced_on": _DAY},
    # The one index in use was 100 in 2000 and 122 in 2025. Its ratios turn prices of one year into those of another, and
    # within these bounds none is beyond a factor of 2.
    PriceIndex: {
        "month": _DAY,
        "index_value": Bound(75, 150, "the index of the sector went from 100 to 122 in 25 years"),
    },
    CloudRegion: {
        "carbon_intensity_g_per_kwh": _INTENSITY,
        "pue": Bound(1, 5, "a data centre uses no less than its computers do, and below 5 where the cooling works"),
    },
    LossPoint: {
        "parameters": _PARAMETERS,
        "training_compute_flop": _FLOP,
        # Guessing among a million tokens costs ln 1e6 = 13.8 nats.
        "loss": Bound(1e-3, 15, "guessing among a million tokens costs 13.8 nats"),
    },
    Offer: {
        "price_usd": _OFFERED,
        "price_usd_low": _OFFERED,
        "price_usd_high": _OFFERED,
        "offered_on": _DAY,
        "offered_in": _YEAR,
        "processor_count": Bound(1, 1e6, "the largest clusters have some 2e5 processors"),
    },
    Shipment: {
        "shipped_from": _DAY,
        "shipped_until": _DAY,
        "units": _UNITS,
        "units_low": _UNITS,
        "units_high": _UNITS,
        "h100_equivalents": _UNITS,
        "power_watt": Bound(0, 1e12, "all electricity that the world uses is some 3e12 W"),
    },
    RegionCarbon: {"year": _YEAR, "carbon_intensity_g_per_kwh": _INTENSITY, "carbon_free_share": _SHARE},
    ServerPower: {
        "submitted_on": _DAY,
        "chips": _PARTS,
        "cores": _PARTS,
        "full_watt": _SERVER_WATT,
        "idle_watt": _SERVER_WATT,
        "ssj_op_per_s": Bound(1, 1e12, "servers give from 1e4 to 1e9 ssj_ops"),
    },
    Footprint: {
        "total_kg_co2e": Bound(0.01, 1e6, "a device emits from 1 kg to some 1e4 kg in its life"),
        "manufacturing_share": _SHARE,
        "use_share": _SHARE,
        "lifetime_year": Bound(0.1, 50, "devices are reported to be used for 3 to 10 years"),
        "yearly_kwh": Bound(0, 1e6, "a device uses from 1 to some 1e4 kWh a year"),
    },
    Cpu: {
        "number": _NUMBERED,
        "manufacturer_number": _NUMBERED,
        "family_number": _NUMBERED,
        "code_name_number": _NUMBERED,
        "microarchitecture_number": _NUMBERED,
        "released_on": _DAY,
        "cores": _CORES,
        "threads": _CORES,
        "clock_hz": _CLOCK,
        "tdp_watt": Bound(0.01, 30_000, "one processor draws from 0.1 W to the 23 kW of a wafer"),
    },
    CpuName: {"number": _NUMBERED},
    CpuScore: {"number": _NUMBERED, "base_score": _SCORE_OF_SPEED, "peak_score": _SCORE_OF_SPEED, "available_on": _DAY},
    TrendPoint: {"year": _YEAR, "value": Bound(1e-3, 1e15, "from the power of one core to the transistors of a wafer")},
    Supercomputer: {
        "listed_on": _DAY,
        "rank": Bound(1, 1000, "a list has 500 places"),
        "installed_in": _YEAR,
        "cores": _CORES,
        "clock_hz": _CLOCK,
        "peak_flop_per_s": Bound(1e6, 1e21, "the fastest system has some 3e18 FLOP/s"),
    },
    GpuCluster: {
        "number": _NUMBERED,
        "operational_on": _DAY,
        "decommissioned_on": _DAY,
        "processor_count": Bound(1, 1e9, "the largest plans have some 1e6 accelerators"),
        "second_processor_count": Bound(1, 1e9, "the largest plans have some 1e6 accelerators"),
        "all_processors_count": Bound(1, 1e9, "the largest plans have some 1e6 accelerators"),
        "op_per_s_32_bit": _CLUSTER_RATE,
        "op_per_s_16_bit": _CLUSTER_RATE,
        "op_per_s_8_bit": _CLUSTER_RATE,
        "power_watt": Bound(1, 1e12, "all electricity that the world uses is some 3e12 W"),
        "hardware_cost_usd": Bound(1, 1e14, "the dearest plan is of some 2e11 USD"),
    },
    ListedTraining: {
        "published_on": _DAY,
        "year": _YEAR,
        "training_compute_flop": _FLOP,
        # A perplexity of 1 leaves nothing to guess, and no vocabulary has a million words.
        "value": Bound(0, 1e6, "an error is at most 100 %, a perplexity at most the size of the vocabulary"),
        "reduction_factor": Bound(1e-6, 1e12, "computation at one quality falls by a factor of about two a year"),
    },
    TimedTraining: {
        # A share or a score out of 100.
        "quality_target": Bound(0, 100, "a share or a score out of 100"),
        "printed_target": Bound(0, 100, "a share or a score out of 100"),
        "quality": Bound(0, 100, "a share or a score out of 100"),
        "runs": Bound(1, 1000, "a group has from 5 to 40 runs"),
        "started_s": Bound(1.5e9, 4.2e9, "the first round was in 2018"),
        "processor_count": Bound(1, 1e6, "the largest systems have some 1e4 processors"),
    },
    SpeedrunRecord: {
        "number": _NUMBERED,
        "target_loss": Bound(1e-3, 15, "guessing among a million tokens costs 13.8 nats"),
        "wall_time_s": Bound(0.1, 2e9, "records take from seconds to days"),
        "processor_count": Bound(1, 1e6, "the largest runs used some 2e5 processors"),
        "set_on": _DAY,
    },
    ListedScore: {
        "value": Bound(0, 100, "a share of all questions is from 0 to 100 %"),
        "shots": Bound(0, 10_000, "no prompt holds so many examples"),
    },
    UnboundedScore: {
        "value": Bound(-10_000, 1e7, "no score of any metric"),
        # From the first processors to a million of today's together.
        "instructions_per_s": Bound(1e3, 1e18, "processors do from 1e4 to 1e12 instructions a second"),
        "scored_in": Bound(1900.0, 2100.0, "no year of a match"),
    },
}
# {metric of a score without a full scale: what it can be}.
_OF_METRIC = {
    # Words that are put in count too.
    "word_error_rate": Bound(0.01, 1000, "no recogniser is without errors, and few put in more words than there are"),
    "perplexity": Bound(1.01, 1e7, "guessing among a million words has a perplexity of a million"),
    "bits_per_character": Bound(0.01, 8, "a character takes 8 bits as it is stored"),
    "elo": Bound(-5_000, 5_000, "ratings are within some 4,000 points of 0"),
    "time_horizon": Bound(1e-4, 1e7, "tasks that are timed take people from seconds to years"),
}
_GFLOP = Bound(_FLOP.least / 1e9, _FLOP.most / 1e9, _FLOP.why)
_PER_HOUR = Bound(0.01, 100, "one processor costs from 0.05 to some 20 USD an hour")


@dataclass(frozen=True)
class _Fault:
    """What is wrong with one column of a row."""

    column: str
    # What the message calls it.
    quantity: str
    value: Any
    rule: str
    reason: str


def bound(row: Row, column: str) -> Bound | None:
    """What the column can hold, given the others of the row; None of a text."""
    if isinstance(row, Compute) and row.unit == "gflop":
        return _GFLOP
    if isinstance(row, Price | Offer) and column.startswith("price_usd") and row.kind == "rental":
        return _PER_HOUR
    if isinstance(row, UnboundedScore) and column == "value" and row.metric in _OF_METRIC:
        return _OF_METRIC[row.metric]
    return BOUNDS[type(row)].get(column)


def within_bounds(rows: Iterable[Row], record: Record) -> Iterator[Row]:
    """The rows of a record without impossible values, each of which becomes a rejected cell of the record.

    A column that may be null becomes so; a row that is nothing without the column goes.

    Raises:
        Rejected: nothing is left of the record, or no model to which the rest could belong.
    """
    left, outcome = 0, None
    for row in rows:
        kind: Any = type(row)
        kept: Any = row
        for fault in _faults(row):
            column, literal = _cell(record, fault)
            if not _may_be_null(kind)[fault.column]:
                outcome, kept = Rejected(fault.rule, fault.reason, column, literal), None
                if isinstance(row, Model):
                    raise outcome
            elif kept is not None:
                kept = replace(kept, **{fault.column: None})
            record.reject_cell(column, literal, fault.rule, fault.reason)
        if kept is not None:
            left += 1
            yield kept
    if outcome is not None and not left:
        raise outcome


def _faults(row: Row) -> list[_Fault]:
    """All that is impossible in a row, usually nothing."""
    kind: Any = type(row)
    faults = []
    for column, is_text in _columns(kind):
        value = getattr(row, column)
        if value is None:
            continue
        if is_text:
            if (reason := _unusable(value)) is not None:
                faults.append(_Fault(column, column, value, "unusable_text", reason))
        elif (fault := _out_of_bound(row, column, value)) is not None:
            faults.append(fault)
    if isinstance(row, Result) and not faults and row.value < (least := _LEAST.get((row.benchmark, row.metric), 0.0)):
        reason = f"a {row.metric} on {row.benchmark} is not under {least:g} %"
        faults.append(_Fault("value", row.metric, row.value, "impossible_score", reason))
    return faults


def _out_of_bound(row: Row, column: str, value: Any) -> _Fault | None:
    possible = bound(row, column)
    if possible is None or possible.holds(value):
        return None
    if column == "utilization" and value > 1:
        return _Fault(column, column, value, "impossible_utilization", possible.why)
    quantity = (
        row.metric if isinstance(row, Result | Listing | ListedScore | UnboundedScore) and column == "value" else column
    )
    reason = f"{column} is not {_shown(value)}: {possible.why}"
    return _Fault(column, quantity, value, "impossible_value", reason)


def _unusable(text: str) -> str | None:
    """Why a text can stand in no table; None where it can."""
    if len(text) > TEXT_MOST:
        return f"a text of {len(text)} characters where a name, a title or an address is expected"
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return "half a surrogate pair, which is no character"
    return None


@cache
def _columns(row_type: type[Any]) -> tuple[tuple[str, bool], ...]:
    """(column, whether it is a text) of all columns that have something to be checked."""
    hints = typing.get_type_hints(row_type)
    texts = {name for name, hint in hints.items() if str in (hint, *typing.get_args(hint))}
    return tuple(
        (one.name, one.name in texts) for one in fields(row_type) if one.name in texts | BOUNDS[row_type].keys()
    )


@cache
def _may_be_null(row_type: type[Any]) -> dict[str, bool]:
    return {name: type(None) in typing.get_args(hint) for name, hint in typing.get_type_hints(row_type).items()}


def _cell(record: Record, fault: _Fault) -> tuple[str, str]:
    """The one cell that prints the value; where none does, or several, the name of the quantity and the value itself."""
    cells = [cell for cell in record.printed.items() if _prints(cell[1], fault.value)]
    return cells[0] if len(cells) == 1 else (fault.quantity, _shown(fault.value))


def _prints(text: str, value: Any) -> bool:
    if isinstance(value, str):
        return " ".join(text.split()) == value
    return value.isoformat() in text if isinstance(value, date) else _number(text) == value


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float | int) and not 1 <= value < 1e6 else str(value)


def _number(text: str) -> float | None:
    try:
        return number(text.strip().removesuffix("%"))
    except CellError:
        return None
