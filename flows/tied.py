"""`python -m flows.tied MODULE ARGUMENTS…`: a module as `python -m` runs it, which ends when standard input does.

Whoever started it holds the other end of that pipe, and lets go of it however it ends: by kill -9, too, of which nobody
else is told.
"""

from __future__ import annotations

import os
import runpy
import sys
import threading


def _until_the_other_end_is_let_go() -> None:
    while os.read(0, 1 << 16):
        pass
    os._exit(1)  # whoever might care for more than that is gone


def main() -> None:
    """Run the module that the arguments name."""
    threading.Thread(target=_until_the_other_end_is_let_go, name="tied", daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
