"""The fit of a loss by parameters and tokens (flows/answers/two_variable_fits.py, `compute-limits fit --n --d`): published
figures from published points, and what it says of other data."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from running import FIXTURES, fit_here, fit_told

from flows.answers.fit_points import points_of_query
from flows.answers.fit_requests import Data, RequestError
from flows.answers.two_variable_fits import Request, fit, marks

FIGURES = ("E", "A", "B", "alpha", "beta", "n_exponent", "loss_exponent")
# Besiroglu et al. 2024, arXiv:2404.10102: what they found, and the standard errors of their resamples.
REPLICATION = {"E": 1.82, "alpha": 0.35, "beta": 0.37, "A": 482.01, "B": 2085.43}
THEIR_ERRORS = {"E": 0.03, "alpha": 0.02, "beta": 0.02, "A": 124.58, "B": 1293.23}
# Hoffmann et al. 2022, arXiv:2203.15556, equation 10.
FIRST_AUTHORS = {"E": 1.69, "beta": 0.28}
# Five models of Gadre et al. 2024, arXiv:2403.08540 (table 2), trained on RedPajama, with their losses on C4: facts of
# exp_data/models/*.json in github.com/mlfoundations/scaling, one page a row.
OVER_TRAINED = FIXTURES / "published_points" / "gadre_2024_redpajama.csv"
# The two that are held out: N, D, loss, and the relative error in percent that scaling_explorer.ipynb there prints.
HELD_OUT = {
    "rpj-open_lm_7b-1.0.json": (6889410560, 137788211200, 2.424993099368689, 0.7320),
    "rpj-open_lm_1b-32.0.json": (1439795200, 921468928000, 2.502053562117363, 0.7103),
}


def points(many: int, seed: int = 4, scatter: float = 0.01, irreducible: float = 1.8) -> Data:
    rng = np.random.default_rng(seed)
    n, d = 10 ** rng.uniform(7.5, 10, many), 10 ** rng.uniform(9, 11.5, many)
    loss = (irreducible + 480 * n**-0.35 + 2100 * d**-0.37) * np.exp(scatter * rng.standard_normal(many))
    return Data([f"row {at}" for at in range(2, many + 2)], n, loss, d=d)


def table(folder: Path, data: Data) -> Path:
    path = folder / "losses.csv"
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([("N", "D", "L"), *zip(data.x, np.array(data.d), data.y, strict=True)])
    return path


# --- published figures


def replicated(warehouse: Path, where: str = "not is_left_out", **options: Any) -> dict[str, Any]:
    columns = {"x": "parameters", "d": "tokens", "y": "loss"}
    query = f"select parameters, tokens, loss from core.loss_points where {where}"
    return fit(points_of_query(warehouse, query, columns), Request(**options))


def test_chinchillas_replication_to_two_digits(warehouse_path: Path) -> None:
    found = replicated(warehouse_path, bootstrap=400, seed=1)
    assert (found["n"], found["status"], found["E_status"]) == (240, "ok", "identified")
    assert {name: round(found[name], 2) for name in ("E", "alpha", "beta")} == {
        name: REPLICATION[name] for name in ("E", "alpha", "beta")
    }
    for name, error in THEIR_ERRORS.items():
        assert abs(found[name] - REPLICATION[name]) < error / 10 + 0.005, name
        assert found[f"{name}_se"] == pytest.approx(error, rel=0.35), name
    # Theirs is 0.512: near the half that the first authors drew from their other approaches.
    assert found["n_exponent"] == pytest.approx(0.512, abs=0.005)


def test_chinchillas_first_figures_lie_outside_of_the_intervals(warehouse_path: Path) -> None:
    found = replicated(warehouse_path, bootstrap=400, seed=1)
    for name, value in FIRST_AUTHORS.items():
        assert not found[f"{name}_low"] <= value <= found[f"{name}_high"]


def test_the_five_points_that_are_left_out_matter(warehouse_path: Path) -> None:
    with_them, without = (replicated(warehouse_path, where, bootstrap=2) for where in ("true", "not is_left_out"))
    assert with_them["n"] - without["n"] == 5
    assert abs(with_them["E"] - without["E"]) > 0.005


@pytest.mark.parametrize("page", HELD_OUT)
def test_the_relative_errors_of_the_models_that_were_held_out(
    page: str,
) -> None:
    n, d, loss, printed = HELD_OUT[page]
    found = fit_told(
        "--csv", str(OVER_TRAINED), "--n", "parameters", "--d", "tokens", "--y", "loss", "--estimator", "ols",
        "--equal-exponents", "--at-n", str(n), "--at-d", str(d), "--bootstrap", "20",
    )  # fmt: skip
    assert f"{abs(found['at']['y'] / loss - 1):.4%}" == f"{printed:.4f}%"
    # Most resamples of five points have too few different ones.
    assert (found["status"], found["E_low"], found["at"]["y_low"]) == ("no_interval", None, None)


# --- what is told


def test_what_the_command_tells_of_a_file(tmp_path: Path) -> None:
    data = points(30)
    named = ("--csv", str(table(tmp_path, data)), "--n", "N", "--d", "D", "--y", "L", "--bootstrap", "60")
    found = fit_told(*named, "--seed", "3", "--level", "0.9", "--flop", "1e22")
    told = fit(data, Request(bootstrap=60, seed=3, level=0.9, flop=1e22))
    assert found == told | {"left_out": 0, "notes": []}
    for name in FIGURES:
        low, high, error = (found[f"{name}_{end}"] for end in ("low", "high", "se"))
        assert low < found[name] < high
        assert 0 < error < high - low
    split = found["split"]
    assert 6 * split["n"] * split["d"] == pytest.approx(1e22)
    assert split["n_low"] < split["n"] < split["n_high"]
    assert found["bootstrap"] == {"resampled": "rows", "resamples": 60, "without_fit": 0, "seed": 3}
    assert fit_told(*named, "--seed", "4")["E_low"] != found["E_low"]


@pytest.mark.parametrize("blank", ["N", "D", "L"])
def test_a_record_without_one_of_the_three_is_left_out_and_counted(blank: str, tmp_path: Path) -> None:
    path = table(tmp_path, points(12))
    with path.open("a", encoding="utf-8") as handle:
        handle.write(",".join("" if name == blank else "3e9" for name in ("N", "D", "L")) + "\n")
    found = fit_told("--csv", str(path), "--n", "N", "--d", "D", "--y", "L", "--bootstrap", "2")
    assert (found["n"], found["left_out"]) == (12, 1)


def test_a_row_of_a_query_without_tokens_is_no_point(warehouse_path: Path) -> None:
    query = "select parameters, nullif(tokens, max(tokens) over ()) as tokens, loss from core.loss_points"
    found = points_of_query(warehouse_path, query, {"x": "parameters", "d": "tokens", "y": "loss"})
    assert (len(found.x), len(found.left_out)) == (244, 1)


def test_it_is_printed_line_by_line(tmp_path: Path) -> None:
    path = str(table(tmp_path, points(30)))
    status, out, err = fit_here("--csv", path, "--n", "N", "--d", "D", "--y", "L", "--bootstrap", "20")
    shown = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert (status, err, shown["form"], shown["n"]) == (0, "", "two_variables", "30")
    assert {f"{name}_{end}" for name in FIGURES for end in ("low", "high", "se")} <= shown.keys()


def test_progress_is_told_as_often_as_said() -> None:
    said: list[str] = []
    request = Request(bootstrap=120)
    fit(points(20), request, said.append)
    assert len(said) == marks(request) == 3
    assert said[-1] == "120 of 120 resamples"


def test_the_scatter_is_that_of_the_points() -> None:
    huber, squares = (
        fit(points(400, scatter=0.01), Request(one, bootstrap=2))["residual_sd"] for one in ("huber", "ols")
    )
    assert huber == pytest.approx(0.01, rel=0.1)
    assert squares == pytest.approx(0.01 * points(400).y.mean(), rel=0.15)


def test_an_irreducible_loss_of_nothing_is_not_ruled_out() -> None:
    found = fit(points(40, scatter=0.005, irreducible=0.0), Request(bootstrap=100))
    assert found["E_low"] == 0
    assert found["E_status"] == "zero_not_ruled_out"


def test_no_interval_where_resamples_have_no_fit() -> None:
    found = fit(points(8), Request("ols", bootstrap=50))
    assert (found["status"], found["E_status"]) == ("no_interval", None)
    assert found["bootstrap"]["without_fit"] > 10
    assert all(found[f"{name}_{end}"] is None for name in FIGURES for end in ("low", "high", "se"))


# --- what is refused


def changed(name: str, value: float) -> Data:
    data = points(12)
    column: NDArray[np.float64] = getattr(data, name)
    column[3] = value
    return data


@pytest.mark.parametrize(
    ("data", "options", "named"),
    [
        (points(5), {}, ["5 points", "more than 5"]),
        (points(4), {"equal_exponents": True}, ["4 points", "more than 4"]),
        (changed("y", 0.0), {}, ["row 5", "y 0"]),
        (changed("d", -1.0), {}, ["row 5", "d -1"]),
        (changed("x", float("nan")), {}, ["row 5", "n nan"]),
        (points(12), {"estimator": "york"}, ["'york'", "huber, ols"]),
        (points(12), {"level": 1.0}, ["level 1.0"]),
        (points(12), {"bootstrap": 1}, ["--bootstrap 1", "1000"]),
        (points(12), {"at_n": 1e9}, ["--at-n", "--at-d"]),
        (points(12), {"flop": 0.0}, ["--flop 0"]),
    ],
)
def test_what_cannot_be_fitted_is_said(data: Data, options: dict[str, Any], named: Sequence[str]) -> None:
    with pytest.raises(RequestError) as told:
        fit(data, Request(**options))
    assert all(text in str(told.value) for text in named), str(told.value)


@pytest.mark.parametrize(
    ("x", "d", "named"),
    [
        ([1e9] * 8, np.geomspace(1e9, 1e11, 8), ["--n", "too few different values"]),
        (np.geomspace(1e8, 1e10, 8), [1e10, 2e10] * 4, ["--d", "too few different values"]),
        (np.geomspace(1e8, 1e10, 8), 20 * np.geomspace(1e8, 1e10, 8), ["--n and --d", "power of the other"]),
    ],
)
def test_columns_that_cannot_tell_are_named(x: Sequence[float], d: Sequence[float], named: Sequence[str]) -> None:
    with pytest.raises(RequestError) as told:
        fit(Data([f"row {at}" for at in range(8)], np.array(x), np.linspace(4, 3, 8), d=np.array(d)), Request())
    assert all(text in str(told.value) for text in named), str(told.value)


LAW = ("--n", "N", "--d", "D")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ((), ["--x", "--n and --d"]),
        (LAW[:2], ["--d is needed"]),
        (LAW[2:], ["--n is needed"]),
        ((*LAW, "--x", "N"), ["--x"]),
        ((*LAW, "--form", "linear"), ["--form"]),
        ((*LAW, "--direction", "both"), ["--direction"]),
        ((*LAW, "--select", "frontier"), ["--select"]),
        ((*LAW, "--x-error", "N"), ["--x-error"]),
        ((*LAW, "--cluster", "N"), ["--cluster"]),
        ((*LAW, "--irreducible-error", "1.7"), ["--irreducible-error"]),
        ((*LAW, "--at", "1e9"), ["--at:"]),
        ((*LAW, "--solve", "2"), ["--solve"]),
        (("--x", "N", "--flop", "1e20"), ["--flop", "--n and --d"]),
        (("--x", "N", "--equal-exponents"), ["--equal-exponents", "--n and --d"]),
        (("--x", "N", "--at-n", "1e9"), ["--at-n", "--n and --d"]),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    options: Sequence[str], named: Sequence[str], tmp_path: Path
) -> None:
    status, out, err = fit_here("--csv", str(table(tmp_path, points(12))), "--y", "L", *options)
    assert (status, out) == (1, "")
    assert err.startswith("error: ")
    assert all(text in err for text in named), err
