"""Where things are: in a checkout, or inside an installed wheel. Nothing else computes a path."""

from __future__ import annotations

import os
from pathlib import Path

from flows.errors import UserError

PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = PACKAGE.parent
_IS_CHECKOUT = (_CHECKOUT / "pyproject.toml").is_file() and (_CHECKOUT / "sql").is_dir()
_SHIPPED = PACKAGE / "_shipped"

SQL = _CHECKOUT / "sql" if _IS_CHECKOUT else _SHIPPED / "sql"
EXPECTATIONS = _CHECKOUT / "expectations" if _IS_CHECKOUT else _SHIPPED / "expectations"
_REGISTER = Path("forecasts") / "register.jsonl"
SHIPPED_REGISTER = (_CHECKOUT / "data" if _IS_CHECKOUT else _SHIPPED) / _REGISTER
SHIPPED_LEDGER = (_CHECKOUT / "data" / "ledger" / "shipped") if _IS_CHECKOUT else _SHIPPED / "ledger"
# Versions of pages that stood on the days of the shipped states of the ledger and stand no more.
SHIPPED_PAST = _CHECKOUT / "data" / "past" if _IS_CHECKOUT else _SHIPPED / "past"
SHIPPED_RAW = _CHECKOUT / "data" / "raw" if _IS_CHECKOUT else _SHIPPED / "raw"


def data() -> Path:
    """The data folder: `COMPUTE_LIMITS_DATA`, else the checkout's `data/`, else `data/` here (installed wheel).

    Raises:
        flows.errors.UserError: it is a file.
    """
    named = os.environ.get("COMPUTE_LIMITS_DATA")
    if named:
        folder = Path(named).expanduser().resolve()
        if folder.exists() and not folder.is_dir():
            raise UserError(f"COMPUTE_LIMITS_DATA={named} is a file; it names the folder of the data")
        return folder
    return (_CHECKOUT if _IS_CHECKOUT else Path.cwd()) / "data"


def raw() -> Path:
    """Where fetched pages and their lock are kept."""
    return data() / "raw"


def shipped_raw() -> Path | None:
    """Where the facts that ship are: `COMPUTE_LIMITS_FACTS` (a folder; empty for none), else what came with the code."""
    named = os.environ.get("COMPUTE_LIMITS_FACTS")
    if named is None:
        return SHIPPED_RAW
    return Path(named).expanduser().resolve() if named else None


def register() -> Path:
    """The register of forecasts in the data folder, which `compute-limits forecast` adds to."""
    return data() / _REGISTER


def register_in_use() -> Path | None:
    """The register that is read: that in the data folder, else what came with the code, if there is one and facts may ship."""
    shipped = None if shipped_raw() is None else SHIPPED_REGISTER
    return next((one for one in (register(), shipped) if one is not None and one.is_file()), None)


def ledger(warehouse: Path) -> Path:
    """The ledger beside the folder of a warehouse, to which each build adds what it published."""
    return warehouse.parent.parent / "ledger"


def ledgers(warehouse: Path) -> list[Path]:
    """The ledgers that are read: that of the warehouse, and what came with the code, if facts may ship."""
    return [ledger(warehouse), *([] if shipped_raw() is None else [SHIPPED_LEDGER])]


def run_log() -> Path:
    """The log of runs."""
    return data() / "runs.jsonl"


def warehouse() -> Path:
    """The published DuckDB file."""
    return data() / "warehouse" / "compute_limits.duckdb"
