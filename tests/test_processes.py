"""flows/processes.py: which processes run beside a build, and that they end with it."""

from __future__ import annotations

import os
from typing import Any, Self

import pytest

from flows import processes
from flows.analysis import fitters
from flows.warehouse import validator

SUITES: dict[str, Any] = {"core.t": None}


class Started:
    """In place of a process: what it was started with, and whether it has ended."""

    all: list[Started]

    def __init__(self, given: object) -> None:
        self.given, self.ended = given, False
        Started.all.append(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.ended = True

    def compute(self, function: object) -> tuple[str, object]:
        return "computed there", function


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch) -> list[Started]:
    Started.all = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr(fitters, "Fitters", Started)
    monkeypatch.setattr(validator, "Validator", Started)
    return Started.all


def test_where_nothing_can_be_taken_over_all_start_at_once(started: list[Started]) -> None:
    with processes.beside(lambda: SUITES, at_once=True):
        assert [type(one.given) for one in started] == [int, dict]
    assert all(one.ended for one in started)


def test_else_each_starts_when_it_is_needed_first_and_once(started: list[Started]) -> None:
    with processes.beside(lambda: SUITES, at_once=False) as beside:
        assert started == []
        assert beside.validator is beside.validator
        assert [one.given for one in started] == [SUITES]
        assert beside.fitters(2) is beside.fitters(1)
        assert len(started) == 2
        assert not any(one.ended for one in started)
    assert all(one.ended for one in started)


def test_what_else_is_to_be_computed_is_given_to_those_that_fit_if_they_have_started() -> None:
    with processes.beside(lambda: SUITES, at_once=True) as beside:
        assert beside.computed(dict) == ("computed there", dict)
    with processes.beside(lambda: SUITES, at_once=False) as beside:
        assert beside.computed(dict) is None


def test_those_that_were_needed_already_are_not_started_again(started: list[Started]) -> None:
    with processes.beside(lambda: SUITES, at_once=False) as beside:
        beside.start()
        beside.start()
        assert len(started) == 2


def test_they_end_with_an_error_too(started: list[Started]) -> None:
    with pytest.raises(KeyboardInterrupt), processes.beside(lambda: SUITES, at_once=True):
        raise KeyboardInterrupt
    assert [one.ended for one in started] == [True, True]


@pytest.mark.parametrize(
    ("processors", "wanted", "many"),
    [(1, 9, 0), (2, 9, 1), (3, 9, 2), (64, 9, 4), (3, 2, 1), (3, 1, 0), (3, 0, 0)],
)
def test_with_this_process_as_many_fit_as_there_are_processors_but_few_and_as_there_is_work_for(
    processors: int, wanted: int, many: int, started: list[Started], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(processors)))
    with processes.beside(lambda: SUITES, at_once=False) as beside:
        assert (beside.fitters(wanted) is None) == (many == 0)
    assert [one.given for one in started] == [many] * (many > 0)
