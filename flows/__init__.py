"""compute-limits: published results, hardware and compute in a warehouse, with the fits and costs recomputed."""

import os

# Arrow's own allocator keeps what is freed to itself: 80 MB of a build. It asks once, when it is imported.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

__version__ = "0.3.0"
