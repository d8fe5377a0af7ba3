"""The simulation of figure 1 beside a loop over scikit-learn that draws all data; scikit-learn is no dependency of the project.

Prints for each cell of the base setting the time of a simulation, ours and the loop's, and their ratio; the sums for the whole
figure; and the path alone, on the same data to the same lambda. Needs an environment with numpy, scipy and scikit-learn:
`python tests/bench_theory.py [simulations of ours] [simulations of the loop]`, OMP_NUM_THREADS=1 for one core each.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from flows.theory import lasso, settings, simulation
from flows.theory.settings import EXPERT, FLEXIBLE, MODELS, ORACLE, REGULARISED, Setting

try:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LinearRegression, lasso_path
except ImportError:
    sys.exit("scikit-learn is not installed here; see the first lines of this file")

_LAMBDAS = 100


def seconds(what: Callable[[], object]) -> float:
    """Wall time."""
    begun = time.perf_counter()
    what()
    return time.perf_counter() - begun


def data(rng: np.random.Generator, n: int, p: int, signal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Uncorrelated features and their response."""
    x = rng.standard_normal((n, p))
    return x, x[:, : signal.size] @ signal + rng.standard_normal(n)


def loop(setting: Setting, model: str, n: int, simulations: int) -> list[float]:
    """The excess errors of a cell by scikit-learn, one simulation after the other."""
    rng, signal, found = np.random.default_rng(0), np.array(setting.coefficients), []
    seen = {ORACLE: signal.size, EXPERT: signal.size, FLEXIBLE: setting.n_features, REGULARISED: setting.n_features}[
        model
    ]
    full = np.pad(signal, (0, seen - signal.size))
    for _ in range(simulations):
        if model != REGULARISED:
            x, y = data(rng, n, seen, signal)
            found.append(float(((LinearRegression(fit_intercept=False).fit(x, y).coef_ - full) ** 2).sum()))
            continue
        held_out = round(n * setting.held_out_share)
        x, y = data(rng, n - held_out, seen, signal)
        fresh, fresh_y = data(rng, held_out, seen, signal)
        first = np.abs(x.T @ y).max() / y.size
        _, path, _ = lasso_path(x, y, alphas=first * np.geomspace(1, setting.lambda_floor, _LAMBDAS))
        best = ((fresh @ path - fresh_y[:, None]) ** 2).sum(axis=0).argmin()
        found.append(float(((path[:, best] - full) ** 2).sum()))
    return found


def figure(ours: int, theirs: int) -> None:
    """Every cell of the base setting."""
    base = settings.configuration().settings[0]
    fewer = replace(base, n_simulations=ours)
    simulation.cell(replace(base, n_simulations=16), REGULARISED, 50)
    totals = {model: np.zeros(2) for model in MODELS}
    for model, n in simulation.cells(base):
        repeated = theirs * (20 if model in (ORACLE, EXPERT) else 1)
        # Least squares costs us the same for thousands as for one.
        asked = fewer if model == REGULARISED else base
        mine = seconds(lambda: simulation.cell(asked, model, n)) / asked.n_simulations  # noqa: B023
        other = seconds(lambda: loop(base, model, n, repeated)) / repeated  # noqa: B023
        totals[model] += (mine, other)
        print(f"{model:12} {n:6} {1e3 * mine:9.3f} ms {1e3 * other:10.3f} ms  {mine / other:.4f}", flush=True)
    for model, (mine, other) in totals.items():
        print(f"{model:12} all, 1,000 each {1e3 * mine:8.1f} s {1e3 * other:9.1f} s  {mine / other:.4f}")
    mine, other = sum(totals.values())
    print(f"figure 1, 1,000 each {1e3 * mine:8.1f} s {1e3 * other:9.1f} s  {mine / other:.4f}")


def same_data(simulations: int) -> None:
    """The path down to a tenth and a thousandth of the first lambda, nothing stopped early, nothing drawn from a law."""
    for n in (60, 100, 175, 300, 1000):
        for floor in (0.1, 0.001):
            rng = np.random.default_rng(n)
            drawn = [data(rng, n, 1000, np.ones(10)) for _ in range(simulations)]
            stacked = np.stack([x for x, _ in drawn]), np.stack([y for _, y in drawn])
            paths = lasso.start(*stacked, 10)
            observe = lambda segment: np.zeros(segment.simulation.size, dtype=np.bool_)  # noqa: E731
            mine = seconds(lambda: lasso.follow(lasso.start(*stacked, 10), floor * paths.penalty, observe))  # noqa: B023
            grid = np.geomspace(1, floor, _LAMBDAS)
            other = sum(
                seconds(lambda: lasso_path(x, y, alphas=np.abs(x.T @ y).max() / y.size * grid))  # noqa: B023
                for x, y in drawn
            )
            mine, other = 1e3 * mine / simulations, 1e3 * other / simulations
            print(f"same data {n:6} to {floor:5} {mine:9.3f} ms {other:9.3f} ms  {mine / other:.3f}", flush=True)


def main() -> None:
    """Both comparisons."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    ours, theirs = map(int, sys.argv[1:3]) if len(sys.argv) > 2 else (64, 4)
    print("cell, ours, scikit-learn loop, ratio (a simulation)")
    figure(ours, theirs)
    print("LASSO path on the same data, to the same lambda, ours in a batch, scikit-learn one by one")
    same_data(8)


if __name__ == "__main__":
    main()
