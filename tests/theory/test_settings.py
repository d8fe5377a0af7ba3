"""The settings of the simulation: the base and what differs, what is refused, and what a key follows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from simulated import BASE, CONFIGURATION

from flows.errors import SettingError
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
    (setting,) = settings.configuration(toml(tmp_path, setting="noise_sd = 0.5\nfolds = 3")).settings
    assert setting == replace(
        BASE, name="a", why="w", changed="noise_sd = 0.5, folds = 3", noise_sd=0.5, folds=3, sizes={ORACLE: (15,)}
    )


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"setting": "nose_sd = 1.0"}, r"unknown key 'settings\[0\].nose_sd'; near it: 'noise_sd'"),
        ({"setting": "noise_sd = 0.0"}, r"settings\[0\].noise_sd is 0.0, which is not above 0"),
        ({"setting": "correlation = 1.0"}, r"settings\[0\].correlation is 1.0, which is not below 1"),
        ({"setting": "folds = true"}, r"settings\[0\].folds is true, which is not a whole number"),
        ({"setting": 'tuning = "bets"'}, r"settings\[0\].tuning is 'bets', but there are: held_out, .*near it: 'best'"),
        ({"setting": "expert_known = 11"}, r"settings\[0\].expert_known is 11, but 10 features are informative"),
        (
            {"setting": "expert_irrelevant = 991"},
            r"settings\[0\].expert_irrelevant is 991, but only 990 are irrelevant",
        ),
        ({"setting": "expert_known = 0\nexpert_irrelevant = 0"}, "sees no feature at all"),
        ({"setting": "n_features = 9"}, r"settings\[0\].coefficients is .*, but there are 9 features"),
        ({"setting": "coefficients = []"}, r"settings\[0\].coefficients is \[\], which is not a list of at least 1"),
        ({"setting": '[[settings]]\nname = "a"\nwhy = "w"\nsizes = "some"'}, "the name 'a' stands in .* too"),
        (
            {"setting": '[[settings]]\nname = "b"\nwhy = "w"\nsizes = "same"'},
            r"\[1\].sizes is 'same', .*near it: 'some'",
        ),
        ({"base": "seed = -1"}, "base.seed is -1, which is not at least 0"),
        ({"base": "seed"}, "missing key 'base.seed'"),
        ({"sizes": "oracel = [15]"}, "unknown key 'sizes.some.oracel'; near it: 'oracle'"),
        ({"sizes": "oracle = [3]"}, r"sizes.some.oracle\[0\] is 3, which is not at least 4"),
        (
            {"sizes": "flexible = [500]", "setting": "correlation = 0.5"},
            r"settings\[0\].sizes is 'some', whose flexible has 500 observations: correlated features need 1000",
        ),
    ],
)
def test_a_wrong_setting_is_refused_by_its_key(tmp_path: Path, wrong: dict[str, str], message: str) -> None:
    path = toml(tmp_path, **wrong)
    path.write_text(path.read_text(encoding="utf-8").replace("\nseed\n", "\n"), encoding="utf-8")
    with pytest.raises(SettingError, match=f"theory.toml: .*{message}"):
        settings.configuration(path)


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
