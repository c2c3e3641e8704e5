"""Overrides from the environment: LOCKER__AUTOMAT__NAME sets `name` of [automat].

Read by our own few lines: the file is validated strictly, and only what comes from the environment, where
everything is text, is converted first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

PREFIX = "LOCKER__"
DELIMITER = "__"


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the environment says.

    `values`: by table and key, numbers and truths converted; what does not convert is left as text for
    the validation to refuse. `variables`: the variable behind each "table.key". `unknown`: variables
    that mean nothing.
    """

    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)


def overrides(model: type[BaseModel], environ: Mapping[str, str]) -> Overrides:
    """Read the variables; only tables of which there is one can be overridden."""
    found = Overrides()
    for variable in sorted(name for name in environ if name.startswith(PREFIX)):
        table, _, key = variable.removeprefix(PREFIX).lower().partition(DELIMITER)
        known = single_tables(model).get(table, {}).get(key)
        if known is None:
            found.unknown.append(variable)
            continue
        found.values.setdefault(table, {})[key] = _typed(known, environ[variable])
        found.variables[f"{table}.{key}"] = variable
    return found


def single_tables(model: type[BaseModel]) -> dict[str, dict[str, FieldInfo]]:
    """Return the keys of every table that is no list of tables."""
    return {
        name: inner.annotation.model_fields
        for name, inner in model.model_fields.items()
        if isinstance(inner.annotation, type) and issubclass(inner.annotation, BaseModel)
    }


def _typed(known: FieldInfo, text: str) -> Any:
    adapter: TypeAdapter[Any] = TypeAdapter(known.annotation or str)
    for read in (adapter.validate_python, adapter.validate_json):
        try:
            value = read(text)
        except ValidationError:
            continue
        return list(value) if isinstance(value, tuple) else value
    return text
