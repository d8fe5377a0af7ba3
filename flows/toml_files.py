"""One way to read a TOML file of settings: against a pydantic model, every slip said in one sentence.

The models of the files below flows/declared are in flows/declared/models.py; those of the sources in
flows/source_files.py and that of the simulation in flows/theory/settings.py, beside what they are for.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, NoReturn, TypeVar, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, ErrorDetails, PydanticCustomError

from flows.errors import SettingError, near
from flows.paths import PACKAGE

Model = TypeVar("Model", bound=BaseModel)
Item = TypeVar("Item")

# Where in a file: the keys and indices on the way, as in ("claims", 3, "statement").
Place = Sequence[str | int]


class Closed(BaseModel):
    """A table of a TOML file: no key beside those declared, no value of another kind, no change afterwards."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, defer_build=True)


def slip(what: str) -> PydanticCustomError:
    """What a validator of a model raises: `what` ends a sentence that begins with "<key> is <literal>, which is"."""
    return PydanticCustomError(_SLIP, "{what}", {"what": what})


def _once(values: list[Item]) -> list[Item]:
    for at, value in enumerate(values):
        if value in values[:at]:
            raise slip(f"a list in which {literal(value)} stands twice")
    return values


# Of a list in which nothing may stand twice.
Once = AfterValidator(_once)


class FromTable:
    """Of a dataclass that a table becomes, which strictness would refuse; its fields stay strict, and no other key is let in."""

    @classmethod
    def __get_pydantic_core_schema__(cls, row_type: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """How a model asks for the schema."""
        schema = handler(row_type)
        cast("dict[str, Any]", handler.resolve_ref_schema(schema))["strict"] = False
        return schema


_SLIP = "slip"
# The deepest of the files that ship has 6.
_DEPTH_MAX = 16
_NESTED = f"is nested more than {_DEPTH_MAX} deep, and no key needs that; take the brackets or the dots away"
_KEY_MAX = 80
# A key that is not known, of a model and of a dataclass.
_STRANGE = ("extra_forbidden", "unexpected_keyword_argument")
_KINDS = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "dataclass_type": "a table",
    "date_type": "a date (write 2026-03-31 without quotes)",
    "date_from_datetime_inexact": "a date without a time (write 2026-03-31)",
    "greater_than": "above {gt:g}",
    "greater_than_equal": "at least {ge:g}",
    "less_than": "below {lt:g}",
    "less_than_equal": "at most {le:g}",
    "string_too_short": "a text with something in it",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
}


def read(path: Path, model: type[Model]) -> Model:
    """A file as its model.

    Raises:
        SettingError: it cannot be read, is no UTF-8 or no TOML, lacks a key, has one that is not known, or a value of
            another kind or out of its range.
    """
    return validated(path, (), _content(path), model)


def validated(path: Path, place: Place, content: Mapping[str, Any], model: type[Model]) -> Model:
    """A table that stands at that place of a file, as its model. Raises `SettingError`."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        faults = error.errors(include_url=False)
    # A key that is not known explains one that is missing, so it is said first.
    fault = min(faults, key=lambda one: one["type"] not in _STRANGE)
    raise SettingError(f"{shown(path)}: {_sentence(fault, place, model)}")


def refuse(path: Path, place: Place, value: object, why: str) -> NoReturn:
    """Raise `SettingError`: the value at that place is wrong; `why` ends the sentence."""
    raise SettingError(f"{shown(path)}: {spot(place)} is {literal(value)}, {why}")


def check_name(path: Path, place: Place, name: str, names: Collection[str], what: str) -> None:
    """The value at that place is one of the names. Raises `SettingError`."""
    if name not in names:
        raise SettingError(f"{shown(path)}: {spot(place)} is {name!r}, which is no {what}; {near(name, names, 3)}")


def check_keys(path: Path, place: Place, keys: Iterable[str], names: Collection[str], what: str) -> None:
    """Every key of the table at that place is one of the names. Raises `SettingError`."""
    for key in keys:
        if key not in names:
            raise SettingError(
                f"{shown(path)}: unknown key '{spot((*place, key))}', for {key!r} is no {what}; {near(key, names, 3)}"
            )


def check_unique(path: Path, place: Place, keys: Iterable[object], what: str) -> None:
    """No key of the tables at that place stands twice. Raises `SettingError`."""
    seen: dict[object, int] = {}
    for at, key in enumerate(keys):
        if key in seen:
            first = spot((*place, seen[key]))
            raise SettingError(f"{shown(path)}: {spot((*place, at))}: the {what} {literal(key)} stands in {first} too")
        seen[key] = at


def shown(path: Path) -> str:
    """A file as messages name it: those of the project from its top, others as they were given."""
    return path.relative_to(PACKAGE.parent).as_posix() if path.is_relative_to(PACKAGE) else str(path)


def spot(place: Place) -> str:
    """A place as messages name it: claims[3].statement."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{_bare(step)}" for step in place)
    return "".join(steps).removeprefix(".")


def literal(value: object) -> str:
    """A value as it stands in a file, cut short where it is long."""
    if isinstance(value, bool):
        return str(value).lower()
    text = value.isoformat() if isinstance(value, date) else repr(value)
    return text if len(text) <= 160 else text[:159] + "…"


def _bare(key: str) -> str:
    key = key if len(key) <= _KEY_MAX else key[: _KEY_MAX - 1] + "…"
    return key if key.isascii() and key.replace("_", "").replace("-", "").isalnum() else f'"{key}"'


def _content(path: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(text := (raw := path.read_bytes()).decode("utf-8"))
    except OSError as error:
        raise SettingError(f"{shown(path)}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise SettingError(f"{shown(path)}: line {line} is not UTF-8 (byte {raw[error.start]:#04x})") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingError(f"{shown(path)}: is no TOML: {error}") from error
    except RecursionError:
        raise SettingError(f"{shown(path)}: line {_too_deep(text)} {_NESTED}") from None
    except ValueError as error:  # the only one that is no TOMLDecodeError: more digits than Python reads
        line = next((at for at, line in enumerate(text.split("\n"), 1) if re.search(r"[0-9_]{4000}", line)), 1)
        raise SettingError(
            f"{shown(path)}: line {line} has a number of thousands of digits; write a smaller one"
        ) from error
    _check_measure(path, content)
    return content


def _too_deep(text: str) -> int:
    """The line at which more brackets are open than may be, those in texts counted too."""
    depth = 0
    for number, line in enumerate(text.split("\n"), 1):
        for letter in line:
            depth += (letter in "[{") - (letter in "]}")
            if depth > _DEPTH_MAX:
                return number
    return 1


def _check_measure(path: Path, content: Mapping[str, Any]) -> None:
    """Nothing is nested beyond measure, of which a message could not be made, and no number is beyond TOML's own."""
    left: list[tuple[tuple[str | int, ...], Any]] = [((), content)]
    while left:
        place, value = left.pop()
        if len(place) > _DEPTH_MAX:
            raise SettingError(f"{shown(path)}: {spot(place[:3])} {_NESTED}")
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise SettingError(f"{shown(path)}: {spot(place)} is a number beyond 64 bits; write a smaller one")
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        left.extend(((*place, step), within) for step, within in items)


def _sentence(fault: ErrorDetails, place: Place, model: type[BaseModel]) -> str:
    kind, within = fault["type"], fault["loc"]
    if kind in _STRANGE:
        return f"unknown key '{spot((*place, *within))}'; {near(str(within[-1]), _keys(model, within[:-1]), 3)}"
    if kind == "missing":
        strange = set(fault["input"]) - set(_keys(model, within[:-1]))
        beside = f"; {near(str(within[-1]), strange, 1)}" if strange else ""
        return f"missing key '{spot((*place, *within))}'{beside}"
    if within and within[-1] == "[key]":
        why = _likest(fault) if kind == "literal_error" else f", {_expected(fault)}"
        return f"unknown key '{spot((*place, *within[:-1]))}'{why}"
    at = f"{spot((*place, *within))} is {literal(fault['input'])}, "
    if kind == "literal_error":
        return f"{at}but there are: {', '.join(_choices(fault))}{_likest(fault)}"
    return f"{at}{_expected(fault)}"


def _expected(fault: ErrorDetails) -> str:
    kind, context = fault["type"], fault.get("ctx", {})
    if kind == _SLIP:
        return f"which is {fault['msg']}"
    if kind not in _KINDS:
        return fault["msg"]
    return f"which is not {_KINDS[kind].format(**context)}"


def _choices(fault: ErrorDetails) -> list[str]:
    expected: str = fault["ctx"]["expected"]
    return expected.replace(" or ", ", ").replace("'", "").split(", ")


def _likest(fault: ErrorDetails) -> str:
    return f"; {near(fault['input'], _choices(fault), 3)}" if isinstance(fault["input"], str) else ""


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _keys(model: type[BaseModel], within: Place) -> list[str]:
    """The keys that the table at that place may have."""
    schema = node = _schema(model)
    for step in within:
        node = (
            node["items"]
            if isinstance(step, int)
            else node.get("properties", {}).get(step) or node["additionalProperties"]
        )
        node = next((one for one in node.get("anyOf", []) if one != {"type": "null"}), node)
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    return list(node.get("properties", {}))
