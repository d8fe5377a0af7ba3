"""Ctrl-C and SIGTERM as exceptions, which end what was started; one that is lost is raised again.

Python raises them in whatever the main thread is doing. Where that is a finalizer or a callback that the garbage collector
calls, the exception is printed as ignored and gone, and the run goes on as if nobody had stopped it (seen: five stops of 52,
in a `weakref.finalize` of a task that had just been submitted).
"""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType
from typing import NoReturn

# By then the finalizer has returned; one that takes longer loses the next one as well, and gets another.
_AGAIN_S = 0.05


class _Terminated(SystemExit):
    """SIGTERM; its exit status is that of a shell."""


def raise_them() -> None:
    """Have SIGTERM raise `SystemExit` (143), as SIGINT raises `KeyboardInterrupt`, and have neither be lost."""
    signal.signal(signal.SIGTERM, _terminated)
    sys.unraisablehook = _not_lost


def _terminated(_: int, __: FrameType | None) -> NoReturn:
    raise _Terminated(128 + signal.SIGTERM)


def _not_lost(lost: sys.UnraisableHookArgs) -> None:
    stop = {KeyboardInterrupt: signal.SIGINT, _Terminated: signal.SIGTERM}.get(lost.exc_type)
    if stop is None or threading.current_thread() is not threading.main_thread():
        sys.__unraisablehook__(lost)
        return
    # By the signal and not from here, where it would be lost again; sent to the thread, so that a wait of it ends.
    main = threading.main_thread().ident
    again = threading.Timer(_AGAIN_S, signal.pthread_kill, (main, stop))
    again.daemon = True
    again.start()
