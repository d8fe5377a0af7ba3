"""What the user can mend."""

from __future__ import annotations


class UserError(Exception):
    """Ends a command with its message, which says what is wrong and what to do; anything else keeps its traceback."""
