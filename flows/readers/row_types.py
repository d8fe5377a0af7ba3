"""The closed set of row types that parsers emit: one dataclass is one staging table, and the one place of its columns.

Each staging table has, beside the columns here, those of `flows.columns.ADDRESS`: where the row came from. Rows of different
types that stand in the same record of a page share that address, which is how a result finds its model and its compute.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flows.columns import column, optional


@dataclass(frozen=True, slots=True)
class Model:
    """One row per record that names a model, as the page names it."""

    name: str = column("the model's name as printed, blanks trimmed")
    year: int | None = optional("year of publication")
    published_on: date | None = optional("day of publication or submission")
    paper_title: str | None = optional("title of the paper")
    paper_url: str | None = optional("address of the paper")
    organization: str | None = optional("who published the model")
    model_domain: str | None = optional("what the model is for, in the source's words (Vision, Language …)")
    parameters: float | None = optional("trainable parameters, as a count")
    training_set_size: float | None = optional("size of the training set as the source counts it")
    notability_criteria: str | None = optional("why the source lists the model (Epoch's criteria)")
    training_cost_usd_2023: float | None = optional("the source's own cost of training, 2023 USD")
    architecture: str | None = optional(
        "the architecture of the weights, where a source tells weights and architectures apart"
    )
    base_model: str | None = optional("the model whose weights its training began from, as the page names it")
    converted_from: str | None = optional("address of the weights that these were converted from")
    weights_on: date | None = optional("day of the weights, where the page or the name of their file tells it")


@dataclass(frozen=True, slots=True)
class Result:
    """One row per benchmark score that a page prints."""

    benchmark: str = column(
        "the benchmark: imagenet, coco, squad … (those that are fitted have a file in flows/declared/domains)"
    )
    metric: str = column("top1, top5, box_ap, em, f1, bleu …")
    value: float = column("the score in percent of the metric's full scale")
    image_size: int | None = optional("side of the square input that the score was taken at, pixels")
    uncertainty: float | None = optional("the spread that the page prints beside the score (±), in percent")
    shots: int | None = optional("worked examples in the prompt")
    is_ensemble: bool | None = optional(
        "whether the score is of several networks together; null where the page does not say"
    )
    setting: str | None = optional(
        "how the score was taken, where the page tells: multi-scale, 10-crop, linear evaluation …"
    )


@dataclass(frozen=True, slots=True)
class Listing:
    """One row per score of weights in a past version of a list, which tells that they were there on its day."""

    name: str = column("the weights' name in that version")
    listed_on: date = column("day of that version of the list")
    benchmark: str = column("the benchmark of the score")
    metric: str = column("the metric of the score")
    value: float = column("the score in percent of the metric's full scale")
    image_size: int | None = optional("side of the square input that the score was taken at, pixels")


@dataclass(frozen=True, slots=True)
class Operations:
    """One row per computation of one network pass that a page prints."""

    benchmark: str | None = column("the benchmark whose input the pass is for, where the page says")
    operations: float = column("operations of one forward pass, in the row's convention")
    convention: str = column("what is counted as one operation: mac (multiply-add) or flop (1 mac = 2 flop)")
    image_size: int | None = optional("side of the square input that the pass is for, pixels")
    printed_as: str | None = optional("what the page calls the operations: FLOPs, GMACs, multiply-adds …")


@dataclass(frozen=True, slots=True)
class RunPhase:
    """One row per phase of a training run and kind of processor used in it."""

    benchmark: str | None = column("the benchmark that the run was for, where the page says")
    phase: str = column("pretraining, training or finetuning")
    processor_kind: str | None = optional("gpu, tpu or cpu; null where the page names no processor")
    processor: str | None = optional("the processor as printed")
    processor_count: float | None = optional("how many processors, as printed")
    peak_flop_per_s: float | None = optional("peak rate of one processor as the page prints it, FLOP/s")
    wall_time_s: float | None = optional("wall time of the phase, seconds")
    wall_time_literal: str | None = optional("the time as printed")
    epochs: float | None = optional("passes over the training set")
    training_set_size: float | None = optional("examples in the training set")
    dataset: str | None = optional("name of the training set")
    utilization: float | None = optional("share of the peak rate achieved, where the page prints it")
    backward_ratio: float | None = optional("operations of a training step over those of a forward pass, where printed")
    precision: str | None = optional("number format of the arithmetic: fp32, tf32, fp16, bf16, mixed, int8 …")
    price_usd_per_hour: float | None = optional("price of all processors of the phase together, nominal USD per hour")


@dataclass(frozen=True, slots=True)
class Compute:
    """One row per total of training computation that a page prints."""

    benchmark: str | None = column("the benchmark that the total was printed for; null where it is the model's own")
    compute_measure: str = column("network_operations, hardware_burden or training_compute")
    value: float = column("the total as printed, in unit")
    unit: str = column("gflop or flop")
    confidence: str | None = optional("the source's own class: Confident (within 3x), Likely (10x), Speculative (30x)")


@dataclass(frozen=True, slots=True)
class Processor:
    """One row per processor that a hardware sheet lists."""

    name: str = column("the processor as printed")
    manufacturer: str | None = optional("who makes it")
    processor_kind: str | None = optional("gpu, tpu, cpu or what the source calls it")
    released_on: date | None = optional("day of release")
    release_year: int | None = optional("year of release, where no day is given")
    fp64_flop_per_s: float | None = optional("peak rate at FP64, FLOP/s")
    fp32_flop_per_s: float | None = optional("peak rate at FP32, FLOP/s")
    tf32_flop_per_s: float | None = optional("peak rate at TF32, FLOP/s")
    fp16_flop_per_s: float | None = optional("peak rate at FP16 without tensor cores, FLOP/s")
    tensor_fp16_flop_per_s: float | None = optional("peak rate of tensor cores at FP16 or BF16, FLOP/s")
    fp8_flop_per_s: float | None = optional("peak rate at FP8, not with sparsity, FLOP/s")
    int8_op_per_s: float | None = optional("peak rate at INT8, OP/s")
    memory_byte: float | None = optional("memory of one board, bytes")
    memory_bandwidth_byte_per_s: float | None = optional("memory bandwidth, byte/s")
    tdp_watt: float | None = optional("thermal design power, W")
    release_price_usd: float | None = optional("price at release, nominal USD")


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
    priced_on: date | None = optional("the day of the price")
    vendor: str | None = optional("who sells or rents")
    commitment: str | None = optional("on demand, 1 year, 3 years, spot …, in the source's words")


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
    country: str | None = optional("the country that the region lies in, as printed")
    carbon_intensity_g_per_kwh: float | None = optional("emissions of the region's electricity, g CO2e/kWh")
    pue: float | None = optional("power usage effectiveness of the provider's data centres")


@dataclass(frozen=True, slots=True)
class LossPoint:
    """One row per training of which a source gives size, computation and loss together."""

    parameters: float = column("parameters of the network, as a count")
    training_compute_flop: float = column("arithmetic done in training, FLOP")
    loss: float = column("the loss at its end: cross-entropy, nats per token")


@dataclass(frozen=True, slots=True)
class ListedTraining:
    """One row per training of a list of computation over time: for growth and claims, never a point of a benchmark."""

    listed_under: str = column(
        "the list that it is of: ai_and_compute, penn_treebank, parameters_compute_data …, or the network whose quality it reaches"
    )
    name: str | None = optional("the training's name as printed; null where the list tells the best of a year")
    published_on: date | None = optional("day of publication")
    year: int | None = optional("year, where no day is given")
    training_compute_flop: float | None = optional("arithmetic done in training, FLOP")
    confidence: str | None = optional("the source's own class: Confident (within 3x), Likely (10x), Speculative (30x)")
    notability_criteria: str | None = optional("why the source lists the model as notable (Epoch's criteria)")
    paper_url: str | None = optional("address of the paper")
    benchmark: str | None = optional("the benchmark of the score that the list prints beside the computation")
    metric: str | None = optional("the metric of the score: top1_error (percent), perplexity")
    value: float | None = optional("the score in the metric's own unit")
    reduction_factor: float | None = optional(
        "how many times less computation than the first of its list, as the page prints it"
    )
    reduction_factor_literal: str | None = optional("the same as the text that is printed, which tells its digits")


@dataclass(frozen=True, slots=True)
class SpeedrunRecord:
    """One row per record of a race to a fixed loss on fixed processors: for growth, never a point of a benchmark."""

    track: str = column("the race: gpt2_small or gpt2_medium")
    number: int = column("the race's own number of the record")
    target_loss: float = column("the validation loss to be reached, nats per token")
    wall_time_s: float = column("time of the training until the loss is reached, seconds")
    wall_time_literal: str = column("the time as printed")
    processor: str = column("the processor that all records are timed on")
    processor_count: float = column("how many of them")
    is_retimed: bool = column("whether it is an earlier record that was timed anew, and no record")
    set_on: date | None = optional("day of the record")


@dataclass(frozen=True, slots=True)
class ListedScore:
    """One row per score of a leaderboard that takes whatever model is put there: listed and compared, never a point."""

    name: str = column("the model as the leaderboard names it")
    benchmark: str = column("the benchmark: key of staging.benchmark where it has a domain")
    metric: str = column("the metric of the score: accuracy, mc2")
    value: float = column("the score as printed, percent")
    shots: int | None = optional("examples in the prompt; null where the leaderboard does not say")


@dataclass(frozen=True, slots=True)
class UnboundedScore:
    """One row per score that is no share of a full scale: errors, a perplexity, bits per character, a rating, a length of time."""

    benchmark: str = column("the benchmark, or the pool of games (those listed are in flows/declared/unbounded.toml)")
    metric: str = column("word_error_rate, perplexity, bits_per_character, elo or time_horizon")
    value: float = column(
        "the score as printed: errors per 100 words, a perplexity per word, bits, points of Elo, minutes"
    )
    split: str = column("the part of the benchmark that it was taken on: test or validation")
    setting: str | None = optional("how the score was taken, where the page tells: dynamic evaluation, list 2 …")
    is_ensemble: bool | None = optional(
        "whether the score is of several networks together; null where the page does not say"
    )
    instructions_per_s: float | None = optional("rate of the processor that played, instructions per second")
    scored_in: float | None = optional("when the score stood, as printed: calendar years with a fraction")


@dataclass(frozen=True, slots=True)
class Cpu:
    """One row per CPU that a list of specifications holds; of what is numbered there another page has the names."""

    name: str | None = optional("the model as printed; null where the list has its family alone")
    number: int | None = optional("the list's own number of it")
    manufacturer: str | None = optional("who makes it")
    family: str | None = optional("the family of models that it belongs to")
    code_name: str | None = optional("the design's name before it was sold, or the core's")
    manufacturer_number: int | None = optional("the list's own number of its manufacturer")
    family_number: int | None = optional("the list's own number of its family")
    code_name_number: int | None = optional("the list's own number of its code name")
    microarchitecture_number: int | None = optional("the list's own number of its micro-architecture")
    released_on: date | None = optional("day of release")
    cores: float | None = optional("cores of one processor")
    threads: float | None = optional("threads of one processor that run at once")
    clock_hz: float | None = optional("clock that it is sold at, without boost, Hz")
    tdp_watt: float | None = optional("thermal design power, W")


@dataclass(frozen=True, slots=True)
class CpuName:
    """One row per name that a list of CPUs gives a number to."""

    kind: str = column("manufacturer, family, code_name or microarchitecture")
    number: int = column("the list's own number of it")
    name: str = column("the name as printed")


@dataclass(frozen=True, slots=True)
class CpuScore:
    """One row per result of a suite of benchmarks of speed, run on a CPU."""

    suite: str = column("specint or specfp and the year of the suite; scores of two suites have different scales")
    number: int = column("the CPU: the list's own number of it")
    base_score: float = column("the score under the rules for all programs alike")
    peak_score: float | None = optional("the score with each program tuned by itself")
    available_on: date | None = optional("day from which the machine could be bought")
    machine: str | None = optional("the machine that it ran on, as printed")


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One row per point of a series on microprocessors over time, which does not name them."""

    quantity: str = column("specint, clock_hz, cores, transistors or power_watt")
    year: float = column("the year with its fraction")
    value: float = column("the quantity; of specint the score of one thread, times 1,000")


@dataclass(frozen=True, slots=True)
class Supercomputer:
    """One row per system on a list of the fastest 500."""

    listed_on: date = column("first day of the month of the list")
    rank: int = column("place on the list")
    processor: str = column("its processor as printed")
    cores: float = column("its cores; on lists until 2008 the processors as counted there")
    peak_flop_per_s: float = column("peak rate at FP64 of the whole system, FLOP/s")
    clock_hz: float | None = optional("clock of the processor, Hz")
    processor_technology: str | None = optional("the processor's design, in the list's words")
    accelerator: str | None = optional("the accelerator beside it; null where there is none")
    installed_in: int | None = optional("year in which it was installed or last extended")


@dataclass(frozen=True, slots=True)
class GpuCluster:
    """One row per cluster of accelerators, or phase of one, that a list has: there, planned or gone."""

    name: str = column("the cluster as printed; many of one name are clusters whose names are not told")
    status: str = column("existing, planned or decommissioned")
    certainty: str = column("how sure the list is of it: confirmed, likely or unlikely")
    is_counted: bool = column("whether the list counts it in its own analyses")
    is_repeated: bool = column("whether the list takes it for a repetition of another of its rows")
    number: int | None = optional("which of its name it is, where the name stands for clusters that are not told")
    one_site: str | None = optional("whether it is one cluster, in the list's words: Yes, No or Unclear")
    operational_on: date | None = optional("first day of operation, or the middle of the period that is told")
    decommissioned_on: date | None = optional("day of its end; the first of the month where no day is told")
    country: str | None = optional("the country that it lies in")
    owner: str | None = optional("who owns it")
    sector: str | None = optional("Private, Public or Public/Private")
    processor: str | None = optional("its accelerator as printed")
    processor_count: float | None = optional("how many of them")
    second_processor: str | None = optional("a second kind of accelerator")
    second_processor_count: float | None = optional("how many of the second kind")
    all_processors_count: float | None = optional("accelerators of all kinds")
    op_per_s_32_bit: float | None = optional("peak rate of all at 32 bits, OP/s")
    op_per_s_16_bit: float | None = optional("peak rate of all at 16 bits, OP/s")
    op_per_s_8_bit: float | None = optional("peak rate of all at 8 bits, OP/s")
    power_watt: float | None = optional("power that it can draw, W, as reported or calculated")
    hardware_cost_usd: float | None = optional("cost of its hardware, USD, as reported or calculated")


@dataclass(frozen=True, slots=True)
class Offer:
    """One row per offer of a provider: what it asks for a processor at one commitment, on a day or in a year."""

    processor: str = column("the processor as printed")
    sheet_name: str | None = column(
        "the processor that it is, by a name of the hardware sheets, as the source's file declares; null where none is declared"
    )
    provider: str = column("who rents or sells, by the name that the source's file gives: aws, gcp, lambda …")
    kind: str = column("rental (USD per processor and hour) or purchase (USD per processor)")
    price_usd: float = column("the price per processor, nominal USD; per hour for rentals; of several the middle one")
    commitment: str | None = optional("on demand, spot, serverless, 6 months, 1 year or 3 years; null of purchases")
    price_usd_low: float | None = optional("the lowest of the offer's prices, where several are printed")
    price_usd_high: float | None = optional("the highest of the offer's prices, where several are printed")
    offered_on: date | None = optional("the day of the offer")
    offered_in: int | None = optional("the year of the offer, where no day is printed")
    region: str | None = optional("where the processor stands, in the source's words")
    processor_count: int | None = optional("processors in the machine that is offered")


@dataclass(frozen=True, slots=True)
class Shipment:
    """One row per kind of accelerator and span of days in which a source estimates how many were shipped."""

    processor: str | None = column("the accelerator as printed; null of all that the manufacturer made")
    manufacturer: str = column("who makes it")
    shipped_from: date = column("first day of the span")
    shipped_until: date = column("last day of the span")
    units: float = column("accelerators shipped, the estimate's median")
    units_low: float | None = optional("its 5th percentile")
    units_high: float | None = optional("its 95th percentile")
    h100_equivalents: float | None = optional("the same as that many H100 by peak rate, the estimate's median")
    power_watt: float | None = optional("power that they draw together, the estimate's median, W")


@dataclass(frozen=True, slots=True)
class RegionCarbon:
    """One row per region of a cloud provider and year whose electricity a source rates."""

    provider: str = column("the cloud provider")
    region: str = column("the provider's key of the region")
    location: str | None = column("where the region is, as printed")
    year: int | None = optional("calendar year of the electricity; null where the source tells none")
    carbon_intensity_g_per_kwh: float | None = optional("emissions of the grid's electricity, g CO2e/kWh")
    carbon_free_share: float | None = optional(
        "share of the hours' energy that was free of carbon, as the provider counts it"
    )
    told_by: str | None = optional("whose figure the source repeats")


@dataclass(frozen=True, slots=True)
class ServerPower:
    """One row per server whose power was measured at full load and idle (SPECpower_ssj2008)."""

    system: str = column("the server as printed")
    processor: str = column("its processors as printed")
    submitted_on: date | None = column("day on which the measurement was submitted")
    chips: int | None = column("processors in it")
    cores: int | None = column("their cores together")
    full_watt: float = column("power at full load, W")
    idle_watt: float = column("power when active and idle, W")
    ssj_op_per_s: float | None = optional("throughput at full load, ssj_ops")


@dataclass(frozen=True, slots=True)
class Footprint:
    """One row per device whose maker reports what it emits from making to end of life."""

    device: str = column("the device as printed")
    manufacturer: str | None = column("who makes it")
    category: str = column("what it is, in the source's words: Workplace, Datacenter …")
    subcategory: str | None = column("the same more closely: Laptop, Server …")
    total_kg_co2e: float = column("emissions over its whole life, kg CO2e")
    manufacturing_share: float | None = optional("share of them that making it emits")
    use_share: float | None = optional("share of them that its use emits")
    lifetime_year: float | None = optional("years of use that the report takes")
    use_location: str | None = optional("where it is used, as the report takes it")
    yearly_kwh: float | None = optional("typical electricity of a year, kWh")


@dataclass(frozen=True, slots=True)
class TimedTraining:
    """One row per group of runs of a system on a task of MLPerf, each timed until it reached a fixed quality: never a point."""

    round: str = column("the round of submissions: v0.5, v0.7 …")
    task: str = column("what is trained: resnet50, ssd, retinanet, bert …; another data set or board is another task")
    quality_target: float = column("the quality at which the clock stops in that round, in the units of its logs")
    timing: str = column("since which round the clock starts as it did here: v0.5 or v0.6")
    division: str | None = column("closed (the reference's network and settings) or open")
    submitter: str = column("who submitted, as the folder is named")
    system: str = column("the system, as its folder is named")
    runs: int = column("runs of the group whose logs are there")
    # A list has no place in a page's facts.
    run_times_s: str = column(
        "seconds of each run that reached the quality, in the order of its files, a blank between two"
    )
    started_s: float = column("when the first of these began, seconds since 1970")
    availability: str | None = optional(
        "whether it can be bought or rented: onprem, cloud, preview, research …, as printed"
    )
    processor: str | None = optional("the accelerator as printed; where the system has none, its host's processor")
    is_accelerator: bool | None = optional("whether that is an accelerator")
    sheet_name: str | None = optional(
        "the processor that it is, by a name of the hardware sheets, as the source's file declares; null where none is declared"
    )
    processor_count: float | None = optional("how many of them the system has; chips, where cores are printed")
    printed_target: float | None = optional("the quality to be reached as the logs print it; only those of v0.5 do")
    quality: float | None = optional("the worst quality that one of these runs ended with, in the units of the target")


Row = (
    Model
    | Result
    | Listing
    | Operations
    | RunPhase
    | Compute
    | Processor
    | CarbonIntensity
    | Price
    | PriceIndex
    | CloudRegion
    | LossPoint
    | ListedTraining
    | ListedScore
    | UnboundedScore
    | SpeedrunRecord
    | Cpu
    | CpuName
    | CpuScore
    | TrendPoint
    | Supercomputer
    | GpuCluster
    | Offer
    | Shipment
    | RegionCarbon
    | ServerPower
    | Footprint
    | TimedTraining
)


@dataclass(frozen=True, slots=True)
class Rejected:
    """One row per record that no row could be taken from (core.quarantine) or cell that was left out (core.rejected_cells)."""

    column_name: str | None = column("the column at fault; null where the record as a whole is")
    literal: str = column("the text at fault, as it stands in the page")
    rule: str = column("the rule that rejected it")
    reason: str = column("what is wrong with it, in a sentence")
    record: str | None = optional(
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
    "listing": Listing,
    "operations": Operations,
    "run_phase": RunPhase,
    "compute": Compute,
    "processor": Processor,
    "carbon_intensity": CarbonIntensity,
    "price": Price,
    "price_index": PriceIndex,
    "cloud_region": CloudRegion,
    "loss_point": LossPoint,
    "listed_training": ListedTraining,
    "listed_score": ListedScore,
    "unbounded_score": UnboundedScore,
    "speedrun_record": SpeedrunRecord,
    "cpu": Cpu,
    "cpu_name": CpuName,
    "cpu_score": CpuScore,
    "trend_point": TrendPoint,
    "supercomputer": Supercomputer,
    "gpu_cluster": GpuCluster,
    "offer": Offer,
    "shipment": Shipment,
    "region_carbon": RegionCarbon,
    "server_power": ServerPower,
    "footprint": Footprint,
    "timed_training": TimedTraining,
    "quarantine": Rejected,
    "rejected_cell": Rejected,
    "duplicate": Duplicate,
    "page_count": PageCount,
}


TYPE_NAMES: dict[type[Any], str] = {
    Model: "model",
    Result: "result",
    Listing: "listing",
    Operations: "operations",
    RunPhase: "run_phase",
    Compute: "compute",
    Processor: "processor",
    CarbonIntensity: "carbon_intensity",
    Price: "price",
    PriceIndex: "price_index",
    CloudRegion: "cloud_region",
    LossPoint: "loss_point",
    ListedTraining: "listed_training",
    ListedScore: "listed_score",
    UnboundedScore: "unbounded_score",
    SpeedrunRecord: "speedrun_record",
    Cpu: "cpu",
    CpuName: "cpu_name",
    CpuScore: "cpu_score",
    TrendPoint: "trend_point",
    Supercomputer: "supercomputer",
    GpuCluster: "gpu_cluster",
    Offer: "offer",
    Shipment: "shipment",
    RegionCarbon: "region_carbon",
    ServerPower: "server_power",
    Footprint: "footprint",
    TimedTraining: "timed_training",
}
