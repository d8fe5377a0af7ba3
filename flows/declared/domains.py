"""The benchmark domains: what each is called, and which metric stands for it."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import Any

from flows.paths import PACKAGE


@cache
def domains() -> dict[str, dict[str, Any]]:
    """{benchmark: what its file declares}."""
    files = sorted((PACKAGE / "declared" / "domains").glob("*.toml"))
    told = [tomllib.loads(path.read_text(encoding="utf-8")) for path in files]
    return {one["benchmark"]: one for one in told}


def titles() -> dict[str, str]:
    """{benchmark: its title}."""
    return {benchmark: told["title"] for benchmark, told in domains().items()}
