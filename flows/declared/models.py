"""What each TOML file below flows/declared may hold. Entries that become a staging table are its row type (setting_types)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Len, Lt
from pydantic import BeforeValidator, Field

from flows.columns import Fraction, Https, Matching, Text
from flows.declared.setting_types import (
    Apart,
    Backtest,
    Cadence,
    Claim,
    Cluster,
    Comparison,
    ComputeMeasure,
    Copies,
    Count,
    DeclaredFault,
    Form,
    GrowthEra,
    GrowthFigure,
    GrowthRule,
    GrowthSeries,
    LossSet,
    Merge,
    Positive,
    Precision,
    ProcessorFamily,
    ProcessorPeak,
    ProcessorUnit,
    Purpose,
    ReferenceModel,
    SameTraining,
    Selection,
    Submissions,
    Supersedes,
    Trainer,
    Whole,
)
from flows.toml_files import Closed, FromTable, Once, slip

ALL, OF_EACH_DOMAIN = "all", "of each domain"


def _word_or(word: str, kind: type, called: str) -> BeforeValidator:
    """A word that stands for everything, None in the model, or a value of that kind."""

    def convert(value: Any) -> Any:
        if value == word:
            return None
        if not isinstance(value, kind):
            raise slip(f"neither {word!r} nor {called}")
        return value

    return BeforeValidator(convert)


class Targets(Closed):
    """Errors to be reached, as fractions."""

    target_1: Fraction
    target_2: Fraction


class Domain(Closed):
    """A file of domains. `compute_measures`: of every row set instead of the set's own. `today`: {row set: error}.

    `leads`: the form that costs and tables lead with, declared so that it never changes by itself; one other than the paper's
    needs its evidence in `leads_reason`. `shots`: worked examples in the prompts of the scores that are points.
    `trained_for`: under which key trainings are known that several benchmarks evaluate; the benchmark itself where it is left
    out.
    """

    domain: Text
    benchmark: Text
    title: Text
    metrics: Annotated[list[Text], Len(1), Once]
    compute_measures: Annotated[list[ComputeMeasure], Len(1), Once] | None = None
    forms: Annotated[list[Form], Len(1), Once]
    error_of_guessing: Annotated[float, Gt(0), Le(1)]
    error_of_guessing_reason: Text
    leads: Form = "polynomial"
    leads_reason: Text | None = None
    shots: Whole | None = None
    trained_for: Text | None = None
    targets: Targets
    today: dict[str, Fraction] = Field(default_factory=dict)


class UnboundedDomain(Closed):
    """A benchmark of unbounded.toml.

    `forms`: none where no source holds computation. `trained_on` and `settings_left_out`: regular expressions.
    """

    benchmark: Text
    domain: Text
    title: Text
    metric: Literal["word_error_rate", "perplexity", "bits_per_character", "elo", "time_horizon"]
    compute_measure: Literal["training_compute", "hardware_burden", "instructions_per_s"] | None = None
    joined_by: Literal["paper", "name"] = "paper"
    trained_on: Text | None = None
    settings_left_out: Text | None = None
    forms: Annotated[list[Form], Once] = Field(default_factory=list)
    remark: Text


class Unbounded(Closed):
    """unbounded.toml."""

    benchmarks: Annotated[list[UnboundedDomain], Len(1)]


class ConsolidationLine(Closed):
    """Of a row set and benchmark: the benchmark that gives the line, or the line and where it is from."""

    fitted_on: Text | None = None
    intercept: float | None = None
    slope: float | None = None
    citation: Text | None = None


class RowSetFile(Closed):
    """A file of row_sets. `sources`: None for all. `metrics`: {benchmark: metrics}, None for those of each domain.

    `headline`: the selection whose lines lead in tables and give costs. `reads`: {benchmark: the one of core.results that it
    stands for}, where the published table has another key.
    """

    sources: Annotated[Annotated[list[Text], Len(1), Once] | None, _word_or(ALL, list, "a list of sources")]
    reconciled: bool
    compute_unit: Literal["gflop", "flop"]
    selections: Annotated[list[Selection], Len(1), Once]
    headline: Selection
    compute_measures: Annotated[list[ComputeMeasure], Len(1), Once]
    metrics: Annotated[
        dict[str, Annotated[list[Text], Len(1), Once]] | None,
        _word_or(OF_EACH_DOMAIN, dict, "a table of metrics by benchmark"),
    ]
    consolidation: dict[str, ConsolidationLine] = Field(default_factory=dict)
    reads: dict[str, Text] = Field(default_factory=dict)


class Price(Closed):
    """Which prices of a scenario's processor count: those listed from a day until another, or the one of a contract."""

    kind: Literal["rental", "purchase", "offers", "contract"]
    usd_per_hour: Positive | None = None
    citation: Text | None = None
    as_of: date | None = None
    first: Annotated[date | None, Field(alias="from")] = None
    until: date | None = None
    vendor: Text | None = None
    commitment: Text | None = None
    processors: Annotated[list[Text], Len(1), Once] | None = None


class Figure(Closed):
    """A figure of a scenario, in `unit`; low and high are the value where they are left out. `address`: where it can be read."""

    quantity: Text
    low: Positive | None = None
    value: Positive
    high: Positive | None = None
    unit: Text
    citation: Text
    as_of: date
    address: Https | None = None


class ScenarioFile(Closed):
    """A file of scenarios, or one of the user's own: a processor and its prices, or a run whose figures are stated."""

    title: Text
    processor: Text | None = None
    precision: Precision | None = None
    burden_precision: Precision | None = None
    price: Price | None = None
    electricity_year: Annotated[int, Ge(1900), Lt(2200)]
    regions: Annotated[list[Text], Len(1), Once]
    stated_region: Text | None = None
    figures: Annotated[list[Figure], Len(1)]


class PublishedFile(Closed):
    """A file of published. `costs`: {cell: [Gflop, lb CO2, USD]}, `fits`: {line: {statistic: digits as printed}}."""

    title: Text
    printed_as: Literal["rounded", "floor"]
    decimals: Whole | None = None
    costs: dict[str, Annotated[list[float], Len(3, 3)]] = Field(default_factory=dict)
    fits: dict[
        str, dict[str, Annotated[str, Matching(r"-?\d+(\.\d+)?", "a number in quotes, digit by digit as printed")]]
    ] = Field(default_factory=dict)


class Bootstrap(Closed):
    """How often points are drawn anew, and from which seed."""

    resamples: Count
    seed: Whole


class ComputeErrorFactors(Closed, extra="allow"):
    """{class of confidence: factor of the estimate that the truth lies within, with the probability `coverage`}."""

    __pydantic_extra__: dict[str, Annotated[float, Gt(1)]]
    coverage: Fraction


class Estimation(Closed):
    """estimation.toml. `estimators`: {estimator: the selections that it is computed for}."""

    level: Fraction
    supported_ranges: Positive
    # Fewer leave no residual to judge a line by (flows/fits/line.py, POINTS_MIN).
    points_min: Annotated[int, Ge(3)]
    bootstrap: Bootstrap
    estimators: dict[str, Annotated[list[Selection], Len(1), Once]]
    compute_error: ComputeErrorFactors
    backtests: list[Annotated[Backtest, FromTable]]


class Growth(Closed):
    """growth.toml."""

    level: Fraction
    series: list[Annotated[GrowthSeries, FromTable]]
    eras: list[Annotated[GrowthEra, FromTable]]
    rules: list[Annotated[GrowthRule, FromTable]]
    figure: list[Annotated[GrowthFigure, FromTable]]


class Claims(Closed):
    """claims.toml."""

    claims: list[Annotated[Claim, FromTable]]


class Merges(Closed):
    """merges.toml."""

    merges: list[Annotated[Merge, FromTable]] = Field(default_factory=list)
    apart: list[Annotated[Apart, FromTable]] = Field(default_factory=list)


class Processors(Closed):
    """processors.toml."""

    units: list[Annotated[ProcessorUnit, FromTable]] = Field(default_factory=list)
    families: list[Annotated[ProcessorFamily, FromTable]] = Field(default_factory=list)
    peaks: list[Annotated[ProcessorPeak, FromTable]] = Field(default_factory=list)


class Units(Closed):
    """An entry of microarchitectures.toml: what a core completes in a clock, by which document, and which CPUs are of it."""

    microarchitecture: Text
    manufacturer: Text
    fp32_instructions: Positive
    fp32_lanes: Count
    fp64_instructions: Positive | None = None
    fp64_lanes: Count | None = None
    fused: bool
    citation: Text
    models: Text | None = None
    microarchitectures: Annotated[list[Text], Once] = Field(default_factory=list)
    code_names: Annotated[list[Text], Once] = Field(default_factory=list)
    families: Annotated[list[Text], Once] = Field(default_factory=list)
    top500: Annotated[list[Text], Once] = Field(default_factory=list)


class LeftOut(Closed):
    """Code names of CPUs of which no peak is derived."""

    manufacturer: Text
    code_names: Annotated[list[Text], Len(1), Once]
    reason: Text


class Microarchitectures(Closed):
    """microarchitectures.toml."""

    microarchitectures: list[Units]
    left_out: list[LeftOut]


class Faults(Closed):
    """faults.toml. `rules`: what its records may be wrong in."""

    rules: Annotated[list[Text], Once]
    faults: list[Annotated[DeclaredFault, FromTable]]


class Rule(Closed):
    """A rule of points.toml. `findings`: the rules of core.artefacts whose records it leaves out."""

    rule: Text
    reason: Text
    active: bool = True
    findings: Annotated[list[Text], Once] = Field(default_factory=list)


class AskedRule(Closed):
    """A rule that is in force only where a build is asked for it."""

    rule: Literal["published_later"]
    reason: Text


class Convention(Closed):
    """Operations whose printed convention is contradicted; `except`: names whose is not."""

    source: Text
    benchmark: Text
    printed_as: Text
    convention: Literal["mac", "flop", "unknown"]
    excepted: Annotated[list[Text], Once, Field(alias="except")] = Field(default_factory=list)
    reason: Text


class Points(Closed):
    """points.toml."""

    rules: Annotated[list[Rule], Len(1)]
    published_later: AskedRule
    trainers: list[Annotated[Trainer, FromTable]]
    copies: list[Annotated[Copies, FromTable]]
    purposes: list[Annotated[Purpose, FromTable]]
    submissions: list[Annotated[Submissions, FromTable]]
    supersedes: list[Annotated[Supersedes, FromTable]]
    same_trainings: list[Annotated[SameTraining, FromTable]]
    conventions: list[Convention]
    loss_sets: list[Annotated[LossSet, FromTable]]


class ReferenceModels(Closed):
    """reference_models.toml."""

    models: list[Annotated[ReferenceModel, FromTable]]


class Comparisons(Closed):
    """comparisons.toml."""

    comparisons: list[Annotated[Comparison, FromTable]]
    clusters: list[Annotated[Cluster, FromTable]]


class Freshness(Closed):
    """freshness.toml."""

    cadences: list[Annotated[Cadence, FromTable]]


class Landmark(Closed):
    """A model that people know. `names`: as pages print it; its points are those of one of these names."""

    benchmark: Text
    rank: Annotated[int, Ge(1), Le(8)]
    label: Text
    names: Annotated[list[Text], Len(1), Once]


class FigureLandmark(Closed):
    """A model that a figure names. `names`: those of its records."""

    figure: Literal["figure_2a", "figure_2b"]
    label: Text
    names: Annotated[list[Text], Len(1), Once]


class Landmarks(Closed):
    """landmarks.toml."""

    landmarks: list[Landmark]
    figures: list[FigureLandmark] = Field(default_factory=list)

    def of(self, figure: str) -> dict[str, str]:
        """{name of a record: what the figure calls it}."""
        return {name: one.label for one in self.figures if one.figure == figure for name in one.names}


_Pairs = Annotated[list[Annotated[list[Text], Len(2, 2)]], Once]


class Labels(Closed):
    """labels.toml: pairs of what a code has and how it is written, and the parts of codes that are left out."""

    words: _Pairs
    dropped: Annotated[list[Text], Once]
    data: _Pairs
    names: _Pairs


class Regions(Closed):
    """regions.toml: {ISO 3166-1 alpha-2: the key of the region's electricity, alpha-3 where it has one}."""

    alpha_2: dict[
        Annotated[str, Matching("[A-Z]{2}", "two capital letters")],
        Annotated[str, Matching("(OWID_)?[A-Z]{3}", "three capital letters, or OWID_ and three")],
    ]
