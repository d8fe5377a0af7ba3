"""`make bench`: batched resamples beside loops of statsmodels and scipy over the same resamples, in one process.

The samples are the paper's six benchmarks (rows of 2020, hardware burden), 10,000 resamples each. The loops run on the first
resamples only (how many is printed) and are scaled up. Then the whole of what Python fits for the warehouse.
"""

from __future__ import annotations

import itertools
import tempfile
import time
import warnings
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import statsmodels.api as sm
from scipy.optimize import curve_fit, minimize

from flows import build, paths
from flows.analysis import computed, samples
from flows.analysis.samples import Sample
from flows.fits import asymptotic, huber, huber_log, logistic, quantile, resampling
from flows.warehouse import connection

_RESAMPLES, _SEED = 10_000, 20200710
Drawn = list[tuple[Sample, resampling.Counts]]


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def repeated(sample: Sample, counts: resampling.Counts, many: int) -> list[tuple[Any, Any]]:
    """(x, error) of the first resamples, drawn points repeated."""
    return [
        (np.repeat(sample.x, one), np.repeat(sample.error, one)) for one in counts[:many] if one.astype(bool).sum() > 3
    ]


def told(
    name: str,
    drawn: Drawn,
    batched: Callable[[Sample, Any], object],
    one: Callable[[Any, Any], object],
    many: int,
    resamples: int = _RESAMPLES,
) -> None:
    """Print the two times and their ratio."""
    fast = min(seconds(lambda: [batched(sample, counts) for sample, counts in drawn]) for _ in range(3))
    loops = [(x, error) for sample, counts in drawn for x, error in repeated(sample, counts, many)]
    slow = seconds(lambda: [one(x, error) for x, error in loops]) * len(drawn) * resamples / len(loops)
    print(
        f"{name:32} batched {fast:7.3f} s, loop {slow:7.1f} s ({len(loops)} fits timed), {slow / fast:5.0f} times",
        flush=True,
    )


def bounded(x: Any, error: Any) -> None:
    """One bounded fit of the asymptotic form, as anybody would write it."""
    start = (error.min() / 2, error.max() - error.min() / 2, 0.2)
    try:
        curve_fit(
            lambda z, e, a, b: e + a * 10 ** (-b * z),
            x - x.min(),
            error,
            start,
            bounds=([0, 0, 0], [1, 10, 20]),
            maxfev=2000,
        )
    except RuntimeError:
        return  # it did not converge, and took its time all the same


def descended(x: Any, error: Any) -> None:
    """One fit by Huber's loss of the logarithm from nine starts, as the field writes it."""
    z, log_error = x - x.mean(), np.log(error)

    def loss(at: Any) -> float:
        off = np.abs(np.logaddexp(at[0], at[1] - np.exp(at[2]) * z) - log_error)
        return float(np.where(off <= huber_log.DELTA, off**2 / 2, huber_log.DELTA * (off - huber_log.DELTA / 2)).sum())

    for level, rate in itertools.product((-4.0, -2.0, -1.0), (-2.0, -1.0, 0.0)):
        minimize(loss, (level, log_error.mean(), rate), method="L-BFGS-B")


def bounded_sigmoid(x: Any, error: Any) -> None:
    """One bounded fit of the logistic form, as anybody would write it."""
    try:
        curve_fit(
            lambda z, floor, m, k: floor + (0.999 - floor) / (1 + 10 ** (m + k * z)),
            x - x.mean(),
            error,
            (error.min() / 2, 0.0, 0.3),
            bounds=([0, -20, 0], [0.999, 20, 10]),
            maxfev=2000,
        )
    except RuntimeError:
        return  # it did not converge, and took its time all the same


def fitted(con: duckdb.DuckDBPyConnection) -> None:
    """All that Python fits for the warehouse, in this process."""
    tables = computed.Tables()
    tables.start(con)
    tables.tables()


def main() -> None:
    """Build from the facts that ship, then measure."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "compute_limits.duckdb"
        build.read_sources(path, Path(folder) / "raw", paths.SHIPPED_RAW, date(2099, 1, 1))
        build.transform(path)
        with connection.connect(path, read_only=True) as con:
            measured(con)


def measured(con: duckdb.DuckDBPyConnection) -> None:
    """Print all figures of the warehouse's samples."""
    six = [
        sample
        for sample in samples.all_samples(con)
        if sample.name.startswith("paper_v1/") and sample.selection == "all"
    ]
    rng = np.random.default_rng(_SEED)
    drawn = [(sample, resampling.counts(rng, _RESAMPLES, len(sample))) for sample in six]
    print(
        f"{len(six)} benchmarks of {', '.join(str(len(sample)) for sample in six)} points, {_RESAMPLES} resamples each"
    )

    def ols(sample: Sample, _: Any) -> object:
        y = -np.log10(sample.error)[None]
        return resampling.ols_resampled(sample.x, y, _RESAMPLES, resampling.seeded(_SEED, sample.name))

    def log(error: Any) -> Any:
        return -np.log10(error)

    told("ols / statsmodels OLS", drawn, ols, lambda x, e: sm.OLS(log(e), sm.add_constant(x)).fit().params, 2000)
    told(
        "huber / statsmodels RLM",
        drawn,
        lambda s, c: huber.huber_resampled(s.x, log(s.error), c),
        lambda x, e: sm.RLM(log(e), sm.add_constant(x)).fit().params,
        200,
    )
    told(
        "quantile / statsmodels QuantReg",
        drawn,
        lambda s, c: quantile.quantile_resampled(s.x, log(s.error), c, 0.9),
        lambda x, e: sm.QuantReg(log(e), sm.add_constant(x)).fit(q=0.9).params,
        200,
    )
    told(
        "asymptotic / scipy curve_fit",
        drawn,
        lambda s, c: asymptotic.asymptotic_resampled(s.x, s.error, c),
        bounded,
        100,
    )
    told(
        "logistic / scipy curve_fit",
        drawn,
        lambda s, c: logistic.logistic_resampled(s.x, s.error, c, 0.999),
        bounded_sigmoid,
        100,
    )
    told(
        "huber of the log / scipy L-BFGS",
        [(sample, counts[:200]) for sample, counts in drawn],
        lambda s, c: huber_log.huber_log_resampled(s.x, s.error, c),
        descended,
        30,
        200,
    )
    print(f"all that Python fits for the warehouse: {min(seconds(lambda: fitted(con)) for _ in range(2)):.2f} s")


if __name__ == "__main__":
    # What fails to converge in a loop is not what is measured.
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    main()
