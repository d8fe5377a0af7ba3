"""What the user can mend, and how it is said."""

from __future__ import annotations

from collections.abc import Iterable

# Of a score of likeness from 0 to 100.
_MUCH_LESS = 25


class UserError(Exception):
    """Ends a command with its message, which says what is wrong and what to do; anything else keeps its traceback."""


class SettingError(UserError, ValueError):
    """A TOML file is wrong; the message is one sentence that names the file, the key with its place, and the literal."""


def near(name: str, names: Iterable[str], many: int = 5) -> str:
    """The names most like one that is not known, as the end of a message."""
    good = [repr(one) for one in likest(name, names, many)]
    return "near it: " + ", ".join(good) if good else "there is none like it"


def likest(name: str, names: Iterable[str], many: int = 5) -> list[str]:
    """The names most like one, best first."""
    from rapidfuzz import process, utils

    found = process.extract(name, sorted(set(names)), processor=utils.default_process, limit=many)
    # Those that are much less like it than the best are no help beside it.
    return [one for one, score, _ in found if score >= found[0][1] - _MUCH_LESS]
