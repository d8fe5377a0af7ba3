"""The settings of the simulation: the base and what differs, what is refused, and what a key follows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from simulated import BASE, CONFIGURATION

from flows.theory import settings
from flows.theory.settings import ORACLE


def toml(tmp_path: Path, base: str = "", setting: str = "", sizes: str = "oracle = [15]") -> Path:
    """The project's base with some keys otherwise, and one setting."""
    shipped = (Path(settings.__file__).parents[1] / "declared" / "theory.toml").read_text(encoding="utf-8")
    head = shipped.partition("[sizes.figure]")[0]
    kept = [line for line in head.splitlines() if line.partition(" =")[0] != base.partition(" =")[0]]
    text = "\n".join(
        [*kept, base, "[sizes.some]", sizes, "[[settings]]", 'name = "a"', 'why = "w"', 'sizes = "some"', setting]
    )
    path = tmp_path / "theory.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_setting_is_the_base_and_what_it_changes(tmp_path: Path) -> None:
    (setting,) = settings.load(toml(tmp_path, setting="noise_sd = 0.5\nfolds = 3")).settings
    assert setting == replace(
        BASE, name="a", why="w", changed="noise_sd = 0.5, folds = 3", noise_sd=0.5, folds=3, sizes={ORACLE: (15,)}
    )


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ({"setting": "nose_sd = 1.0"}, "nose_sd"),
        ({"setting": "noise_sd = 0.0"}, "noise_sd"),
        ({"setting": "correlation = 1.0"}, "correlation"),
        ({"setting": 'tuning = "guess"'}, "tuning"),
        ({"setting": "expert_known = 11"}, "expert_known"),
        ({"setting": "coefficients = []"}, "coefficients"),
        ({"base": "seed"}, "seed"),
        ({"sizes": "oracel = [15]"}, "sizes"),
        ({"sizes": "flexible = [500]", "setting": "correlation = 0.5"}, "sizes"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_key(tmp_path: Path, wrong: dict[str, str], key: str) -> None:
    path = toml(tmp_path, **wrong)
    path.write_text(path.read_text(encoding="utf-8").replace("\nseed\n", "\n"), encoding="utf-8")
    with pytest.raises(settings.SettingError, match=f"a: .*{key}"):
        settings.load(path)


def test_the_key_follows_the_parameters_alone() -> None:
    same = replace(BASE, why="otherwise", changed="x", sizes={})
    assert same.key() == BASE.key()
    assert replace(BASE, noise_sd=2.0).key() != BASE.key() != replace(BASE, name="other").key()


def test_the_settings_of_the_project_hold_what_is_known() -> None:
    names = [setting.name for setting in CONFIGURATION.settings]
    assert names[0] == "base"
    assert (BASE.n_features, len(BASE.coefficients), BASE.n_simulations, BASE.changed) == (1000, 10, 1000, "")
    assert CONFIGURATION.reading == settings.Reading(ORACLE, 15, 0.95)
    # Each can be read: it has the oracle's 15, and a model beside it.
    assert all(15 in setting.sizes[ORACLE] and len(setting.sizes) > 1 for setting in CONFIGURATION.settings)
