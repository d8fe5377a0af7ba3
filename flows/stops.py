"""Ctrl-C and SIGTERM as exceptions, which end what was started; one that is lost is raised again.

Python raises them in whatever the main thread is doing. Where that is a finalizer or a callback that the garbage collector
calls, the exception is printed as ignored and gone, and the run goes on as if nobody had stopped it (seen: five stops of 52,
in a `weakref.finalize` of a task that had just been submitted). Where it is a query, DuckDB ends it, and raises an error of its
own in the place of the exception; so does pydantic where it is a serializer, as of Prefect's settings.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def told() -> Iterator[None]:
    """What a stop raised in here is raised, and not what a library made of it.

    DuckDB makes a `RuntimeError` ("Query interrupted") of it, pydantic a `PydanticSerializationError`.

    It is for handlers of SIGINT and SIGTERM that are there by now: within a flow Prefect has its own.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    raised: list[BaseException] = []
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    # A stop that is ignored, or ends the process without a word, raises nothing.
    raising = {int(number): handler for number, handler in handlers.items() if callable(handler)}

    def hear(number: int, frame: FrameType | None) -> None:
        try:
            raising[number](number, frame)
        except BaseException as stop:
            raised.append(stop)
            raise

    for number in raising:
        signal.signal(number, hear)
    try:
        yield
    except Exception as error:
        if not raised:
            raise
        raise raised[-1] from error
    finally:
        for number, handler in raising.items():
            if signal.getsignal(number) is hear:
                signal.signal(number, handler)


def _terminated(_: int, __: FrameType | None) -> NoReturn:
    raise _Terminated(128 + signal.SIGTERM)


def _not_lost(lost: sys.UnraisableHookArgs) -> None:
    # Within a flow the handler of SIGTERM is Prefect's, and so is what it raises; not imported for it, which takes a second.
    of_a_flow = getattr(sys.modules.get("prefect.exceptions"), "TerminationSignal", _Terminated)
    stop = {KeyboardInterrupt: signal.SIGINT, _Terminated: signal.SIGTERM, of_a_flow: signal.SIGTERM}.get(lost.exc_type)
    if stop is None or threading.current_thread() is not threading.main_thread():
        sys.__unraisablehook__(lost)
        return
    # By the signal and not from here, where it would be lost again; sent to the thread, so that a wait of it ends.
    main = threading.main_thread().ident
    again = threading.Timer(_AGAIN_S, signal.pthread_kill, (main, stop))
    again.daemon = True
    again.start()
