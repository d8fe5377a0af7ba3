"""flows/lean.py: what a process does not load, and that it is there when it is asked for."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

LOADED = "print([one for one in ('pandas', 'unittest') if one in sys.modules])"


def said(code: str) -> list[str]:
    """What a process of its own prints."""
    run = subprocess.run(
        [sys.executable, "-c", f"import sys\nfrom flows import lean\n{code}"], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


@pytest.mark.parametrize("without", ["do_without_pandas", "make_arrow_do_without_pandas"])
def test_arrow_does_without_pandas(without: str) -> None:
    code = f"lean.{without}()\nimport pyarrow as pa\nimport pyarrow.compute as pc\npc.fill_null(pa.array([1.0]), 0)\n{LOADED}"
    assert said(code) == ["[]"]


def test_who_asks_arrow_for_a_frame_has_one_all_the_same() -> None:
    code = """
lean.make_arrow_do_without_pandas()
import pyarrow as pa
frame = pa.table({"a": [1.0, None]}).to_pandas()
print(type(frame).__module__.split(".")[0], pa.array(frame["a"]).null_count)
"""
    assert said(code) == ["pandas 1"]


def test_arrow_goes_on_with_a_pandas_that_is_loaded() -> None:
    code = """
import pandas
lean.make_arrow_do_without_pandas()
import pyarrow as pa
print(pa.array(pandas.Series([1.0, None])).null_count)
"""
    assert said(code) == ["1"]


def test_what_numpy_has_for_tests_is_loaded_with_its_first_use() -> None:
    code = f"""
lean.load_later()
lean.load_later()
from scipy.special import stdtrit
{LOADED}
import numpy
numpy.testing.assert_array_equal([stdtrit(1e9, 0.5)], [0.0])
{LOADED}
"""
    assert said(code) == ["[]", "['unittest']"]


def test_scipys_ufuncs_are_the_same_and_the_rest_of_it_is_there_when_it_is_asked_for() -> None:
    code = """
lean.load_later()
from scipy.special import ndtr, stdtrit
print("scipy.special._basic" in sys.modules, ndtr(0.5))
import scipy.special
print(scipy.special.factorial(5), scipy.special.ndtr is ndtr, scipy.special.stdtrit is stdtrit)
print("scipy.special._basic" in sys.modules, "factorial" in scipy.special.__all__)
from scipy import stats
print(float(stats.norm.cdf(0.5)))
try:
    scipy.special.no_such_function
except AttributeError as error:
    print(error)
"""
    of_normal = "0.6914624612740131"
    assert said(code) == [
        f"False {of_normal}", "120.0 True True", "True True", of_normal,
        "module 'scipy.special' has no attribute 'no_such_function'",
    ]  # fmt: skip


def test_all_names_of_scipys_at_once_are_all_of_them() -> None:
    code = "lean.load_later()\nfrom scipy.special import *\nprint(factorial(3), logsumexp([0.0]))"
    assert said(code) == ["6.0 0.0"]


def test_the_collector_looks_seldom_where_rows_are_made() -> None:
    assert said("import gc\nlean.load_less()\nprint(gc.isenabled(), gc.get_threshold()[0] > 10_000)") == ["True True"]


@pytest.mark.parametrize(("said_before", "threads"), [("", 1), ("os.environ['OPENBLAS_NUM_THREADS'] = '2'", 2)])
def test_numpy_and_scipy_calculate_with_one_thread_unless_told_otherwise(said_before: str, threads: int) -> None:
    code = f"""
import os
os.environ.pop("OPENBLAS_NUM_THREADS", None)
{said_before}
lean.load_less()
import scipy.linalg
from threadpoolctl import threadpool_info
print(sorted({{min(one["num_threads"], {threads} + 1) for one in threadpool_info() if one["user_api"] == "blas"}}))
"""
    assert said(code) == [str([min(threads, len(os.sched_getaffinity(0)))])]
