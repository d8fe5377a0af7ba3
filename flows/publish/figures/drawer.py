"""The other process of `drawers.py`; a module of its own, for the package imports that one."""

from __future__ import annotations

import pickle
import shutil
import sys
import tempfile
from contextlib import suppress

from flows import children
from flows.publish.figures import canvas, drawers


def main() -> None:
    """Draw the sheets that come on standard input, and send what is drawn to standard output, both pickled.

    The argument is a folder for all temporary files. The process that started this one removes it, and so does this one, for that
    may have been killed.
    """
    folder = sys.argv[1]

    def remove() -> None:
        shutil.rmtree(folder, ignore_errors=True)

    answers = children.answers(remove)
    tempfile.tempdir = folder
    try:
        with canvas.drawing():
            # The backends, which a first figure would load.
            from matplotlib.backends import backend_agg, backend_pdf, backend_svg  # noqa: F401
        with suppress(EOFError, BrokenPipeError):
            sheets, formats = pickle.load(sys.stdin.buffer)  # noqa: S301  # of the process that started this one
            pickle.dump(drawers.drawn(sheets, formats), answers)
            answers.flush()
    finally:
        remove()


if __name__ == "__main__":
    main()
