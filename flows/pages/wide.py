"""Facts in wide form: a line for each record of a sheet and a column for each score, where each row says one score of a record.

A row a score repeats the model's name, its place and the names of the benchmark: 3,800 models by six scores take three times
the bytes. The head of a column of scores has what is the same in all of its rows ("gpqa accuracy 0"), a blank between two parts;
what else than letters and digits a part holds is written as in an address, and parts at the end that are blank are left out.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote

import pyarrow as pa


@dataclass(frozen=True)
class Form:
    """Which columns of a row type stand once a line (`record`), in the head of a column (`head`), and below it (`cell`)."""

    record: tuple[str, ...]
    head: tuple[str, ...]
    cell: str


FORMS: Mapping[str, Form] = {"listed_score": Form(("name",), ("benchmark", "metric", "shots"), "value")}


def fold(
    form: Form, address: Sequence[str], columns: Sequence[str], rows: Iterable[Sequence[str]]
) -> tuple[list[str], list[list[str]]]:
    """(header, lines) of rows whose cells are texts under `address` and `columns`.

    `unfold` gives the same rows in the same order: where a score would stand to the left of the one before it, another line of
    the record begins.
    """
    of_record, of_head, cell = _places(form, address, columns)
    told = [
        (
            [*row[: len(address)], *(row[at] for at in of_record)],
            head_of([row[at] for at in of_head]),
            row[cell],
        )
        for row in rows
    ]
    heads = _in_order((record, head) for record, head, _ in told)
    places = {head: at for at, head in enumerate(heads)}
    lines, current, last = list[list[str]](), None, -1
    for record, head, value in told:
        if record != current or places[head] <= last:
            lines.append([*record, *[""] * len(heads)])
        current, last = record, places[head]
        lines[-1][len(record) + last] = value
    return [*address, *form.record, *heads], lines


def _places(form: Form, address: Sequence[str], columns: Sequence[str]) -> tuple[list[int], list[int], int]:
    at = {name: place for place, name in enumerate(columns, len(address))}
    return [at[name] for name in form.record], [at[name] for name in form.head], at[form.cell]


def _in_order(scores: Iterable[tuple[list[str], str]]) -> list[str]:
    """The heads, each to the right of the one that is before it in its record, as far as the records agree."""
    heads, known = list[str](), set[str]()
    for _, of_record in itertools.groupby(scores, lambda score: score[0]):
        place = 0
        for _, head in of_record:
            if head not in known:
                known.add(head)
                heads.insert(place, head)
            place = heads.index(head) + 1
    return heads


def head_of(parts: Sequence[str]) -> str:
    """The head of a column of scores."""
    return " ".join(map(quote, parts)).rstrip(" ")


def parts_of(form: Form, head: str) -> list[str]:
    """What `head_of` made the head of. Raises `ValueError`: it has more parts than there are."""
    parts = [unquote(part) for part in head.split(" ")]
    if len(parts) > len(form.head):
        raise ValueError(f"{head!r} has more parts than {' '.join(form.head)}")
    return [*parts, *[""] * (len(form.head) - len(parts))]


def heads_in(form: Form, address: Sequence[str], header: Sequence[str]) -> list[str]:
    """The heads in a header. Raises `ValueError`: it is not that of a wide file."""
    first = [*address, *form.record]
    if list(header[: len(first)]) != first or len(header) == len(first):
        raise ValueError(f"the columns are {list(header)}")
    heads = list(header[len(first) :])
    for head in heads:
        parts_of(form, head)
    if len(set(heads)) < len(heads):
        raise ValueError("a column of scores stands twice in the header")
    return heads


def unfold(
    form: Form, address: Sequence[str], columns: Sequence[str], heads: Sequence[str], line: Sequence[str]
) -> Iterator[tuple[str, list[str]]]:
    """(head, cells under `address` and `columns`) of each score in a line, from left to right."""
    of_record, of_head, cell = _places(form, address, columns)
    for head, value in zip(heads, line[len(address) + len(of_record) :], strict=True):
        if value != "":
            row = [*line[: len(address)], *[""] * len(columns)]
            told = zip(of_record, line[len(address) :], strict=False)
            for at, text in [*told, *zip(of_head, parts_of(form, head), strict=True), (cell, value)]:
                row[at] = text
            yield head, row


def unfold_table(form: Form, rows: pa.Table, heads: Sequence[str], wanted: pa.Schema) -> pa.Table:
    """The same of all lines at once: `rows` has the columns of the address, those of `record`, and the scores.

    Raises:
        ValueError: a head is not that of a column of scores, or a line has no score.
    """
    import numpy as np

    lines, many = len(rows), len(heads)
    known = rows.column_names[: len(rows.column_names) - many]
    chunks = [chunk for column in rows.columns[len(known) :] for chunk in column.chunks]
    scores = pa.chunked_array(chunks, wanted.field(form.cell).type)
    # Line by line: the scores stand one column after the other.
    scores = scores.take(pa.array(np.arange(lines * many).reshape(many, lines).T.ravel()))
    there = scores.is_valid().to_numpy()
    line, column = (part[there] for part in np.divmod(np.arange(lines * many), many))
    if len(np.unique(line)) < lines:
        raise ValueError("a line has no score")
    found = {name: rows[name].take(pa.array(line)) for name in known} | {form.cell: scores.filter(pa.array(there))}
    parts = [parts_of(form, head) for head in heads]
    for at, name in enumerate(form.head):
        kind = wanted.field(name).type
        texts = [part[at] or None for part in parts]
        found[name] = pa.array(texts, pa.string()).cast(kind).take(pa.array(column))
    return pa.table({name: found[name] for name in [*(n for n in known if n not in form.record), *wanted.names]})
