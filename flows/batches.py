"""Pieces of work of unequal effort in batches for processes that take one after another."""

from __future__ import annotations

from collections.abc import Sequence


def batches(left: Sequence[int], effort: Sequence[float], most: int) -> list[list[int]]:
    """Pieces in batches, `most` at the most, that become smaller evenly, the longest pieces first.

    `left` are the places of the pieces in `effort`, which is in any unit. So processes end nearly together, however fast each is:
    a process takes the next batch when it has done one (guided self-scheduling: Polychronopoulos and Kuck 1987, IEEE Trans.
    Computers C-36:1425), and the last that any has to wait for is a small one.
    """
    many = min(most, len(left))
    made: list[list[int]] = [[] for _ in range(many)]
    # What each may take yet of the whole, of which the first has `many` parts and the last one.
    room = [sum(effort[at] for at in left) * part / (many * (many + 1) / 2) for part in range(many, 0, -1)]
    for at in sorted(left, key=lambda at: -effort[at]):
        roomiest = room.index(max(room))
        made[roomiest].append(at)
        room[roomiest] -= effort[at]
    return [batch for batch in made if batch]
