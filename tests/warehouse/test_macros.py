"""sql/macros: what each rule gives, and that the rules which Python has too are the same there."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product
from typing import Any, get_args

import duckdb
import numpy as np
import pytest
from pydantic import ValidationError

from flows import paths
from flows.analysis.costs import KG_PER_LB
from flows.answers import line_fits
from flows.answers.fit_requests import Data, Request
from flows.declared import settings
from flows.declared.models import Estimation
from flows.declared.setting_types import Precision, Selection
from flows.fits import forms, least_squares, selections
from flows.fits.line import POINTS_MIN
from flows.warehouse import transform

Db = duckdb.DuckDBPyConnection


@pytest.fixture(scope="module")
def sql() -> Iterator[Db]:
    with duckdb.connect() as con:
        transform.make_known(con, paths.SQL, {})
        yield con


def value(sql: Db, call: str, *given: Any) -> Any:
    (row,) = sql.execute(f"select {call}", list(given)).fetchall()
    return row[0]


def test_what_is_chosen_by_its_error_is_one_rule(sql: Db) -> None:
    declared = set(get_args(Selection))
    assert declared >= set(selections.CHOSEN_BY_ERROR)
    for selection in declared:
        assert value(sql, "chosen_by_error(?)", selection) is selections.is_chosen(selection)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("ResNet-50", "resnet50"),
        ("OPT-1.3B", "opt1.3b"),
        ("facebook/opt-13b", "facebookopt13b"),
        ("Swin-L (1.2.3)", "swinl1.2.3"),
        ("Swin-L 1 2 3", "swinl1.2.3"),
        ("PointNet++", "pointnet++"),
        ("M*", "m*"),
        (".5 of No. 7.", "5ofno7"),
        ("1-2", "1.2"),
        ("PanGu-Σ", "panguσ"),
        ("", ""),
    ],
)
def test_the_key_of_a_name(sql: Db, name: str, key: str) -> None:
    assert value(sql, "name_key(?)", name) == key
    assert value(sql, "name_key(?)", key) == key


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("levit-384_3rdparty_in1k", "levit384"),
        ("levit_384.fb_dist_in1k", "levit384"),
        ("LeViT-384", "levit384"),
        ("tf_efficientnet_b0.ns_jft_in1k", "efficientnetb0"),
        ("repvgg-B3g4_8xb32_in1k", "repvggb3g4"),
        ("ConvNeXt-XL (ImageNet-22K)", "convnextxl"),
        ("meta-llama/Llama-2-70b-hf", "llama270b"),
        # A point before a digit belongs to the size.
        ("facebook/opt-1.3b", "opt13b"),
        ("", ""),
    ],
)
def test_a_plain_name_has_nothing_that_its_list_adds(sql: Db, name: str, plain: str) -> None:
    assert value(sql, "plain_name(?)", name) == plain


@pytest.mark.parametrize(
    ("clusters", "papers", "trainers", "told"),
    [(46, 46, 39, None), (61, 1, 3, "3 trainers"), (4, 4, 6, "4 papers"), (4, 4, 4, "4 papers, 4 trainers"),
     (1, 1, 1, "1 paper, 1 trainer"), (3, 0, 3, "3 models, 3 trainers"), (1, 0, 9, "1 model"), (4, 3, 9, "4 papers and models"),
     (12, 2, 12, None), (5, 5, 5, None), (0, 0, 0, None), (None, None, None, None)],
)  # fmt: skip
def test_fewer_than_five_clusters_or_trainers_are_few(
    sql: Db, clusters: int | None, papers: int | None, trainers: int | None, told: str | None
) -> None:
    given = (clusters, papers, trainers)
    assert value(sql, "rests_on_few(?::bigint, ?::bigint, ?::bigint)", *given) == told


def test_a_pound_is_that_of_python(sql: Db) -> None:
    assert value(sql, "g_per_lb()::double") == pytest.approx(1000 * KG_PER_LB, rel=1e-15)


ENDS = (-3.0, -0.25, 0.0, 0.5, 2.0)


@pytest.mark.parametrize(("low", "high"), [ends for ends in product(ENDS, ENDS) if ends[0] < ends[1]])
def test_the_inverse_of_an_interval_is_made_of_inverses(sql: Db, low: float, high: float) -> None:
    """Of many numbers between the ends; where 0 is among them those above it have a least inverse and no largest."""
    between = np.linspace(low, high, 4001)
    excludes_zero = bool((between > 0).all() or (between < 0).all())
    inverses = 1 / (between if excludes_zero else between[between > 0])
    least = pytest.approx(inverses.min(), rel=1e-9) if len(inverses) else None
    largest = pytest.approx(inverses.max(), rel=1e-9) if excludes_zero else None
    assert value(sql, "excludes_zero($1, $2)", low, high) == excludes_zero
    assert value(sql, "inverse_low($1, $2)", low, high) == least
    assert value(sql, "inverse_high($1, $2)", low, high) == largest


@pytest.mark.parametrize(("low", "largest"), [(0.5, 2.0), (0.0, None)])
def test_the_inverse_of_what_has_no_upper_end_begins_at_0(sql: Db, low: float, largest: float | None) -> None:
    assert value(sql, "inverse_low($1, null)", low) == 0
    assert value(sql, "inverse_high($1, null)", low) == largest


@pytest.mark.parametrize("form", forms.FORMS)
def test_a_form_is_that_of_python(sql: Db, form: str) -> None:
    """Its response and what a response is read as, where it is a line that may be declared; and whether it has an exponent."""
    assert value(sql, "has_exponent(?)", form) == forms.FORMS[form].has_exponent
    errors, ys = np.array([0.004, 0.05, 0.5, 0.9, 1.0]), np.array([-3.0, 0.0, 0.5, 1.0, 2.5])
    is_declared = form in forms.LINES
    for call, given, of_python in (
        ("response(?, ?::double)", errors, forms.response(form, errors)),
        ("error_at(?, ?::double)", ys, forms.error_at(form, ys, forms.HIGHEST_FRACTION)),
    ):
        of_sql = [value(sql, call, form, one) for one in given.tolist()]
        assert of_sql == (pytest.approx(of_python.tolist(), rel=1e-14) if is_declared else [None] * len(given))


def test_only_slopes_of_logarithms_have_an_exponent(sql: Db) -> None:
    assert [
        value(sql, "exponent(?, 0.125)", form) for form in ("polynomial", "asymptotic", "logistic", "exponential")
    ] == [
        8,
        8,
        8,
        None,
    ]
    assert value(sql, "exponent('polynomial', 0.0)") is None


def test_moments_give_the_line_of_python(sql: Db) -> None:
    rng = np.random.default_rng(11)
    for n in (3, 4, 20):
        x, y = rng.normal(20, 3, n), rng.normal(0, 1, n)
        line = least_squares.ols(x, y)
        var_x, var_y, cov_xy = float(x.var()), float(y.var()), float(np.cov(x, y, bias=True)[0, 1])
        residual = value(sql, "residual_variance(?, ?, ?, ?)", n, var_x, var_y, cov_xy)
        assert math.sqrt(residual) == pytest.approx(line.residual_sd, rel=1e-9)
        assert value(sql, "slope_se(?, ?, ?)", residual, n, var_x) == pytest.approx(line.slope_se, rel=1e-9)
        explained = value(sql, "r_squared(?, ?, ?)", var_x, var_y, cov_xy)
        assert explained == pytest.approx(np.corrcoef(x, y)[0, 1] ** 2, rel=1e-9)
    # A perfect line, which rounding would leave less than nothing of.
    assert value(sql, "residual_variance(5, 2.0, 8.0, 4.0000000001)") == 0
    assert value(sql, "r_squared(2.0, 8.0, 4.0000000001)") == 1
    assert value(sql, "r_squared(2.0, 0.0, 0.0)") is None


def test_exponents_and_p_of_the_warehouse_are_those_of_the_command(db: Db) -> None:
    """Every least-squares line of all points, both ways, fitted again by `compute-limits fit`."""
    (level,) = db.execute("select level from staging.fit_rule").fetchall()[0]
    points: dict[int, list[tuple[float, float]]] = {}
    for sample_id, log10_compute, error in db.execute(
        "select sample_id, log10_compute, error from fits.samples where selection = 'all' and log10_compute < 300"
    ).fetchall():
        points.setdefault(sample_id, []).append((log10_compute, error))
    compared = 0
    for sample_id, form, direction, n, *figures, interval, status in db.execute(
        "select sample_id, form, direction, n, slope, slope_low, slope_high, p_value, exponent, exponent_low, "
        "exponent_high, exponent_interval, status from fits.ols_directions order by all"
    ).fetchall():
        if len(points.get(sample_id, [])) != n or n < 3:
            continue
        x, y = np.array(points[sample_id]).T
        line = line_fits.fit(Data([""] * n, 10**x, y), Request(form=form, direction=direction, level=level))
        assert (line["status"], line["exponent_interval"]) == (status, interval), (sample_id, form, direction)
        keys = ("slope", "low", "high", "p", "exponent", "exponent_low", "exponent_high")
        for key, figure in zip(keys, figures, strict=True):
            expected = None if figure is None else pytest.approx(figure, rel=1e-6, abs=1e-12)
            assert line[key] == expected, (sample_id, form, direction, key)
        compared += 1
    assert compared > 100


def test_fewer_points_than_a_residual_needs_cannot_be_declared() -> None:
    declared = settings.estimation()
    assert settings.rows()["fit_rule"][0].points_min == declared.points_min >= POINTS_MIN
    with pytest.raises(ValidationError, match="greater than or equal to 3"):
        Estimation.model_validate(declared.model_dump() | {"points_min": POINTS_MIN - 1})


def test_a_peak_rate_is_that_of_its_precision_or_none(sql: Db) -> None:
    names = ("fp64", "fp32", "tf32", "fp16", "tensor_fp16", "fp8", "int8")
    columns = ", ".join(f"{at}.0 as {name}_{'op' if name == 'int8' else 'flop'}_per_s" for at, name in enumerate(names))
    asked = ", ".join(f"peak_rate(sheet, '{name}')" for name in (*names, "fp4"))
    assert sql.execute(f"select {asked} from (select {columns}) as sheet").fetchall() == [(0, 1, 2, 3, 4, 5, 6, None)]
    assert set(names) == set(get_args(Precision))
