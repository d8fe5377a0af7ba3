"""flows/on_workers.py: what a worker says of itself, what it answers, and which processes it keeps. No Dask is needed for it."""

from __future__ import annotations

import pickle
import platform
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from running import FIXTURES, ROOT, lives
from simulated import small

from flows import on_workers, sources
from flows.on_workers import answer, differences, made_of
from flows.pages.limited import bare
from flows.theory.simulation import cell
from flows.warehouse.connection import BuildError

SOURCE = sources.source("owid_carbon")
PAGE = SOURCE.pages[0]
BODY = (FIXTURES / "owid_carbon" / PAGE.name).read_bytes()


@pytest.fixture(autouse=True)
def _rested() -> Iterator[None]:
    yield
    on_workers.rest()
    assert on_workers._idle == {}


def asked(kind: str, *given: Any) -> Any:
    return pickle.loads(answer(made_of(), kind, pickle.dumps(given)))


def test_a_worker_is_made_of_code_libraries_and_what_its_processor_can_do() -> None:
    made = made_of()
    assert made["Python"] == platform.python_version()
    assert made["numpy"] == np.__version__
    assert made["vector instructions"]
    assert {"compute-limits", "code", "settings", "scipy", "pyarrow", "lxml", "C library", "BLAS for"} <= set(made)
    assert all(made.values())


def test_differences_are_told_part_by_part() -> None:
    here = {"code": "a", "numpy": "2.0", "only here": "1"}
    assert differences(here, here) == []
    assert differences({"code": "b", "numpy": "2.0", "only there": "x"}, here) == [
        "code (b there, a here)",
        "only here (unknown there, 1 here)",
        "only there (x there, unknown here)",
    ]


def test_a_library_that_is_not_there_is_told() -> None:
    assert on_workers._version("no-such-distribution") == "not installed"


def test_what_differs_computes_nothing() -> None:
    told = pickle.loads(answer(made_of() | {"numpy": "1.0"}, "fit", b"no pickle"))
    assert told == (None, None, [f"numpy ({np.__version__} there, 1.0 here)"])


def test_pages_that_cannot_be_read_give_none_and_the_process_goes_on() -> None:
    pages = [(body, *bare(SOURCE, PAGE), "0" * 64) for body in (BODY, b"no page", BODY)]
    (first, second, third), failure, differing = asked("parse", pages)
    assert (failure, differing) == (None, [])
    assert second is None
    assert first.table("carbon_intensity").equals(third.table("carbon_intensity"))
    assert len(first.table("carbon_intensity")) > 2
    (reader,) = on_workers._idle["reader"]
    process = reader._process.pid
    asked("parse", pages[:1])
    assert on_workers._idle["reader"] == [reader]
    assert reader._process.pid == process
    on_workers.rest()
    assert not lives(process)


def test_cells_are_simulated_as_here() -> None:
    setting = small(n_simulations=5)
    cells = [(setting, "oracle", 15), (setting, "regularised", 20)]
    assert asked("simulate", cells) == ([cell(*one) for one in cells], None, [])


def test_what_is_raised_is_sent_back_with_where() -> None:
    result, failure, differing = asked("simulate", [(None, "oracle", 15)])
    assert (result, differing) == (None, [])
    assert isinstance(failure, AttributeError)
    assert "on_workers.py" in "".join(failure.__notes__)


def test_a_process_that_ended_is_for_the_scheduler_to_try_again_and_is_not_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from flows.analysis import fitters

    # `python -m this` prints a text, which is no pickle.
    monkeypatch.setattr(fitters, "__name__", "this")
    with pytest.raises(BuildError, match="a process that fits ended with"):
        asked("fit", [None], None)
    assert "fitter" not in on_workers._idle


@pytest.mark.slow
def test_nothing_loads_dask_that_was_not_asked_for() -> None:
    code = "import flows.cli, flows.build, flows.refresh, flows.serve, flows.cluster, flows.on_workers, sys; " \
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'dask', 'distributed'}))"  # fmt: skip
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"
