"""The command `compute-limits`."""

from __future__ import annotations

import inspect
import io
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter, Token, validators

from flows import __version__, paths, stops
from flows.errors import UserError

if TYPE_CHECKING:
    from flows.answers import fit_requests

app = App(
    name="compute-limits",
    version=__version__,
    help="The computational limits of deep learning, kept alive: results, hardware and fits in a DuckDB warehouse.",
    help_epilogue=(
        "Data folder: COMPUTE_LIMITS_DATA, else data/. Mirror of the web: COMPUTE_LIMITS_MIRROR=http://host:port. "
        "Facts that ship are read from COMPUTE_LIMITS_FACTS if it is set (empty: none)."
    ),
)


class _Stop(UserError):  # noqa: N818
    """Ends the command with a message on standard error and exit status 1."""


def _named(_: Any, tokens: Sequence[Token]) -> Path:
    """A folder by its name. "", as a variable of the shell that is not set gives, would be the folder that one is in."""
    if not tokens[0].value.strip():
        raise ValueError("the name of the folder is blank; for this folder it is `.`")
    return Path(tokens[0].value)


@app.command
def refresh(
    *,
    source: Annotated[list[str] | None, Parameter(negative="")] = None,
    offline: Annotated[bool, Parameter(negative="")] = False,
    strict: Annotated[bool, Parameter(negative="")] = False,
    fresh: Annotated[bool, Parameter(negative="")] = False,
    as_of: date | None = None,
    notify: str | None = None,
    dask: str | None = None,
) -> None:
    """Fetch the sources, rebuild the warehouse and show the cost table.

    A source that cannot be fetched or read falls back to what is kept, or to the facts that ship, and is marked stale.

    Parameters
    ----------
    source
        Fetch this source only (may be given several times); the others are used as they are kept.
    offline
        Fetch nothing.
    strict
        End with exit status 1 if a source is stale or absent.
    fresh
        Build all anew; else what has not changed is taken over from the warehouse that is there.
    as_of
        Backfill: fetch the pages as they stood on this day, from a mirror or an archive (COMPUTE_LIMITS_MIRROR), keep them as
        retrieved on it, and build as of it. With --offline: build as of this day from what is kept. Default: today.
    notify
        POST to this address what is news: the run failed or is degraded, a page is held back or has changed, a number moved out of
        its interval, a new best result. JSON with a text that chats show. Default: COMPUTE_LIMITS_NOTIFY, which no list of
        processes shows.
    dask
        Parse pages and fit lines on the workers of this Dask scheduler, as tcp://host:8786, with the same tables as here. Default:
        COMPUTE_LIMITS_DASK; without it all is computed on this machine.
    """
    from flows import notices

    _check_sources(source)
    _compute_on(dask)
    if notify is not None:
        os.environ[notices.VARIABLE] = notify
    notices.address()  # what is wrong with it is said now, and not after a server has started
    _prepare_prefect()
    from flows.refresh import run

    ended = run(source, offline=offline, as_of=as_of, fresh=fresh)
    _show(ended["warnings"], built=True)
    _end(strict=strict)


@app.command
def build(
    *,
    strict: Annotated[bool, Parameter(negative="")] = False,
    fresh: Annotated[bool, Parameter(negative="")] = False,
    as_of: date | None = None,
    published_before: date | None = None,
    dask: str | None = None,
) -> None:
    """Rebuild the warehouse from kept pages and the facts that ship, without a network.

    Parameters
    ----------
    strict
        End with exit status 1 if a source is stale or absent.
    fresh
        Build all anew; else what has not changed is taken over from the warehouse that is there.
    as_of
        Build as of this day: pages retrieved later are left out. Default: today.
    published_before
        Only what was published before this day is a point or counts to the growth of models: what the pages of today tell of
        that time. What has no known day is left out too; core.left_out lists both.
    dask
        Parse pages and fit lines on the workers of this Dask scheduler, as tcp://host:8786, with the same tables as here. Default:
        COMPUTE_LIMITS_DASK; without it all is computed on this machine.
    """
    from flows import progress, runs
    from flows.build import run
    from flows.warehouse import reading

    _compute_on(dask)
    # Held open while it is read for the log and for the report: to open it takes longer than either asks of it.
    with ExitStack() as held:
        with runs.recorded("build"), progress.steps() as step:
            warnings = run(
                *(paths.raw(), paths.shipped_raw(), paths.warehouse(), as_of or _today(), step),
                fresh=fresh, published_before=published_before,
            )  # fmt: skip
            held.enter_context(reading.read(paths.warehouse()))
        _show(warnings, built=True)
    _end(strict=strict)


@app.command
def sql(
    query: str,
    *,
    format: Literal["table", "csv", "json", "parquet"] = "table",  # noqa: A002
    output: Path | None = None,
    timeout: float | None = None,
    memory: str | None = None,
) -> None:
    """Run one SELECT or EXPLAIN over the warehouse: read only, without access to files or network.

    Parameters
    ----------
    query
        The SELECT (SHOW, DESCRIBE, SUMMARIZE and FROM are) or EXPLAIN.
    format
        How the result is written; json is an array of records. A table shows the first 200 rows on a terminal and 10,000
        elsewhere, and says how many are left; the others have all.
    output
        The file to write; default: standard output.
    timeout
        End the query after so many seconds. Default: 60.
    memory
        End the query when it takes more memory than this, 500MB or 4GB. Default: 2GB.
    """
    from flows.answers import query_answers, query_limits

    query_answers.write(paths.warehouse(), query, format, output, query_limits.limits(timeout, memory))


@app.command
def report(
    folder: Annotated[Path | None, Parameter(converter=_named)] = None,
    *,
    svg: Path | None = None,
    open: Annotated[bool, Parameter(negative="")] = False,  # noqa: A002
    figures: bool = True,
) -> None:
    """Show the cost tables and the sources again, as at the end of a refresh; or write the report's pages to a folder.

    The pages need no server: `index.html` opens in any browser. They ask for nothing from outside.

    Parameters
    ----------
    folder
        Write the pages to this folder, made if it is not there.
    svg
        Draw the cost tables to this SVG file instead.
    open
        Open the first page in a browser.
    figures
        Draw the figures for print too, which pages link to; without them the pages come in half of the time.
    """
    from flows.answers import queries
    from flows.publish import reports

    if folder is not None:
        _write_report(folder, svg, is_opened=open, has_figures=figures)
        return
    if open:
        raise _Stop("--open opens the pages of a folder; name one: `compute-limits report DIR --open`")
    if not paths.warehouse().is_file():
        raise _Stop(f"no warehouse at {paths.warehouse()}; run `compute-limits build` (no network needed)")
    with queries.of_this_version(paths.warehouse()):
        if svg is None:
            _show()
        else:
            reports.draw(paths.warehouse(), svg)


@app.command
def sources() -> None:
    """Show each source: its state, age, licence, and what became of its rows."""
    from flows.answers import queries, rendering
    from flows.publish import reports

    with queries.of_this_version(paths.warehouse()), queries.connect(paths.warehouse()) as con:
        reports.sources(con, rendering.console())


@app.command
def status(
    *,
    max_age: timedelta = timedelta(days=8),
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Show whether the warehouse is kept up to date: last run, newest whole run, age of the newest page, what is not fresh.

    Exit status, for what watches the machine: 0 if all is well; 1, with why, if no run is recorded, the last one failed, none
    that asked every source and found each fresh is younger than --max-age, or nothing is published.

    Parameters
    ----------
    max_age
        How old the newest whole run may be: 36h, 8d, 1w2d.
    json
        Write JSON: is_good, reason, last_run, newest_whole_run, newest_page_on, newest_page_age_days, not_fresh, overdue.
    """
    from flows.answers import layouts, rendering
    from flows.status import as_tree, lines, wrong
    from flows.status import status as found_at

    found = found_at(max_age, datetime.now(UTC))
    if json:
        _write((rendering.as_json(as_tree(found)) + "\n").encode())
    else:
        out = rendering.console()
        for line in lines(found):
            layouts.say(rendering.printable(line), out)
    if reason := wrong(found):
        raise _Stop(reason)


def _check_form(_: Any, form: str) -> None:
    """Wrong usage where there is no such form."""
    from flows.answers.growth_fits import FORM
    from flows.fits.forms import FORMS

    if form not in (*FORMS, FORM):
        raise ValueError(f"no form {form!r}; there are: {', '.join((*FORMS, FORM))}")


@app.command
def fit(
    *,
    y: str,
    x: str | None = None,
    n: str | None = None,
    d: str | None = None,
    csv: Path | None = None,
    query: str | None = None,
    delimiter: str | None = None,
    decimal: Literal[".", ","] | None = None,
    form: Annotated[str, Parameter(validator=_check_form)] = "polynomial",
    estimator: str | None = None,
    direction: Literal["y_on_x", "x_on_y", "both"] = "y_on_x",
    x_error: str | None = None,
    y_error: str | None = None,
    scatter: bool = True,
    variance_ratio: float | None = None,
    cluster: str | None = None,
    year: str | None = None,
    select: Literal["all", "frontier", "best_per_paper", "best_per_year"] = "all",
    percent: Annotated[bool, Parameter(negative="")] = False,
    fraction: Annotated[bool, Parameter(negative="")] = False,
    irreducible_error: float | None = None,
    guessing: float | None = None,
    bootstrap: int | None = None,
    seed: int | None = None,
    at: float | None = None,
    solve: float | None = None,
    equal_exponents: Annotated[bool, Parameter(negative="")] = False,
    at_n: float | None = None,
    at_d: float | None = None,
    flop: float | None = None,
    level: float = 0.95,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Fit a line to two columns of a CSV file or of a query over the warehouse.

    linear: y = a + b x. polynomial: log10(1/y) = a + b log10 x. exponential: 1/y = a + b log10 x. asymptotic: y = E + A x^-b,
    where the intercept told is -log10 A. logistic, with g the error of guessing: log10((g - y) / (y - E)) = a + b log10 x. But
    in linear x is computation in any unit and y an error or a loss.
    growth: log10 y = a + b x, where x is a date (2019-05-01, 2019-05, 2019, 2019.37) and y anything above 0; it tells the
    factor a year, the doubling time, and whether and when the rate changed.
    With --n and --d in the place of --x: y = E + A n^-alpha + B d^-beta, a loss by parameters and tokens.

    Parameters
    ----------
    y
        The column of y.
    x
        The column of x.
    n
        The column of parameters (or another size), beside --d.
    d
        The column of tokens (or other data), beside --n.
    csv
        The CSV file, UTF-8 or UTF-16. A record without x or y is left out, and counted.
    query
        A SELECT over the warehouse.
    delimiter
        What parts the cells: a character, or comma, semicolon, tab. Default: that of these which the header has.
    decimal
        What begins the decimals. Default: what the numbers show; asked for where 1,014 may be either.
    form
        linear, polynomial, exponential, asymptotic, logistic, another of flows/fits/forms.py, or growth (over time).
    estimator
        ols (default), ols_hc3, quantile:TAU (of the error: quantile:0.1 is the frontier of low errors; in linear of y),
        huber, theil_sen, deming, york (default with --x-error or --y-error), or another of flows/fits/estimators.py; of the
        asymptotic form huber_log too, Huber's loss of the logarithm of y, which odd points do not undo.
        With --n and --d: huber (default; of log y, cut at 0.001), or ols (least squares of y).
    direction
        Regress y on x, x on y (told as a line of y), or both.
    x_error
        The column of standard deviations of x (1/sqrt(weight)), in units of x.
    y_error
        The column of standard deviations of y, in units of y.
    scatter
        York: y scatters beyond its errors, by as much as the points show. Without it, the errors given are all there is.
    variance_ratio
        Deming: variance of the error of y over that of x, as the form has them. Default: 1.
    cluster
        The column that names the paper: intervals (of ols, quantile, curves and the years), the bootstrap and
        best_per_paper go by it. In growth it may name the laboratory: those are the blocks of the
        bootstrap, instead of ten of consecutive dates.
    year
        The column of the year: for frontier and best_per_year, and for years per ten times the computation (polynomial).
    select
        Which points: all, better than all before (frontier), or the lowest error of each paper or year. Points chosen by their
        error give a line without intervals (quantile:0.1 through all has one).
    percent
        y is an error in percent: divided by 100, so that it is a fraction of at most 1 in all that is told and asked.
    fraction
        y is an error of at most 1, as --percent makes it. Default: it has no bound, as a loss.
    irreducible_error
        Hold E of the asymptotic form at this value.
    guessing
        The error of a model that guesses, from which the logistic form falls: 0.75 where one of four answers is right.
    bootstrap
        How many resamples; 10000 is usual. Percentile and BCa intervals of the slope. With --n and --d 1000 are taken (some
        seconds for a few hundred points, in proportion to both numbers); percentile intervals of every figure.
    seed
        Seed of the bootstrap. Default: that of flows/declared/estimation.toml.
    at
        Tell y at this x, with the interval of the line and of a new point.
    solve
        Tell the x at which the line reaches this y, with both intervals.
    equal_exponents
        With --n and --d: hold alpha and beta equal.
    at_n
        With --n and --d: tell y at this n, and the d of --at-d.
    at_d
        With --n and --d: tell y at this d, and the n of --at-n.
    flop
        With --n and --d: tell the n and d of least y for this computation, 6 n d.
    level
        Probability that an interval covers.
    json
        Write JSON: n, intercept, slope, se, p, r_squared, low, high, exponent, aic, bic, log_likelihood, left_out, notes
        and more. With --n and --d: E, A, B, alpha, beta, n_exponent and loss_exponent (of the best split of computation),
        each with _low, _high, _se.
    """
    given = _given(fit, locals())
    from threadpoolctl import threadpool_limits

    from flows.answers import fit_requests, growth_fits, line_fits, two_variable_fits
    from flows.declared import settings

    two_variable_fits.refuse_others(given)
    if n is not None:
        _two_variables(_points(csv, query, {"x": n, "y": y, "d": d}, delimiter, decimal), given, json=json)
        return
    declared = settings.estimation()
    columns = {"x": x, "y": y, "x_error": x_error, "y_error": y_error, "cluster": cluster, "year": year}
    if form == "growth":
        growth_fits.refuse_others(given)
        _growth(csv, query, columns, delimiter, decimal, level=level, resamples=bootstrap, seed=seed, json=json)
        return
    points = _points(csv, query, columns, delimiter, decimal)
    request = fit_requests.Request(
        form=form,
        estimator=estimator,
        direction=direction,
        select=select,
        level=level,
        irreducible_error=irreducible_error,
        guessing=guessing,
        variance_ratio=variance_ratio,
        bootstrap=bootstrap,
        seed=declared.bootstrap.seed if seed is None else seed,
        at=at,
        solve=solve,
        fraction=fraction,
        percent=percent,
        scatter=scatter,
        supported_ranges=declared.supported_ranges,
    )
    with threadpool_limits(1):
        line = line_fits.fit(points, request)
    _tell(line, json=json)


@app.command
def cost(
    *,
    benchmark: str,
    error: str,
    scenario: str = "h100_2026",
    region: str = "world",
    metric: str | None = None,
    measure: Literal["hardware_burden", "consolidated_burden", "training_compute"] | None = None,
    form: str | None = None,
    row_set: str = "current",
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Tell what it would cost to reach an error: computation, hours, electricity, emissions and money, with intervals.

    The interval carries that of the fitted line, the spread of prices, and ranges of utilisation, power drawn and PUE; what
    part each has in it is told.

    Parameters
    ----------
    benchmark
        The benchmark: imagenet, coco, squad, conll, wmt_en_fr, mmlu, gsm8k and others.
    error
        The error to be reached, 5% or 0.05.
    scenario
        A scenario that ships (paper_2020, p100_2017, v100_2020, a100_2023, h100_2026, h100_providers_2026, h200_2026,
        b200_2026, tpu_v5e_2025, tpu_v6e_2025) or a TOML file of the same kind.
    region
        Whose electricity: an ISO code (FR, FRA), a country's name, world, or a cloud's region (gcp:europe-west1).
    metric
        The metric whose error it is. Default: the benchmark's first.
    measure
        What computation is counted. Default: hardware_burden, and training_compute of language models.
    form
        A form that the benchmark's file declares, polynomial or exponential. Default: each of them.
    row_set
        Whose rows: current, paper_v1 or paper_v2.
    json
        Write JSON: all numbers as log10, every factor and price that was used.
    """
    from flows.answers import cost_quotes, layouts, rendering

    quote = cost_quotes.quote(
        paths.warehouse(),
        cost_quotes.Request(
            benchmark=benchmark,
            error=error,
            scenario=scenario,
            region=region,
            metric=metric,
            measure=measure,
            form=form,
            row_set=row_set,
        ),
    )
    if json:
        _write((rendering.as_json(quote) + "\n").encode())
    else:
        out = rendering.console()
        for line in cost_quotes.lines(quote, narrow=out.is_terminal and out.width < cost_quotes.WIDTH):
            layouts.say(rendering.printable(line), out)


@app.command
def audit(
    benchmark: str | None = None,
    *,
    metric: str | None = None,
    measure: Literal[
        "hardware_burden", "operations_per_pass", "training_compute", "consolidated_burden", "network_operations"
    ]
    | None = None,
    limit: Annotated[int | None, Parameter(validator=validators.Number(gte=1))] = None,
    format: Literal["table", "csv", "json"] = "table",  # noqa: A002
    output: Path | None = None,
) -> None:
    """Show what to look at before a line is cited, for each domain or one: some ten minutes for one line.

    The points that decide the line, those farthest from it, findings on its points, sources that differ twofold or more, what is
    unknown, and trainings that look alike; each with the place in the page where it can be seen.

    Parameters
    ----------
    benchmark
        The benchmark: imagenet, coco, squad, conll, wmt_en_fr, mmlu, gsm8k and others. Default: each of them.
    metric
        The metric. Default: each of the benchmark's.
    measure
        What computation is counted. Default: the first of hardware_burden, operations_per_pass and training_compute with a line.
    limit
        How many items of each kind, at most 50. Default: 5, and 1 where no benchmark is named.
    format
        How it is written; csv and json have the keys and addresses of all rows.
    output
        The file to write; default: standard output.
    """
    from flows.answers import audits, outputs, rendering

    rows = audits.items(
        paths.warehouse(), audits.Request(benchmark=benchmark, metric=metric, measure=measure, limit=limit)
    )
    if format == "csv":
        outputs.write(output, rendering.as_csv(list(rows[0]), (row.values() for row in rows)).encode())
    elif format == "json":
        outputs.write(output, (rendering.as_json(rows) + "\n").encode())
    elif output is None:
        audits.show(rows, rendering.console())
    else:
        outputs.write(output, rendering.as_text(lambda out: audits.show(rows, out)))


@app.command
def trace(
    table: str,
    *conditions: str,
    json: Annotated[bool, Parameter(negative="")] = False,
    csv: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Follow a published value down to the rows that it was made of and the bytes that those were read from.

    Each step is a table and its rows; the trace ends at places in pages (with address, day, SHA-256 and licence) and at files
    in which something was declared.

    Parameters
    ----------
    table
        The table: marts.costs, marts.exponents, fits.points, core.results or any other of core, fits, marts and exports.
    conditions
        Which row: column=value, several of them. A number is met to the digits that are given; column= is met by null.
    json
        Write JSON: all rows of all steps, all records and files, all pages.
    csv
        Write CSV: a line for each place in a page or file that a step ends at.
    """
    from functools import partial

    from flows.answers import rendering, trace_trees, traces
    from flows.pages import snapshots

    _check_one(json=json, csv=csv)
    roots = [root for root in (paths.raw(), paths.shipped_raw()) if root is not None]
    traced = traces.trace(paths.warehouse(), table, conditions, partial(snapshots.kept_at, roots))
    if json:
        _write((rendering.as_json(traces.as_tree(traced)) + "\n").encode())
    elif csv:
        _write(rendering.as_csv(traces.COLUMNS, traces.as_rows(traced)).encode())
    else:
        trace_trees.show(traced, rendering.console())


@app.command
def changes(
    *,
    since: date | None = None,
    until: date | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
    csv: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Show what moved since an earlier state of the warehouse, and why: exponents, lowest errors, the points behind them.

    Parameters
    ----------
    since
        Since the newest state of the ledger (data/ledger) of this day or before. Default: the state that the warehouse was held
        against when it was built.
    until
        Until the newest state of this day or before. Default: the published warehouse.
    json
        Write JSON: every number with its causes, every point and page that changed.
    csv
        Write CSV: a line for each number and cause, projections and costs too.
    """
    from flows.answers import moved_numbers, rendering

    _check_one(json=json, csv=csv)
    found = moved_numbers.changes(paths.warehouse(), since, until)
    if json:
        _write((rendering.as_json(moved_numbers.as_tree(found)) + "\n").encode())
    elif csv:
        _write(rendering.as_csv(moved_numbers.COLUMNS, moved_numbers.as_rows(found)).encode())
    else:
        moved_numbers.show(found, rendering.console())


@app.command
def quarantine(
    source: str | None = None,
    *,
    json: Annotated[bool, Parameter(negative="")] = False,
    csv: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Show what was rejected: records and single cells, with the reason, what stood there, and where.

    Parameters
    ----------
    source
        Of this source. Default: of all, but how many alone.
    json
        Write JSON: every record and cell, with the address of its page.
    csv
        Write the same as CSV.
    """
    from flows.answers import rejections, rendering

    _check_one(json=json, csv=csv)
    rows = rejections.rejected(paths.warehouse(), source)
    if json:
        _write((rendering.as_json(rows) + "\n").encode())
    elif csv:
        _write(rendering.as_csv(rejections.COLUMNS, (row.values() for row in rows)).encode())
    else:
        rejections.show(rows, rendering.console(), counts_alone=source is None)


@app.command
def theory(*, output: Path | None = None, processes: int = 1, dask: str | None = None) -> None:
    """Run the simulation behind Figure 1 again, but only what changed in its parameters, and tell what comes out.

    The parameters are those of flows/declared/theory.toml. All of it anew takes minutes on two processors.

    Parameters
    ----------
    output
        The CSV file of results; what it holds of the same parameters is kept. Default: the results that ship.
    processes
        How many processes compute.
    dask
        Compute on the workers of this Dask scheduler instead, as tcp://host:8786; the bytes are the same. Default:
        COMPUTE_LIMITS_DASK.
    """
    from flows import cluster, progress
    from flows.answers import outputs, rendering
    from flows.theory import match, settings, table

    if output is not None:
        outputs.check(output)
    configuration = settings.configuration()
    _compute_on(dask)
    with cluster.asked_for() as machines, progress.steps() as step:
        elsewhere = None if machines is None else machines.simulated
        rows = table.write(output or table.SHIPPED, configuration.settings, step, processes, elsewhere)
    reading = configuration.reading
    out = rendering.console()
    out.print(
        f"Observations for the error of the {reading.reference_model} with {reading.reference_observations} "
        f"({reading.level:.0%} intervals; flows/declared/theory.toml says what each setting changes)",
        soft_wrap=True,
    )
    for line in match.lines(match.sensitivity(rows, reading)):
        out.print(line, highlight=False)


@app.command
def forecast(*, until: date | None = None, years: int = 3, benchmark: str | None = None) -> None:
    """Write dated statements on later results to the register of forecasts, which is only ever added to.

    The error at a computation, the computation of an error and the growth of the computation in each of the next years, each by
    a line, calibrated where enough was predicted before, and by two naive methods. Results that come later score them in
    marts.forecast_scores. A statement that is registered already is refused, and nothing is written.

    Parameters
    ----------
    until
        Use what had been released by this day alone: hindcasts. Default: the day of the warehouse's newest page.
    years
        How many years ahead.
    benchmark
        On this benchmark alone.
    """
    from threadpoolctl import threadpool_limits

    from flows.answers import forecasts

    with threadpool_limits(1):
        many, where = forecasts.register(paths.warehouse(), until, years, benchmark)
    print(f"{many} statements added to {where}")


@app.command
def export(
    folder: Annotated[Path, Parameter(converter=_named)],
    *,
    warehouse: Annotated[bool, Parameter(negative="")] = False,
    hive: Annotated[bool, Parameter(negative="")] = False,
    table: Annotated[list[str] | None, Parameter(negative="")] = None,
    figure: Annotated[list[str] | None, Parameter(negative="")] = None,
    format: Annotated[list[str] | None, Parameter(negative="")] = None,  # noqa: A002
    row_set: Annotated[list[str] | None, Parameter(negative="")] = None,
    width: str = "column",
    long: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Write tables, figures, numbers and references to a folder, for a paper, a page, or to be deposited as it is.

    Without --table and --figure it is a data package: every file is listed with its SHA-256 in datapackage.json and croissant.json.

    Parameters
    ----------
    folder
        Where to; made if it is not there. Figures go to figures in it.
    warehouse
        Write every table of core and marts too, as Parquet with descriptions and units.
    hive
        Write every table of core and marts and nothing else, as Parquet in Hive's partitions that others read meanwhile: a new
        snapshot each time, which the link latest in the folder names when it is whole.
    table
        This table only (may be given several times): figure_3, figure_3_today, exponents, growth, backtest, forecasts, sources,
        numbers or another of the schema exports.
    figure
        This figure only (may be given several times): figure_1a, scaling_imagenet, domains or any other. They go to figures/.
    format
        csv, parquet, latex, html, md, and pdf, svg, png of figures, parted by commas. Default: all.
    row_set
        Rows of this row set (current, paper_v1, paper_v2) in tables that have several. Default: in CSV all, else each table's own.
    width
        Of LaTeX tables: column, or page (in two columns, as wide as both).
    long
        LaTeX tables over as many pages as they take (longtable, in one column), those too that are too long for a float.
    """
    if hive:
        if warehouse or table or figure or format or row_set or long or width != "column":
            raise UserError("--hive writes core and marts whole, and nothing else; give no other option with it")
        return _export_hive(folder)
    from flows.publish import exports

    is_all = not table and not figure
    request = exports.Request(
        tables=None if is_all else _parted(table),
        figures=None if is_all else _parted(figure),
        formats=exports.FORMATS if format is None else _parted(format),
        row_sets=_parted(row_set),
        width=width,
        is_long=long,
        has_warehouse=warehouse,
    )
    for path in exports.export(paths.warehouse(), folder, request):
        print(path)
    return None


def _export_hive(folder: Path) -> None:
    from flows.publish import hive

    written = hive.write(paths.warehouse(), folder)
    print(f"{folder / hive.LATEST} is {written.folder}: {written.tables} tables in {written.files} files")


def _parted(given: list[str] | None) -> list[str]:
    """Names that were given each by itself or parted by commas."""
    return [name.strip() for one in given or () for name in one.split(",") if name.strip()]


@app.command
def bundle(
    *,
    source: Annotated[list[str] | None, Parameter(negative="")] = None,
    past: Annotated[list[date] | None, Parameter(negative="")] = None,
) -> None:
    """Write the facts that ship, taken from the kept pages, to raw/ in the data folder (for maintainers).

    Parameters
    ----------
    source
        Of this source only (may be given several times). Default: of all.
    past
        A past day (may be given several times): in place of the newest pages, write which versions stood on these days, and the
        facts of those that do not ship yet, to past/ in the data folder.
    """
    from flows.pages import bundling
    from flows.sources import names
    from flows.sources import source as declared

    _check_sources(source)
    if past:
        folder = paths.data() / "past"
        sizes = {
            name: bundling.bundle_past(declared(name), paths.raw(), paths.SHIPPED_RAW, folder, sorted(past))
            for name in source or names()
        }
    else:
        sizes = bundling.bundle_each(source or names(), paths.raw(), _today())
    for name, size in sizes.items():
        print(f"{name:20} {size / 1e6:.2f} MB")
    print(f"{'in all':20} {sum(sizes.values()) / 1e6:.2f} MB")


@app.command
def accept(source: str, page: str, sha256: str) -> None:
    """Use a page that was held back: it is right as it stands, and later versions of it are held against it.

    Pages that are held back are in meta.held_pages, with the figures that are beyond their bounds. The decision is a line of
    accepted.jsonl, beside the lock; the next build reads it.

    Parameters
    ----------
    source
        The source.
    page
        The page, as meta.pages names it.
    sha256
        The SHA-256 of its bytes, or the beginning of it.
    """
    from flows.pages import decisions
    from flows.sources import source as source_of

    raw, shipped = paths.raw(), paths.shipped_raw()
    locks = list(dict.fromkeys(filter(None, (raw, shipped))))
    accepted = decisions.accept(source_of(source), page, sha256, raw, locks)
    if accepted is None:
        print(f"{source}, page {page}: it was accepted before")
    else:
        print(
            f"{source}, page {page}: {accepted} is accepted in {raw / source / decisions.ACCEPTED}; run `compute-limits build`"
        )


@app.command
def verify() -> None:
    """Check that pages and facts are what their lock says, and that the warehouse holds the rows that they give.

    A line for each check; exit status 1 where something is wrong, with what it is and what to do. Nothing is changed.
    """
    from flows.pages import integrity

    wrong = 0
    for check in integrity.checks(paths.raw(), paths.shipped_raw(), paths.warehouse()):
        print(f"{'WRONG' if check.wrong else 'ok':6}{check.what}", *(f"      {one}" for one in check.wrong), sep="\n")
        wrong += len(check.wrong)
    if wrong:
        raise _Stop(f"not as it should be: {wrong} of what is listed above; nothing was changed")


@app.command
def review(output: Path | None = None) -> None:
    """Write names that look alike and are not merged to a CSV file, for a person to judge.

    Parameters
    ----------
    output
        The file; default: review/merges.csv in the data folder.
    """
    from flows.answers import merge_candidates

    path = output or paths.data() / "review" / "merges.csv"
    count = merge_candidates.write(paths.warehouse(), path)
    print(f"{count} candidates in {path}; copy what is the same to flows/declared/merges.toml")


@app.command
def serve(
    *,
    cron: str | None = None,
    every: str | None = None,
    timezone: str = "UTC",
    port: Annotated[int | None, Parameter(validator=validators.Number(gte=1, lte=65535))] = None,
    strict: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Keep the refresh on schedule until stopped, by Ctrl-C or SIGTERM; a Prefect server is started if none is configured.

    A run that was missed, while the machine slept or nothing ran, is made up for: one for all. Each run ends in a line on
    standard output. Prefect's records are kept of the last 90 days, and of 1,000 runs at most. A stop ends what is under way,
    with exit status 0; a second one ends all at once.

    Parameters
    ----------
    cron
        A cron schedule of five fields, such as "0 6 * * 1" for Mondays at six, or @weekly and the like.
    every
        An interval, counted from midnight of a Monday: 20s, 15m, 6h; 1d is every midnight, 7d Monday's.
    timezone
        The time zone of the schedule, as IANA names it: Europe/Berlin.
    port
        The port of the server that is started, and of its dashboard, on this machine alone. Default: 4200.
    strict
        Call a run failed if a source is stale or absent.
    """
    _prepare_prefect()
    from flows.serve import keep_on_schedule

    keep_on_schedule(cron, every, timezone, port, strict=strict)


def _compute_on(dask: str | None) -> None:
    """Let what computes know of the scheduler that was named."""
    from flows import cluster

    if dask is not None:
        os.environ[cluster.VARIABLE] = dask


def _today() -> date:
    return datetime.now(UTC).date()


def _check_sources(keys: list[str] | None) -> None:
    from flows.sources import source

    for key in keys or []:
        source(key)


def _given(command: Callable[..., Any], values: dict[str, Any]) -> dict[str, Any]:
    """The options of a command that were given with another value than their default; a flag that is turned off as no_<name>."""
    defaults = {name: option.default for name, option in inspect.signature(command).parameters.items()}
    changed = {name: default for name, default in defaults.items() if values[name] != default}
    return {f"no_{name}" if default is True else name: values[name] for name, default in changed.items()}


def _two_variables(points: fit_requests.Data, given: dict[str, Any], *, json: bool) -> None:
    """Fit the law of two variables, with progress of its resamples, and tell it."""
    from threadpoolctl import threadpool_limits

    from flows import progress
    from flows.answers import two_variable_fits
    from flows.declared import settings

    taken = {name: given[name] for name in two_variable_fits.REQUESTED if name in given}
    request = two_variable_fits.Request(**{"seed": settings.estimation().bootstrap.seed} | taken)
    with progress.bar("fit", two_variable_fits.marks(request)) as done, threadpool_limits(1):
        law = two_variable_fits.fit(points, request, done)
    _tell(law | {"left_out": len(points.left_out), "notes": list(points.notes)}, json=json)


def _write_report(folder: Path, svg: Path | None, *, is_opened: bool, has_figures: bool) -> None:
    import webbrowser

    from flows.publish.report import writing

    if svg is not None:
        raise _Stop("--svg draws the cost tables of the terminal; it goes without a folder")
    first = writing.write(paths.warehouse(), folder, has_figures=has_figures)
    print(first)
    if is_opened and not webbrowser.open(first.resolve().as_uri()):
        raise _Stop(f"no browser was found; open {first.resolve()} in one")


def _tell(answer: dict[str, Any], *, json: bool) -> None:
    """Print a fit, its notes last."""
    from flows.answers import layouts, rendering

    if json:
        _write((rendering.as_json(answer) + "\n").encode())
        return
    notes, out = answer.pop("notes"), rendering.console()
    for name, value in rendering.lines(answer):
        layouts.say(f"{name:31} {value}", out)
    for note in notes:
        layouts.say(rendering.note(note, min(80, out.width)), out)


def _points(
    csv: Path | None, query: str | None, columns: dict[str, str | None], delimiter: str | None, decimal: str | None
) -> fit_requests.Data:
    """The points of a fit; `columns` without those that are not asked for."""
    from flows.answers import fit_points

    _check_place(csv, query, delimiter, decimal)
    wanted = {name: column for name, column in columns.items() if column is not None}
    if csv is not None:
        return fit_points.points_of_csv(csv, wanted, delimiter, decimal)
    return fit_points.points_of_query(paths.warehouse(), query or "", wanted)


def _check_place(csv: Path | None, query: str | None, delimiter: str | None, decimal: str | None) -> None:
    if (csv is None) == (query is None):
        raise _Stop("give either --csv FILE or --query SELECT")
    if query is not None and (delimiter or decimal):
        raise _Stop("--delimiter and --decimal are of a file, --csv")


def _growth(
    csv: Path | None,
    query: str | None,
    columns: dict[str, str | None],
    delimiter: str | None,
    decimal: str | None,
    *,
    level: float,
    resamples: int | None,
    seed: int | None,
    json: bool,
) -> None:
    """Fit growth over time to a file or a query, and tell it."""
    from threadpoolctl import threadpool_limits

    from flows.answers import dated_points, growth_fits, layouts, rendering
    from flows.declared import settings

    _check_place(csv, query, delimiter, decimal)
    wanted = {name: column for name, column in columns.items() if column is not None}
    if csv is not None:
        points = dated_points.points_of_csv(csv, wanted, delimiter, decimal)
    else:
        points = dated_points.points_of_query(paths.warehouse(), query or "", wanted)
    declared = settings.estimation().bootstrap
    many = declared.resamples if resamples is None else resamples
    request = growth_fits.Request(level, many, declared.seed if seed is None else seed)
    with threadpool_limits(1):
        answer = growth_fits.fit(points, request)
    if json:
        _write((rendering.as_json(answer) + "\n").encode())
    else:
        out = rendering.console()
        for line in growth_fits.lines(answer):
            layouts.say(rendering.printable(line), out)


def _check_one(*, json: bool, csv: bool) -> None:
    if json and csv:
        raise _Stop("give either --json or --csv")


def _write(body: bytes) -> None:
    from flows.answers import outputs

    outputs.write(None, body)


def _prepare_prefect() -> None:
    """Before Prefect is imported: time for its temporary server on a busy machine, and no log on the console."""
    paths.data()  # what is wrong with it is said now, and not after a server has started
    for name, value in {
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_LEVEL": "WARNING",
        # What goes wrong is told at the end, once; Prefect keeps its own record.
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    }.items():
        os.environ.setdefault(name, value)


def _show(warnings: Iterable[str] = (), *, built: bool = False) -> None:
    """The report, the warnings of a build, what there is after it, and last whether it is degraded."""
    from flows.answers import moved_numbers, queries, rendering
    from flows.pages import states
    from flows.publish import reports

    path = paths.warehouse()
    # One connection for all: opening one takes longer than all that is asked of it.
    with queries.of_this_version(path), queries.connect(path) as con:
        rows = con.execute(states.ROWS).fetchall()
        at_hand = reports.at_hand(con, path) if built else []
        if built and (moved := moved_numbers.at_hand(con)):
            at_hand.insert(-1, moved)
        closing = [*(f"warning: {warning}" for warning in warnings), *at_hand, *states.degraded(rows)]
        reports.show(con, rendering.console(), closing)


def _end(*, strict: bool) -> None:
    from flows.answers import queries
    from flows.pages import states

    if not strict:
        return
    result = queries.own(paths.warehouse(), f"select source, state from meta.sources where state in {states.DEGRADED}")
    if result.rows:
        raise _Stop("not all sources are fresh: " + ", ".join(f"{source} is {state}" for source, state in result.rows))


# A message quotes what it found, which may be a cell of a million digits.
_LINE_MAX = 2_000


def _cut(message: str) -> str:
    """A message none of whose lines fills a screen."""
    return "\n".join(
        line if len(line) <= _LINE_MAX else f"{line[:_LINE_MAX]}… and {len(line) - _LINE_MAX:,} characters more"
        for line in message.splitlines()
    )


def main(argv: list[str] | None = None) -> None:
    """Run the command line; exit status 0, 1 with a message on standard error, or 2 for wrong usage."""
    stops.raise_them()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # What a terminal of another encoding than UTF-8 cannot show is no reason to end a run.
            stream.reconfigure(errors="backslashreplace")
    message = ""
    try:
        with stops.told():
            _run(argv)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has what it wanted (`| head`); what is left is not told to anybody, not at the exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(141) from None
    except KeyboardInterrupt:
        # Who presses Ctrl-C knows why it ends. Raised on, it ends as Python has it: with what is due at the exit, by SIGINT.
        sys.excepthook = lambda *_: print("stopped", file=sys.stderr)
        raise
    except UserError as error:
        message = str(error)
    except OSError as error:
        from flows.answers import outputs

        message = outputs.fault(error)
        if error.filename is None:
            # What could not be written would be tried once more at the exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    # Outside of the handler, so that what the error holds on to (an open warehouse) is let go before the exit.
    if message:
        from flows.answers.rendering import printable

        print(f"error: {printable(_cut(message))}", file=sys.stderr)
        raise SystemExit(1)


def _run(argv: list[str] | None) -> Any:
    call: Callable[..., Any] = app
    return call(argv)


if __name__ == "__main__":
    main()
