"""The settings of the simulation, from flows/declared/theory.toml: `[base]`, and `[[settings]]` that say what differs."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from flows.errors import UserError
from flows.paths import PACKAGE

ORACLE, EXPERT, FLEXIBLE, REGULARISED = "oracle", "expert", "flexible", "regularised"
MODELS = (ORACLE, EXPERT, FLEXIBLE, REGULARISED)
TUNINGS = ("held_out", "held_out_beside", "cross_validation", "universal", "best")
SOLVERS = ("cholesky", "qr")
# Raised whenever the same parameters give other figures; a test holds some figures to it.
METHOD = 1

_UNKEYED = ("why", "changed", "sizes")


class SettingError(UserError, ValueError):
    """The TOML of the settings is wrong; the message names the setting and the key."""


@dataclass(frozen=True)
class Setting:
    """The parameters of one simulation; flows/declared/theory.toml says what each means and why it is what it is.

    sizes: {model: its numbers of observations}. changed: what differs from the base, as text.
    """

    name: str
    why: str
    changed: str
    seed: int
    n_simulations: int
    n_features: int
    coefficients: tuple[float, ...]
    coefficients_drawn: bool
    noise_sd: float
    correlation: float
    expert_known: int
    expert_irrelevant: int
    least_squares_solver: str
    tuning: str
    held_out_share: float
    universal_multiplier: float
    folds: int
    grid_lambdas: int
    lambda_floor: float
    patience: int
    sizes: Mapping[str, tuple[int, ...]]

    def key(self) -> str:
        """SHA-256 of what the figures depend on: the parameters (not which sizes are asked for) and the method."""
        parameters = {name: value for name, value in asdict(self).items() if name not in _UNKEYED}
        canonical = json.dumps({"method": METHOD, **parameters}, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True)
class Reading:
    """How figure 1a is read: the model and number of observations to match, and the level of the interval."""

    reference_model: str
    reference_observations: int
    level: float


@dataclass(frozen=True)
class Configuration:
    """All of the TOML."""

    reading: Reading
    settings: tuple[Setting, ...]


def load(path: Path | None = None) -> Configuration:
    """Read the TOML (by default the project's own).

    Raises:
        SettingError: a key is unknown, missing or out of its range.
    """
    told = tomllib.loads((path or PACKAGE / "declared" / "theory.toml").read_text(encoding="utf-8"))
    if unknown := set(told) - {"reading", "sizes", "base", "settings"}:
        raise SettingError(f"unknown tables: {sorted(unknown)}")
    settings = tuple(_setting(told["base"], changes, told["sizes"]) for changes in told["settings"])
    if len({setting.name for setting in settings}) < len(settings):
        raise SettingError("two settings have the same name")
    return Configuration(Reading(**told["reading"]), settings)


def _setting(base: Mapping[str, Any], changes: Mapping[str, Any], sizes: Mapping[str, Any]) -> Setting:
    described = {"name", "why", "sizes"}
    given = {**base, **changes}
    name = str(given.get("name"))
    differs = {key: value for key, value in changes.items() if key not in described}
    given["changed"] = ", ".join(f"{key} = {_text(value)}" for key, value in differs.items())
    if wrong := set(given) ^ {field.name for field in fields(Setting)}:
        raise SettingError(f"{name}: unknown or missing: {sorted(wrong)}")
    if given["sizes"] not in sizes:
        raise SettingError(f"{name}: sizes: there is no [sizes.{given['sizes']}]")
    given["coefficients"] = tuple(float(value) for value in given["coefficients"])
    given["sizes"] = {model: tuple(sorted(found)) for model, found in sizes[given["sizes"]].items()}
    setting = Setting(**given)
    _check(setting)
    return setting


def _text(value: object) -> str:
    return str(value) if not isinstance(value, bool) else str(value).lower()


def _check(setting: Setting) -> None:
    informative = len(setting.coefficients)
    expert = setting.expert_known + setting.expert_irrelevant
    smallest_correlated = {ORACLE: informative, EXPERT: expert, FLEXIBLE: setting.n_features}
    ranges = {
        "n_simulations": setting.n_simulations >= 2,
        "coefficients": 1 <= informative <= setting.n_features,
        "noise_sd": setting.noise_sd > 0,
        "correlation": 0 <= setting.correlation < 1,
        "expert_known": 0 <= setting.expert_known <= informative,
        "expert_irrelevant": 0 <= setting.expert_irrelevant <= setting.n_features - informative and expert > 0,
        "least_squares_solver": setting.least_squares_solver in SOLVERS,
        "tuning": setting.tuning in TUNINGS,
        "held_out_share": 0 < setting.held_out_share < 1,
        "universal_multiplier": setting.universal_multiplier > 0,
        "folds": setting.folds >= 2,
        "grid_lambdas": setting.grid_lambdas >= 2,
        "lambda_floor": 0 < setting.lambda_floor < 1,
        "patience": setting.patience >= 1,
        # Least norm on correlated features has no law as simple as that of flows/theory/least_squares.py.
        "sizes": set(setting.sizes) <= set(MODELS)
        and all(n >= 4 for found in setting.sizes.values() for n in found)
        and (
            not setting.correlation
            or all(n >= smallest_correlated.get(model, 0) for model, found in setting.sizes.items() for n in found)
        ),
    }
    if out := [key for key, fine in ranges.items() if not fine]:
        raise SettingError(f"{setting.name}: out of range: {out}")
