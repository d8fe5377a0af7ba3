"""The settings of the simulation, from flows/declared/theory.toml: `[base]`, and `[[settings]]` that say what differs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Len, Lt

from flows import toml_files
from flows.columns import Fraction, Text
from flows.paths import PACKAGE
from flows.toml_files import Closed, FromTable, Once

ORACLE, EXPERT, FLEXIBLE, REGULARISED = "oracle", "expert", "flexible", "regularised"
MODELS = (ORACLE, EXPERT, FLEXIBLE, REGULARISED)
# Raised whenever the same parameters give other figures; a test holds some figures to it.
METHOD = 1

_UNKEYED = ("why", "changed", "sizes")


Model = Literal["oracle", "expert", "flexible", "regularised"]


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

    reference_model: Model
    reference_observations: Annotated[int, Ge(1)]
    level: Fraction


@dataclass(frozen=True)
class Configuration:
    """All of the TOML."""

    reading: Reading
    settings: tuple[Setting, ...]


class _Parameters(Closed):
    """`[base]`: a value of every parameter."""

    seed: Annotated[int, Ge(0)]
    n_simulations: Annotated[int, Ge(2)]
    n_features: Annotated[int, Ge(1)]
    coefficients: Annotated[list[float], Len(1)]
    coefficients_drawn: bool
    noise_sd: Annotated[float, Gt(0)]
    correlation: Annotated[float, Ge(0), Lt(1)]
    expert_known: Annotated[int, Ge(0)]
    expert_irrelevant: Annotated[int, Ge(0)]
    least_squares_solver: Literal["cholesky", "qr"]
    tuning: Literal["held_out", "held_out_beside", "cross_validation", "universal", "best"]
    held_out_share: Fraction
    universal_multiplier: Annotated[float, Gt(0)]
    folds: Annotated[int, Ge(2)]
    grid_lambdas: Annotated[int, Ge(2)]
    lambda_floor: Fraction
    patience: Annotated[int, Ge(1)]


class _Named(_Parameters):
    """An entry of `[[settings]]`, with the base's value of every parameter that it leaves as it is."""

    name: Text
    why: Text
    sizes: Text


class _TheoryFile(Closed):
    """theory.toml. `sizes`: {name: {model: its numbers of observations}}."""

    reading: Annotated[Reading, FromTable]
    sizes: dict[str, dict[Model, Annotated[list[Annotated[int, Ge(4)]], Len(1), Once]]]
    base: _Parameters
    settings: Annotated[list[dict[str, Any]], Len(1)]


def configuration(path: Path | None = None) -> Configuration:
    """Read the TOML (by default the project's own).

    Raises:
        flows.errors.SettingError: a key is unknown, missing or out of its range.
    """
    path = path or PACKAGE / "declared" / "theory.toml"
    file = toml_files.read(path, _TheoryFile)
    settings = tuple(_setting(path, at, file, changes) for at, changes in enumerate(file.settings))
    toml_files.check_unique(path, ("settings",), (setting.name for setting in settings), "name")
    return Configuration(file.reading, settings)


def _setting(path: Path, at: int, file: _TheoryFile, changes: Mapping[str, Any]) -> Setting:
    place = ("settings", at)
    given = toml_files.validated(path, place, {**file.base.model_dump(), **changes}, _Named)
    toml_files.check_name(path, (*place, "sizes"), given.sizes, file.sizes, "table of sizes")
    differs = {key: value for key, value in changes.items() if key not in ("name", "why", "sizes")}
    setting = Setting(
        **given.model_dump(exclude={"sizes", "coefficients"}),
        coefficients=tuple(given.coefficients),
        changed=", ".join(f"{key} = {_text(value)}" for key, value in differs.items()),
        sizes={model: tuple(sorted(sizes)) for model, sizes in file.sizes[given.sizes].items()},
    )
    _check(path, place, setting, given.sizes)
    return setting


def _text(value: object) -> str:
    return str(value) if not isinstance(value, bool) else str(value).lower()


def _check(path: Path, place: tuple[str, int], setting: Setting, sizes: str) -> None:
    """Raise `SettingError` where parameters do not go together."""
    informative, features = len(setting.coefficients), setting.n_features
    expert = setting.expert_known + setting.expert_irrelevant
    beyond = {
        "coefficients": informative > features and f"but there are {features} features",
        "expert_known": setting.expert_known > informative and f"but {informative} features are informative",
        "expert_irrelevant": (
            setting.expert_irrelevant > features - informative and f"but only {features - informative} are irrelevant"
        )
        or (expert == 0 and "and the expert sees no feature at all"),
    }
    for key, why in beyond.items():
        if why:
            toml_files.refuse(path, (*place, key), getattr(setting, key), why)
    # Least norm on correlated features has no law as simple as that of flows/theory/least_squares.py.
    least = {ORACLE: informative, EXPERT: expert, FLEXIBLE: features} if setting.correlation else {}
    for model, numbers in setting.sizes.items():
        if numbers[0] < least.get(model, 0):
            why = f"whose {model} has {numbers[0]} observations: correlated features need {least[model]}"
            toml_files.refuse(path, (*place, "sizes"), sizes, why)
