"""The closed set of row types: one dataclass is one staging table, and the one place where its columns are written.

Parsers emit these rows and nothing else. Each staging table has, beside the columns here, those of `ADDRESS`: where the
row came from. Rows of different types that stand in the same record of a page share that address, which is how a
result finds its model and its compute. Configuration that SQL needs (`SETTINGS`) is staged the same way.
"""

from __future__ import annotations

import dataclasses
import typing
from dataclasses import dataclass, field
from datetime import date
from typing import Any


def column(comment: str) -> Any:
    """A column of a row, with its comment for the warehouse."""
    return field(metadata={"comment": comment})


def _optional(comment: str) -> Any:
    return field(default=None, metadata={"comment": comment})


ADDRESS = {
    "source": "the source that the row came from; key of meta.sources",
    "page": "the page of that source; with source the key of meta.pages, which has its address, date and SHA-256",
    "locator": "where in the page the row stands (row 7, table 2 row 31 …)",
}


@dataclass(frozen=True, slots=True)
class Model:
    """One row per record that names a model, as the page names it."""

    name: str = column("the model's name as printed, blanks trimmed")
    year: int | None = _optional("year of publication")
    published_on: date | None = _optional("day of publication or submission")
    paper_title: str | None = _optional("title of the paper")
    paper_url: str | None = _optional("address of the paper")
    organization: str | None = _optional("who published the model")
    model_domain: str | None = _optional("what the model is for, in the source's words (Vision, Language …)")
    parameters: float | None = _optional("trainable parameters, as a count")
    training_set_size: float | None = _optional("size of the training set as the source counts it")
    notability_criteria: str | None = _optional("why the source lists the model (Epoch's criteria)")
    training_cost_usd_2023: float | None = _optional("the source's own cost of training, 2023 USD")
    architecture: str | None = _optional(
        "the architecture of the weights, where a source tells weights and architectures apart"
    )


@dataclass(frozen=True, slots=True)
class Result:
    """One row per benchmark score that a page prints."""

    benchmark: str = column("imagenet, coco, squad, conll, wmt_en_fr, wmt_en_de")
    metric: str = column("top1, top5, box_ap, em, f1, bleu …")
    value: float = column("the score in percent of the metric's full scale")
    image_size: int | None = _optional("side of the square input that the score was taken at, pixels")
    uncertainty: float | None = _optional("the spread that the page prints beside the score (±), in percent")


@dataclass(frozen=True, slots=True)
class Operations:
    """One row per computation of one network pass that a page prints."""

    benchmark: str | None = column("the benchmark whose input the pass is for, where the page says")
    operations: float = column("operations of one forward pass, in the row's convention")
    convention: str = column("what is counted as one operation: mac (multiply-add) or flop (1 mac = 2 flop)")
    image_size: int | None = _optional("side of the square input that the pass is for, pixels")
    printed_as: str | None = _optional("what the page calls the operations: FLOPs, GMACs, multiply-adds …")


@dataclass(frozen=True, slots=True)
class RunPhase:
    """One row per phase of a training run and kind of processor used in it."""

    benchmark: str | None = column("the benchmark that the run was for, where the page says")
    phase: str = column("pretraining, training or finetuning")
    processor_kind: str | None = _optional("gpu, tpu or cpu; null where the page names no processor")
    processor: str | None = _optional("the processor as printed")
    processor_count: float | None = _optional("how many processors, as printed")
    peak_flop_per_s: float | None = _optional("peak rate of one processor as the page prints it, FLOP/s")
    wall_time_s: float | None = _optional("wall time of the phase, seconds")
    wall_time_literal: str | None = _optional("the time as printed")
    epochs: float | None = _optional("passes over the training set")
    training_set_size: float | None = _optional("examples in the training set")
    dataset: str | None = _optional("name of the training set")
    utilization: float | None = _optional("share of the peak rate achieved, where the page prints it")
    backward_ratio: float | None = _optional(
        "operations of a training step over those of a forward pass, where printed"
    )
    precision: str | None = _optional("number format of the arithmetic: fp32, tf32, fp16, bf16, mixed, int8 …")
    price_usd_per_hour: float | None = _optional("price of all processors of the phase together, nominal USD per hour")


@dataclass(frozen=True, slots=True)
class Compute:
    """One row per total of training computation that a page prints."""

    benchmark: str | None = column("the benchmark that the total was printed for; null where it is the model's own")
    compute_measure: str = column("network_operations, hardware_burden or training_compute")
    value: float = column("the total as printed, in unit")
    unit: str = column("gflop or flop")
    confidence: str | None = _optional("the source's own class: Confident (within 3x), Likely (10x), Speculative (30x)")


@dataclass(frozen=True, slots=True)
class Processor:
    """One row per processor that a hardware sheet lists."""

    name: str = column("the processor as printed")
    manufacturer: str | None = _optional("who makes it")
    processor_kind: str | None = _optional("gpu, tpu, cpu or what the source calls it")
    released_on: date | None = _optional("day of release")
    release_year: int | None = _optional("year of release, where no day is given")
    fp64_flop_per_s: float | None = _optional("peak rate at FP64, FLOP/s")
    fp32_flop_per_s: float | None = _optional("peak rate at FP32, FLOP/s")
    tf32_flop_per_s: float | None = _optional("peak rate at TF32, FLOP/s")
    fp16_flop_per_s: float | None = _optional("peak rate at FP16 without tensor cores, FLOP/s")
    tensor_fp16_flop_per_s: float | None = _optional("peak rate of tensor cores at FP16 or BF16, FLOP/s")
    int8_op_per_s: float | None = _optional("peak rate at INT8, OP/s")
    memory_byte: float | None = _optional("memory of one board, bytes")
    memory_bandwidth_byte_per_s: float | None = _optional("memory bandwidth, byte/s")
    tdp_watt: float | None = _optional("thermal design power, W")
    release_price_usd: float | None = _optional("price at release, nominal USD")


@dataclass(frozen=True, slots=True)
class CarbonIntensity:
    """One row per region and year whose electricity a source rates."""

    region: str = column("the country or aggregate as printed")
    region_code: str | None = column("ISO 3166-1 alpha-3, OWID_* for aggregates; null where the source gives none")
    year: int = column("calendar year")
    carbon_intensity_g_per_kwh: float = column("emissions of electricity generated, g CO2e/kWh")


@dataclass(frozen=True, slots=True)
class Price:
    """One row per price of hardware that a source lists."""

    processor: str = column("the processor as printed")
    kind: str = column("purchase (USD per processor) or rental (USD per processor and hour)")
    price_usd: float = column("the price per processor, nominal USD; per hour for rentals")
    priced_on: date | None = _optional("the day of the price")
    vendor: str | None = _optional("who sells or rents")
    commitment: str | None = _optional("on demand, 1 year, 3 years, spot …, in the source's words")


@dataclass(frozen=True, slots=True)
class PriceIndex:
    """One row per month of an index of prices."""

    series: str = column("the publisher's key of the series")
    month: date = column("first day of the month")
    index_value: float = column("the index")


@dataclass(frozen=True, slots=True)
class CloudRegion:
    """One row per region of a cloud provider."""

    provider: str = column("the cloud provider")
    region: str = column("the provider's key of the region")
    country: str | None = _optional("the country that the region lies in, as printed")
    carbon_intensity_g_per_kwh: float | None = _optional("emissions of the region's electricity, g CO2e/kWh")
    pue: float | None = _optional("power usage effectiveness of the provider's data centres")


Row = Model | Result | Operations | RunPhase | Compute | Processor | CarbonIntensity | Price | PriceIndex | CloudRegion


@dataclass(frozen=True, slots=True)
class Rejected:
    """One row per record that no row could be taken from (core.quarantine) or cell that was left out (core.rejected_cells)."""

    column_name: str | None = column("the column at fault; null where the record as a whole is")
    literal: str = column("the text at fault, as it stands in the page")
    rule: str = column("the rule that rejected it")
    reason: str = column("what is wrong with it, in a sentence")
    record: str | None = _optional(
        "the whole record as JSON, so that nothing is lost; columns that do not ship left out"
    )


@dataclass(frozen=True, slots=True)
class Duplicate:
    """One row per record that says the same as an earlier one of its page."""

    first_locator: str = column("where the record stands that was kept")
    record: str = column("the record as JSON")


@dataclass(frozen=True, slots=True)
class PageCount:
    """One row per page that was parsed: how many records it holds, counted while reading."""

    sha256: str = column("SHA-256 of the page's bytes")
    rows_read: int = column("records in the page")


# What a page gives, by the name of its staging table and of its facts file.
ROW_TYPES: dict[str, type[Any]] = {
    "model": Model,
    "result": Result,
    "operations": Operations,
    "run_phase": RunPhase,
    "compute": Compute,
    "processor": Processor,
    "carbon_intensity": CarbonIntensity,
    "price": Price,
    "price_index": PriceIndex,
    "cloud_region": CloudRegion,
    "quarantine": Rejected,
    "rejected_cell": Rejected,
    "duplicate": Duplicate,
    "page_count": PageCount,
}
TYPE_NAMES: dict[type[Any], str] = {
    Model: "model",
    Result: "result",
    Operations: "operations",
    RunPhase: "run_phase",
    Compute: "compute",
    Processor: "processor",
    CarbonIntensity: "carbon_intensity",
    Price: "price",
    PriceIndex: "price_index",
    CloudRegion: "cloud_region",
}


@dataclass(frozen=True, slots=True)
class PageSetting:
    """One row per page in use: which version of it."""

    source: str = column(ADDRESS["source"])
    page: str = column("the page's name within its source")
    url: str = column("the publisher's address of the page")
    sha256: str = column("SHA-256 of the bytes that the rows were taken from")
    byte_count: int = column("size of the page, bytes")
    retrieved_on: date = column("the day these bytes were first fetched")
    last_modified: str | None = column("the publisher's Last-Modified header, where it sends one")
    page_rank: int = column(
        "where pages of a source give the same quantity the lowest rank is preferred (TOML: page_rank)"
    )


@dataclass(frozen=True, slots=True)
class SourceSetting:
    """One row per source that the project knows."""

    source: str = column(ADDRESS["source"])
    title: str = column("what the source is")
    publisher: str = column("who publishes it")
    licence: str = column("its licence (SPDX where there is one)")
    attribution: str = column("the credit that its licence asks for")
    source_rank: int = column("where sources disagree the lowest rank is preferred")
    state: str = column("fetched, unchanged, stale, shipped or absent")
    age_days: int | None = column("days since the newest page in use was fetched, for a stale source")
    message: str | None = column("why the source is stale or absent")


@dataclass(frozen=True, slots=True)
class RowSet:
    """One row per row set, source and measure that are fitted together."""

    row_set: str = column("paper_v1, paper_v2 or current")
    source: str = column("a source whose rows are in the set")
    reconciled: bool = column("whether one value per model is chosen over all sources")
    compute_unit: str = column("the unit of compute in the set's fits: gflop or flop")


@dataclass(frozen=True, slots=True)
class Fit:
    """One row per line that is fitted: what of which rows, in which form."""

    row_set: str = column("paper_v1, paper_v2 or current")
    benchmark: str = column("imagenet, coco, squad, conll, wmt_en_fr, wmt_en_de")
    metric: str = column("the metric whose error is fitted")
    compute_measure: str = column(
        "operations_per_pass, network_operations, hardware_burden, consolidated_burden or training_compute"
    )
    form: str = column("polynomial: log10(1/error) = a + b log10 C; exponential: 1/error = a + b log10 C")
    selection: str = column(
        "which points: all, best_per_paper or best_per_year (the lowest error of each), or frontier (better than all "
        "before, at their release)"
    )
    error_of_guessing: float | None = column("error of a model that guesses, as a fraction; null where it has none")


@dataclass(frozen=True, slots=True)
class FitRule:
    """One row per build: what holds for every fit."""

    level: float = column("probability that an interval covers, as a fraction")
    supported_ranges: float = column(
        "how many ranges of the points' log10 computation a target may lie beyond them and still be supported"
    )
    resamples: int = column("resamples of a bootstrap")
    seed: int = column("seed of the bootstrap")


@dataclass(frozen=True, slots=True)
class Estimator:
    """One row per estimator that is computed beside ordinary least squares and selection of points that it is computed for."""

    estimator: str = column("how the line is fitted")
    selection: str = column("which points it is fitted through")


@dataclass(frozen=True, slots=True)
class ComputeError:
    """One row per class of confidence that a source gives to an estimate of computation."""

    confidence: str = column("the source's own class")
    log10_compute_sd: float = column("standard deviation of log10 of the computation that the class stands for")


@dataclass(frozen=True, slots=True)
class Backtest:
    """One row per row set whose lines are held against what was published later."""

    row_set: str = column("paper_v1, paper_v2 or current")
    published_on: date = column("the last day that counts as known to the authors")
    level: float = column("share of later results that a prediction interval should hold")
    citation: str = column("what was published that day")


@dataclass(frozen=True, slots=True)
class Consolidation:
    """One row per row set and benchmark whose burden is predicted from network operations where it was not measured."""

    row_set: str = column("paper_v1, paper_v2 or current")
    benchmark: str = column("the benchmark whose missing burdens are predicted")
    fitted_on: str | None = column(
        "the benchmark whose rows with both figures give the line; null where it is declared"
    )
    intercept: float | None = column("c0 of log10(burden) = c0 + c1 log10(network operations), FLOP, where declared")
    slope: float | None = column("c1 of the same, where declared")
    citation: str | None = column("where a declared line is from")


@dataclass(frozen=True, slots=True)
class Point:
    """One row per error at which costs are stated."""

    row_set: str = column("paper_v1, paper_v2 or current")
    benchmark: str = column("imagenet, coco, squad, conll, wmt_en_fr, wmt_en_de")
    metric: str = column("the metric whose error it is")
    point: str = column("today, target_1 or target_2")
    error: float | None = column("the error as a fraction; null for the lowest error of the row set")
    published: bool = column("whether it stands behind the published table")


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row per scenario: on which processor, at which prices and with whose electricity computation is done."""

    scenario: str = column("the scenario: the name of its file in flows/scenarios, or of the user's own")
    title: str = column("what the scenario is")
    processor: str | None = column("the processor, by any name in core.processor_aliases; null where a run is stated")
    precision: str | None = column(
        "which of its peak rates arithmetic is done at: fp64, fp32, tf32, fp16, tensor_fp16 or int8; null where a run is stated"
    )
    burden_precision: str | None = column(
        "which of its peak rates a hardware burden counts; null for the paper's: FP32, and of TPUs, which have none, BF16"
    )
    price_kind: str = column("rental; purchase, amortised; or run: the price of a stated run")
    price_from: date | None = column("first day of the prices that count")
    price_until: date = column("last day of the prices that count, and the day of its nominal USD")
    vendor: str | None = column("the only vendor whose prices count; null for all")
    commitment: str | None = column("the only commitment whose prices count; null for all")
    electricity_year: int = column("the year of the electricity")
    stated_region: str | None = column("the region that a stated carbon intensity is of")
    constant_year: int = column("the year of the constant USD")
    price_series: str = column("the index of prices that makes nominal USD constant: key of core.price_indices")


@dataclass(frozen=True, slots=True)
class ScenarioRegion:
    """One row per scenario and region whose electricity it is priced with."""

    scenario: str = column("the scenario: key of core.scenarios")
    region: str = column("ISO 3166-1 alpha-3, OWID_* for aggregates, or provider:region of a cloud")


@dataclass(frozen=True, slots=True)
class ScenarioProcessor:
    """One row per scenario and name of a processor whose prices count."""

    scenario: str = column("the scenario: key of core.scenarios")
    processor: str = column("the processor, by any name in core.processor_aliases")


@dataclass(frozen=True, slots=True)
class Conversion:
    """One row per figure of a scenario that turns computation into carbon dioxide or money, or sets how."""

    scenario: str = column("the scenario: key of core.scenarios")
    quantity: str = column("what the figure is")
    low: float = column("least value thought possible, in unit; the value itself where none is stated")
    value: float = column("the figure, in unit: where a range is stated its most likely value")
    high: float = column("largest value thought possible, in unit; the value itself where none is stated")
    unit: str = column("unit of the figure")
    citation: str = column("where the figure is from")
    as_of: date = column("the day that the figure is from")


@dataclass(frozen=True, slots=True)
class Published:
    """One row per published figure that is recomputed."""

    figure: str = column("where it was published: figure_3, v1_fits, v2_fits …")
    cell: str = column("which cell: benchmark/point/form/quantity or row_set/benchmark/metric/measure/form/statistic")
    published: float = column("the figure as printed")
    decimals: int = column("digits after the point that are printed")
    printed_as: str = column("how the printed digits come from the value: rounded or floor")


@dataclass(frozen=True, slots=True)
class Claim:
    """One row per published statement that is a figure."""

    claim: str = column("key of the statement")
    said_in: str = column("who printed it")
    statement: str = column("what is stated, in this project's words")
    published: float = column("the figure as printed")
    decimals: int = column("digits after the point that are printed")
    reason: str = column("why it differs or cannot be checked, or what stands behind the recomputed figure")
    cell: str | None = _optional("address of the recomputed figure in marts.figures; null where there is none")
    printed_as: str = field(
        default="rounded",
        metadata={"comment": "how the printed digits come from the value: rounded, floor or at_least"},
    )
    has_rows: bool = field(
        default=True,
        metadata={"comment": "whether a source has the rows behind it; else the figure beside it is of other rows"},
    )


@dataclass(frozen=True, slots=True)
class ReferenceModel:
    """One row per architecture whose operations are known from its definition, to hold sources against."""

    architecture_key: str = column("the architecture: lower case, without blanks and punctuation")
    image_size: int = column("side of the square input, pixels")
    mac: float = column("multiply-adds of one forward pass")
    citation: str = column("where the count is from")


@dataclass(frozen=True, slots=True)
class DeclaredFault:
    """One row per record that is known to be wrong or out of place in a way that no rule can find."""

    rule: str = column("what is wrong with it")
    source: str = column(ADDRESS["source"])
    page: str = column(ADDRESS["page"])
    printed_name: str = column("the model's name as the page prints it")
    citation: str = column("how it is known")


@dataclass(frozen=True, slots=True)
class Exclusion:
    """One row per row set and rule whose findings are left out of it."""

    row_set: str = column("paper_v1, paper_v2 or current")
    rule: str = column("a rule of core.artefacts")
    reason: str = column("why its findings are left out")


@dataclass(frozen=True, slots=True)
class Merge:
    """One row per pair of names that are declared to be the same thing."""

    kind: str = column("model or processor")
    what: str = column("a name as some page prints it")
    into_name: str = column("the name that it stands for")
    reason: str = column("why they are the same")


@dataclass(frozen=True, slots=True)
class Apart:
    """One row per name that is declared to be a thing of its own, whatever the rules make of it."""

    kind: str = column("model or processor")
    name: str = column("the name as printed")
    reason: str = column("why it is another thing than its namesakes")


@dataclass(frozen=True, slots=True)
class GrowthLevel:
    """One row per level at which intervals of growth are stated."""

    level: float = column("probability that an interval covers, as a fraction")


@dataclass(frozen=True, slots=True)
class GrowthSeries:
    """One row per series of models or processors whose growth over time is fitted."""

    series: str = column("the series: what grows")
    subject: str = column("model or processor")
    source: str = column(ADDRESS["source"])
    quantity: str = column(
        "what grows: of models a compute measure (FLOP), of processors fp32_flop_per_s or fp32_flop_per_s_per_usd (nominal)"
    )
    notable_only: bool = column("whether only models count that the source gives a notability criterion for")
    processor_kind: str | None = _optional("gpu or cpu; null for models")


@dataclass(frozen=True, slots=True)
class GrowthEra:
    """One row per period that growth is fitted in, for models and for processors."""

    era: str = column("the period")
    subject: str = column("model or processor")
    reason: str = column("why this period, or who published it")
    released_from: date | None = _optional("first day of release in it; null where it has no beginning")
    released_before: date | None = _optional("first day of release after it; null where it has no end")


@dataclass(frozen=True, slots=True)
class GrowthRule:
    """One row per rule that says which models or processors of a period count."""

    rule: str = column("the frontier rule: which of the series count")
    keep: str = column("all, top, largest_of_year or running_maximum")
    within_era: bool = column("whether they are compared with those of the period only, not with all before")
    reason: str = column("the rule in words")
    top: int | None = _optional("of keep = top: how many of those released until then may count")


@dataclass(frozen=True, slots=True)
class TheoryRow:
    """One row per setting of the simulation, model and number of observations."""

    setting: str = column("the setting: base, or the one that is moved (flows/theory.toml)")
    changed: str = column("what the setting has otherwise than the base")
    model: str = column("oracle, expert, flexible or regularised")
    n_observations: int = column("observations that the model is fitted to")
    n_simulations: int = column("simulations")
    mean_excess_error: float = column("mean of the squared error beyond the noise, in units of the noise variance")
    mean_excess_error_se: float = column("its standard error over the simulations")
    median_excess_error: float = column("median of the same")
    mean_log10_excess_error: float = column("mean of log10 of the same")
    mean_log10_excess_error_se: float = column("its standard error over the simulations")
    mean_squared_error: float = column("mean squared error, noise included, in units of the noise variance")
    performance: float = column("1 / mean_excess_error")
    log10_performance: float = column("mean of log10(1 / excess error)")
    computation_flop: float = column("arithmetic of one fit, tuning included, FLOP; counted as flows/theory.toml says")
    mean_features: float = column("features in the fitted model, in the mean")
    mean_lambda: float = column("penalty of the LASSO, in the mean; 0 for the others")
    parameters_sha256: str = column("SHA-256 of the parameters and the method that gave the row")


@dataclass(frozen=True, slots=True)
class TheoryMatch:
    """One row per setting of the simulation, model and statistic: the observations it needs to do as well as the oracle."""

    setting: str = column("the setting: base, or the one that is moved (flows/theory.toml)")
    changed: str = column("what the setting has otherwise than the base")
    model: str = column("expert, flexible or regularised")
    statistic: str = column("what is compared: mean (of the excess error) or mean_log10 (of its logarithm)")
    target_observations: int = column("observations of the oracle")
    target_excess_error: float = column("excess error of the oracle with them")
    status: str = column(
        "ok, from_the_first_size (as good with the fewest simulated) or not_reached (not with the most)"
    )
    n_observations: float | None = column("observations from which on the model is at least as good, interpolated")
    n_observations_low: float | None = column("lower end of the interval from the standard errors")
    n_observations_high: float | None = column("upper end of the same; null where it lies beyond the simulated sizes")
    computation_flop: float | None = column("arithmetic of one fit with that many observations, FLOP")


SETTINGS: dict[str, type[Any]] = {
    "page_setting": PageSetting,
    "source_setting": SourceSetting,
    "row_set": RowSet,
    "fit": Fit,
    "fit_rule": FitRule,
    "estimator": Estimator,
    "compute_error": ComputeError,
    "backtest": Backtest,
    "consolidation": Consolidation,
    "point": Point,
    "scenario": Scenario,
    "scenario_region": ScenarioRegion,
    "scenario_processor": ScenarioProcessor,
    "conversion": Conversion,
    "published": Published,
    "claim": Claim,
    "merge": Merge,
    "apart": Apart,
    "reference_model": ReferenceModel,
    "declared_fault": DeclaredFault,
    "exclusion": Exclusion,
    "theory_row": TheoryRow,
    "theory_match": TheoryMatch,
    "growth_level": GrowthLevel,
    "growth_series": GrowthSeries,
    "growth_era": GrowthEra,
    "growth_rule": GrowthRule,
}


def comment(row_type: type[Any]) -> str:
    """The comment of the staging table: the first line of the docstring, which states the grain."""
    return (row_type.__doc__ or "").splitlines()[0]


def columns(row_type: type[Any]) -> dict[str, tuple[type, str]]:
    """{column: (str, int, float, bool or date; comment)}, in order. What may be null is not told apart."""
    hints = typing.get_type_hints(row_type)
    found = {}
    for column in dataclasses.fields(row_type):
        kinds = [kind for kind in typing.get_args(hints[column.name]) if kind is not type(None)]
        found[column.name] = (kinds[0] if kinds else hints[column.name], column.metadata["comment"])
    return found
