"""flows/batches.py: none is left out, and processes of unequal speed end together."""

from __future__ import annotations

from flows.batches import batches


def test_batches_leave_none_out_and_let_processes_end_together() -> None:
    effort = [float(n % 17 + 1) for n in range(400)]
    left = list(range(0, 400, 2))
    made = batches(left, effort, 12)
    assert len(made) == 12
    assert sorted(at for batch in made for at in batch) == left
    loads = [sum(effort[at] for at in batch) for batch in made]
    assert loads == sorted(loads, reverse=True)
    # Two processes, the other three times as slow: each takes the next batch when it is done with one.
    slowness, ends = (1.0, 3.0), [0.0, 0.0]
    for load in loads:
        free = ends.index(min(ends))
        ends[free] += load * slowness[free]
    assert max(ends) - min(ends) <= 3 * max(effort)
    assert batches([], effort, 12) == []
    assert batches([4], effort, 12) == [[4]]
