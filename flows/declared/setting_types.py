"""What the TOML files declare, as row types: one dataclass is one staging table that SQL reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt

from flows.columns import ADDRESS, Fraction, Https, Text, column, optional

Form = Literal["polynomial", "exponential"]
Selection = Literal["all", "one_per_training", "best_per_paper", "best_per_year", "frontier"]
ComputeMeasure = Literal[
    "operations_per_pass", "network_operations", "hardware_burden", "consolidated_burden", "training_compute"
]
Kind = Literal["model", "processor"]
Precision = Literal["fp64", "fp32", "tf32", "fp16", "tensor_fp16", "fp8", "int8"]
Positive = Annotated[float, Gt(0)]
Whole = Annotated[int, Ge(0)]
Count = Annotated[int, Ge(1)]


@dataclass(frozen=True, slots=True)
class RowSet:
    """One row per row set, source and measure that are fitted together."""

    row_set: str = column("paper_v1, paper_v2 or current")
    source: str = column("a source whose rows are in the set")
    reconciled: bool = column("whether one value per model is chosen over all sources")
    compute_unit: str = column("the unit of compute in the set's fits: gflop or flop")
    headline: str = column("the selection whose lines lead in tables, and give costs")


@dataclass(frozen=True, slots=True)
class RowSetBenchmark:
    """One row per row set and benchmark that it knows under another key than `core` does."""

    row_set: str = column("paper_v1, paper_v2 or current")
    benchmark: str = column("the row set's key: the published table's")
    reads: str = column("the benchmark of core.results that it stands for")


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One row per benchmark that is fitted."""

    benchmark: str = column("the benchmark, split included: coco is val2017, coco_test_dev test-dev")
    domain: str = column("the domain that it is of: image classification, language models …")
    title: str = column("its name in tables")
    trained_for: str = column(
        "what networks are trained for that it evaluates: itself, or what several benchmarks share"
    )
    shots: int | None = column(
        "worked examples in the prompts of its points; null where none are shown or none is chosen"
    )


@dataclass(frozen=True, slots=True)
class UnboundedBenchmark:
    """One row per benchmark whose scores are no share of a full scale."""

    benchmark: str = column("the benchmark, or the pool of games")
    domain: str = column("the domain that it is of: speech recognition, language modelling, Go, chess, long tasks")
    title: str = column("its name in tables")
    metric: str = column("word_error_rate, perplexity, bits_per_character, elo or time_horizon")
    compute_measure: str | None = column(
        "how computation is measured: training_compute, hardware_burden or instructions_per_s; null where no source holds any"
    )
    joined_by: str = column(
        "how another source's computation is known to be of a score's training: by paper, or by name to the letter"
    )
    trained_on: str | None = column(
        "a pattern that the data set of its trainings has in its name; null where any may be"
    )
    settings_left_out: str | None = column("a pattern of how a score was taken that is no point; null where any is one")
    remark: str = column("what a reader of its line must know")


@dataclass(frozen=True, slots=True)
class UnboundedForm:
    """One row per benchmark without a full scale and form that is fitted on it."""

    benchmark: str = column("the benchmark: key of staging.unbounded_benchmark")
    form: str = column("polynomial or exponential")


@dataclass(frozen=True, slots=True)
class PointRule:
    """One row per rule that leaves results out of the points of reconciled row sets."""

    rule: str = column("its name")
    position: int = column("its place in the order in which rules say why a result is left out")
    is_active: bool = column("whether what it marks is left out")
    reason: str = column("why it is left out")


@dataclass(frozen=True, slots=True)
class RuleFinding:
    """One row per rule and finding of core.artefacts that it leaves records out for."""

    rule: str = column("the rule: key of staging.point_rule")
    finding: str = column("a rule of core.artefacts")


@dataclass(frozen=True, slots=True)
class Comparison:
    """One row per figure that a person grasps, to hold a cost against."""

    comparison: Text = column("what it is: a key")
    label: Text = column("the same in words, as a sentence may have it")
    quantity: Literal["electricity", "emissions"] = column("electricity or emissions")
    value: Positive = column("the figure, in unit")
    unit: Literal["kWh", "kg"] = column("kWh of electricity, kg of emissions")
    source: Text = column("where the figure is from, with what stands there")
    address: Https = column("where a person reads it")
    as_of: date = column("the day that it is from: of a year its last")


@dataclass(frozen=True, slots=True)
class Cluster:
    """One row per number of processors that computations are held against."""

    comparison: Text = column("what it is: a key")
    label: Text = column("the same in words, as a sentence may have it")
    processor: Text = column("the processor, as a data sheet has it")
    precision: Precision = column("whose peak rate arithmetic done is held against; burdens count the FP32 peak")
    processors: Count = column("how many")
    days: Positive = column("for how long")


@dataclass(frozen=True, slots=True)
class Cadence:
    """One row per word for how often a publisher changes a source."""

    cadence: Text = column("how often its publisher changes it, as the source's file says")
    reason: Text = column("why that limit")
    stale_after_days: Count | None = optional(
        "days from which on its newest page counts as stale; null: it does not change"
    )


@dataclass(frozen=True, slots=True)
class Trainer:
    """One row per source whose models its publisher trained."""

    source: Text = column(ADDRESS["source"])
    trainer: Text = column("who trained them")
    kind_of_run: Literal["vendor", "contest"] = column("vendor: a model zoo's own trainings; contest: entries of one")
    reason: Text = column("how it is known")
    released_on: date | None = optional("the day that all of them were released; null where each has its own")


@dataclass(frozen=True, slots=True)
class Copies:
    """One row per list whose records may be weights that another list has."""

    source: Text = column(ADDRESS["source"])
    of: Text = column("the source that lists weights under their own names")
    reason: Text = column("why they may be the same")
    by_authors: bool = field(default=False, metadata={"comment": "whether who made the list trained what it lists"})
    converted_only: bool = field(
        default=False, metadata={"comment": "whether only records count that say where their weights are from"}
    )


@dataclass(frozen=True, slots=True)
class Purpose:
    """One row per sign of what a training was made for."""

    purpose: Literal["time_to_target", "probe", "test", "ablation"] = column("what it was made for")
    says_in: Literal["name", "setting"] = column("where the page says so: the model's name or the score's setting")
    pattern: str = column("regular expression that is found there")
    reason: Text = column("what that means")
    source: Text | None = optional("the only source that it is a sign in; null for all")


@dataclass(frozen=True, slots=True)
class Submissions:
    """One row per source whose records are dated by their submission, also where a name was submitted before."""

    source: Text = column(ADDRESS["source"])
    reason: Text = column("what its days are of")


@dataclass(frozen=True, slots=True)
class Supersedes:
    """One row per list that its authors replaced by a newer one."""

    source: Text = column("the newer list")
    older: Text = column("the list that it replaces")
    reason: Text = column("how it is known")


@dataclass(frozen=True, slots=True)
class SameTraining:
    """One row per training that two sources print under different names."""

    source: Text = column(ADDRESS["source"])
    printed_name: Text = column("its name there")
    benchmark: Text = column("the benchmark of the record")
    as_source: Text = column("the source that is preferred")
    as_name: Text = column("its name in that one")
    reason: Text = column("how it is known")


@dataclass(frozen=True, slots=True)
class ConventionRule:
    """One row per kind of operations whose printed convention other pages contradict, and per name that is an exception."""

    source: str = column(ADDRESS["source"])
    benchmark: str = column("the benchmark of the record")
    printed_as: str = column("what the page calls the operations")
    printed_name: str | None = column("the model that is an exception; null for all others")
    convention: str = column("mac, flop, or unknown where nothing settles it")
    reason: str = column("what contradicts the printed one")


@dataclass(frozen=True, slots=True)
class LossSet:
    """One row per source of losses by size and computation: how its tokens follow, and which points are left out."""

    source: Text = column(ADDRESS["source"])
    flop_per_parameter_and_token: Positive = column("arithmetic for each parameter and token, FLOP")
    highest_left_out: Whole = column("how many points of highest loss are left out")
    reason: Text = column("why they are left out, and who did so")


@dataclass(frozen=True, slots=True)
class Fit:
    """One row per line that is fitted: what of which rows, in which form."""

    row_set: str = column("paper_v1, paper_v2 or current")
    benchmark: str = column(
        "the benchmark: imagenet, coco, squad … (those that are fitted have a file in flows/declared/domains)"
    )
    metric: str = column("the metric whose error is fitted")
    compute_measure: str = column(
        "operations_per_pass, network_operations, hardware_burden, consolidated_burden or training_compute"
    )
    form: str = column("polynomial: log10(1/error) = a + b log10 C; exponential: 1/error = a + b log10 C")
    selection: str = column(
        "which points: all, one_per_training (the evaluation at the size trained at, else nearest to it), best_per_paper or "
        "best_per_year (the lowest error of each), or frontier (better than all before, at their release)"
    )
    error_of_guessing: float | None = column("error of a model that guesses, as a fraction; null where it has none")
    is_leading: bool = column("whether it is the form that the benchmark's costs lead with, as its file declares")
    metric_rank: int = column("place of the metric among those of the benchmark, from 1: the first one leads")


@dataclass(frozen=True, slots=True)
class FitRule:
    """One row per build: what holds for every fit."""

    level: float = column("probability that an interval covers, as a fraction")
    supported_ranges: float = column(
        "how many ranges of the points' log10 computation a target may lie beyond them and still be supported"
    )
    points_min: int = column("fewest points that a line is fitted through")
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

    row_set: Text = column("paper_v1, paper_v2 or current")
    published_on: date = column("the last day that counts as known to the authors")
    level: Fraction = column("share of later results that a prediction interval should hold")
    citation: Text = column("what was published that day")


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
class Target:
    """One row per error at which costs are stated."""

    row_set: str = column("paper_v1, paper_v2 or current")
    benchmark: str = column(
        "the benchmark: imagenet, coco, squad … (those that are fitted have a file in flows/declared/domains)"
    )
    metric: str = column("the metric whose error it is")
    target: str = column("which error: today, target_1 or target_2")
    error: float | None = column("the error as a fraction; null for the lowest error of the row set")
    published: bool = column("whether it stands behind the published table")


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row per scenario: on which processor, at which prices and with whose electricity computation is done."""

    scenario: str = column("the scenario: the name of its file in flows/declared/scenarios, or of the user's own")
    title: str = column("what the scenario is")
    processor: str | None = column("the processor, by any name in core.processor_aliases; null where a run is stated")
    precision: str | None = column(
        "which peak rate arithmetic is done at: fp64, fp32, tf32, fp16, tensor_fp16, fp8 or int8; null where a run is stated"
    )
    burden_precision: str | None = column(
        "which of its peak rates a hardware burden counts; null for the paper's: FP32, and of TPUs, which have none, BF16"
    )
    price_kind: str = column(
        "rental; purchase, amortised; offers: each provider's middle one; contract, as stated; or run: the price of a stated run"
    )
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
class RegionCode:
    """One row per region that has an ISO code of two letters."""

    region: str = column("the region as electricity is keyed: ISO 3166-1 alpha-3, or OWID_* where it has none")
    alpha_2: str = column("ISO 3166-1 alpha-2: FR")


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
    address: str | None = optional("where a person reads it, where that is on the web")


@dataclass(frozen=True, slots=True)
class Published:
    """One row per published number that is recomputed."""

    printed_in: str = column("where it was published: figure_3, v1_fits, v2_fits …")
    cell: str = column("which cell: benchmark/target/form/quantity or row_set/benchmark/metric/measure/form/statistic")
    published: float = column("the number as printed")
    decimals: int = column("digits after the point that are printed")
    printed_as: str = column("how the printed digits come from the value: rounded or floor")


@dataclass(frozen=True, slots=True)
class Claim:
    """One row per published statement that is a number."""

    claim: Text = column("key of the statement")
    said_in: Text = column("who printed it")
    statement: Text = column("what is stated, in this project's words")
    published: float = column("the number as printed")
    decimals: int = column("digits after the point that are printed; -1 where it is printed in tens")
    reason: Text = column("why it differs or cannot be checked, or what stands behind the recomputed number")
    cell: Text | None = optional("address of the recomputed number in marts.numbers; null where there is none")
    printed_as: Literal["rounded", "floor", "at_least"] = field(
        default="rounded",
        metadata={"comment": "how the printed digits come from the value: rounded, floor or at_least"},
    )
    has_rows: bool = field(
        default=True,
        metadata={"comment": "whether a source has the rows behind it; else the number beside it is of other rows"},
    )
    exponent_low: Positive | None = optional(
        "a choice of marts.multiverse supports the statement if its exponent is not below this; null for no such bound"
    )
    exponent_high: Positive | None = optional("and not above this; null for no such bound")
    judged_benchmark: Text | None = optional(
        "the benchmark whose choices judge it; null for those of the paper's domains"
    )
    judged_measure: ComputeMeasure | None = optional("the compute measure of these choices; null for all")


@dataclass(frozen=True, slots=True)
class ReferenceModel:
    """One row per architecture whose operations are known from its definition, to hold sources against."""

    architecture_key: Text = column("the architecture: lower case, without blanks and punctuation")
    image_size: Count = column("side of the square input, pixels")
    mac: Positive = column("multiply-adds of one forward pass")
    citation: Text = column("where the count is from")


@dataclass(frozen=True, slots=True)
class Landmark:
    """One row per model that people know and name that pages print it under."""

    benchmark: str = column("the benchmark in whose plots it is named")
    rank: int = column("1 is named first, where there is room for few")
    label: str = column("what it is called there")
    name: str = column("its name as a page prints it")


@dataclass(frozen=True, slots=True)
class DeclaredFault:
    """One row per record that is known to be wrong or out of place in a way that no rule can find."""

    rule: Text = column("what is wrong with it")
    source: Text = column(ADDRESS["source"])
    page: Text = column(ADDRESS["page"])
    printed_name: Text = column("the model's name as the page prints it")
    citation: Text = column("how it is known")
    compute_measure: ComputeMeasure | None = optional(
        "the computation that it is about; null for the record as a whole"
    )


@dataclass(frozen=True, slots=True)
class Merge:
    """One row per pair of names that are declared to be the same thing."""

    kind: Kind = column("model or processor")
    what: Text = column("a name as some page prints it")
    into_name: Text = column("the name that it stands for")
    reason: Text = column("why they are the same")


@dataclass(frozen=True, slots=True)
class Apart:
    """One row per name that is declared to be a thing of its own, whatever the rules make of it."""

    kind: Kind = column("model or processor")
    name: Text = column("the name as printed")
    reason: Text = column("why it is another thing than its namesakes")


@dataclass(frozen=True, slots=True)
class ProcessorUnit:
    """One row per name of a processor that is a board of several chips, or a part of one."""

    processor: Text = column("the unit that runs count, by any name in core.processor_aliases")
    chip: Text = column("the chip that sheets of prices list, by any name in core.processor_aliases")
    chips: Positive = column("how many chips the unit is")
    citation: Text = column("where that is from")


@dataclass(frozen=True, slots=True)
class ProcessorFamily:
    """One row per name of a processor that is rented under the name of its family."""

    processor: Text = column("the processor, by any name in core.processor_aliases")
    priced_as: Text = column("the name that sheets of prices list, by any name in core.processor_aliases")
    citation: Text = column("why the one's price is the other's")


@dataclass(frozen=True, slots=True)
class ProcessorPeak:
    """One row per processor whose peak rate at FP8 its maker prints and no hardware sheet does."""

    processor: Text = column("the processor, by any name in core.processor_aliases")
    fp8_flop_per_s: Positive = column("peak rate at FP8, not with sparsity, FLOP/s")
    citation: Text = column("the maker's document that prints it")


@dataclass(frozen=True, slots=True)
class GrowthLevel:
    """One row per level at which intervals of growth are stated."""

    level: float = column("probability that an interval covers, as a fraction")


@dataclass(frozen=True, slots=True)
class GrowthSeries:
    """One row per series of models or processors whose growth over time is fitted."""

    series: Text = column("the series: what grows")
    subject: Kind = column("model or processor")
    quantity: Text = column(
        "what grows: of models a compute measure (FLOP) or minutes, of processors a rate (FLOP/s), one for the money, or a score"
    )
    notable_only: bool = column("whether only models count that the source gives a notability criterion for")
    source: Text | None = optional("the source that the series is of; null for all that have the quantity")
    processor_kind: Literal["gpu", "cpu"] | None = optional("gpu or cpu; null for models and clusters")
    listed_under: Text | None = optional(
        "the list of core.listed_trainings, or the track of core.speedrun_records, that counts; null where models of core do"
    )


@dataclass(frozen=True, slots=True)
class GrowthEra:
    """One row per period that growth is fitted in, for models and for processors."""

    era: Text = column("the period")
    subject: Kind = column("model or processor")
    reason: Text = column("why this period, or who published it")
    released_from: date | None = optional("first day of release in it; null where it has no beginning")
    released_before: date | None = optional("first day of release after it; null where it has no end")


@dataclass(frozen=True, slots=True)
class GrowthRule:
    """One row per rule that says which models or processors of a period count."""

    rule: Text = column("the frontier rule: which of the series count")
    keep: Literal["all", "top", "largest_of_year", "running_maximum"] = column(
        "all, top, largest_of_year or running_maximum"
    )
    within_era: bool = column("whether they are compared with those of the period only, not with all before")
    reason: Text = column("the rule in words")
    has_interval: bool = column("whether its line has an interval; without one it only describes what was released")
    no_interval: Text | None = optional("why it has none; null where it has one")
    top: Count | None = optional("of keep = top: how many of those released until then may count")


@dataclass(frozen=True, slots=True)
class GrowthFigure:
    """One row per series that the figure of growth shows."""

    series: Text = column("a series of growth")
    subject: Literal["model", "processor"] = column("of models or of processors")
    era: Text = column("the period whose line is drawn")
    relative_to: Text = column("the model or processor, as printed, whose value is 1")


@dataclass(frozen=True, slots=True)
class Microarchitecture:
    """One row per micro-architecture of CPUs: what one of its cores completes in a clock, as documents say."""

    microarchitecture: str = column("the micro-architecture, under the name that is used here")
    manufacturer: str = column("who makes the CPUs, as lists of them print it")
    fp32_instructions: float = column(
        "arithmetic instructions at FP32 in a clock; below 1 where each holds up the next"
    )
    fp32_lanes: int = column("numbers that one of them works on")
    fp64_instructions: float | None = column("the same at FP64; null where it was not read")
    fp64_lanes: int | None = column("numbers that one of these works on")
    fused: bool = column("whether the instructions are fused multiply-additions, two operations a number")
    citation: str = column("the document that says so")
    models: str | None = column(
        "regular expression that finds the models that it is of; null for all of its code names"
    )


@dataclass(frozen=True, slots=True)
class MicroarchitectureName:
    """One row per name that a source prints of a micro-architecture, or of CPUs that are of it."""

    microarchitecture: str = column("the micro-architecture: key of staging.microarchitecture")
    kind: Literal["microarchitecture", "code_name", "family", "top500"] = column(
        "what it names: microarchitecture, code_name or family of a CPU, or top500 for a processor or its technology there"
    )
    name: str = column("the name as printed")


@dataclass(frozen=True, slots=True)
class CpuLeftOut:
    """One row per code name of CPUs of which no peak is derived."""

    manufacturer: str = column("who makes them")
    code_name: str = column("the code name as printed")
    reason: str = column("why")


@dataclass(frozen=True, slots=True)
class TheoryRow:
    """One row per setting of the simulation, model and number of observations."""

    setting: str = column("the setting: base, or the one that is moved (flows/declared/theory.toml)")
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
    computation_flop: float = column(
        "arithmetic of one fit, tuning included, FLOP; counted as flows/declared/theory.toml says"
    )
    mean_features: float = column("features in the fitted model, in the mean")
    mean_lambda: float = column("penalty of the LASSO, in the mean; 0 for the others")
    parameters_sha256: str = column("SHA-256 of the parameters and the method that gave the row")


@dataclass(frozen=True, slots=True)
class TheoryMatch:
    """One row per setting of the simulation, model and statistic: the observations it needs to do as well as the oracle."""

    setting: str = column("the setting: base, or the one that is moved (flows/declared/theory.toml)")
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
    "row_set": RowSet,
    "row_set_benchmark": RowSetBenchmark,
    "benchmark": Benchmark,
    "unbounded_benchmark": UnboundedBenchmark,
    "unbounded_form": UnboundedForm,
    "point_rule": PointRule,
    "rule_finding": RuleFinding,
    "comparison": Comparison,
    "cluster": Cluster,
    "cadence": Cadence,
    "trainer": Trainer,
    "copies": Copies,
    "purpose": Purpose,
    "submissions": Submissions,
    "supersedes": Supersedes,
    "same_training": SameTraining,
    "convention_rule": ConventionRule,
    "loss_set": LossSet,
    "fit": Fit,
    "fit_rule": FitRule,
    "estimator": Estimator,
    "compute_error": ComputeError,
    "backtest": Backtest,
    "consolidation": Consolidation,
    "target": Target,
    "scenario": Scenario,
    "scenario_region": ScenarioRegion,
    "region_code": RegionCode,
    "scenario_processor": ScenarioProcessor,
    "conversion": Conversion,
    "published": Published,
    "claim": Claim,
    "merge": Merge,
    "apart": Apart,
    "processor_unit": ProcessorUnit,
    "processor_family": ProcessorFamily,
    "processor_peak": ProcessorPeak,
    "reference_model": ReferenceModel,
    "landmark": Landmark,
    "declared_fault": DeclaredFault,
    "microarchitecture": Microarchitecture,
    "microarchitecture_name": MicroarchitectureName,
    "cpu_left_out": CpuLeftOut,
    "theory_row": TheoryRow,
    "theory_match": TheoryMatch,
    "growth_level": GrowthLevel,
    "growth_series": GrowthSeries,
    "growth_era": GrowthEra,
    "growth_rule": GrowthRule,
    "growth_figure": GrowthFigure,
}
