"""Turns what the validation found into sentences: where, what is wrong, what to do."""

import json
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, get_args
from zoneinfo import available_timezones

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from locker.errors import Fault
from locker.settings.devices import BOARD_TABLES, DISPLAY_TABLES, KEYPAD_TABLES, SCANNER_TABLES

PATTERNS: Mapping[str, str] = {
    r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$": "use 1 to 32 letters (A-Z), digits, dots, hyphens or underscores",
    r"^[A-Za-z0-9][A-Za-z0-9-]{0,7}$": "use 1 to 8 letters (A-Z), digits or hyphens, without spaces",
    r"^(none|bell( bell){0,4})$": 'write "none", or "bell" up to five times with a space between',
    r"^[ -~]*$": "use ASCII letters, digits and signs only",
}
WANTED: Mapping[str, str] = {
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "a text in quotes",
    "bool_type": "true or false",
    "path_type": "a path in quotes",
    "tuple_type": "a list in square brackets",
    "model_type": "a table",
    "dict_type": "a table in braces",
}
FAMILIES: Mapping[str, Mapping[str, type[BaseModel]]] = {
    name: tables
    for name, tables in (
        ("boards", BOARD_TABLES),
        ("keypads", KEYPAD_TABLES),
        ("displays", DISPLAY_TABLES),
        ("scanners", SCANNER_TABLES),
    )
    if len(tables) > 1
}
"""Where a mistake's location holds the family between the number and the key of its table."""
LONGEST_QUOTE = 60


def explain(
    error: ValidationError, model: type[BaseModel], data: Mapping[str, Any], overridden: Mapping[str, str]
) -> list[Fault]:
    """Return a fault for each mistake; a mistyped key is one mistake, though it is also a missing one.

    `overridden` gives the environment variable that set a "table.key".
    """
    details = [_of_family(detail) for detail in error.errors(include_url=False)]
    misspelt: set[tuple[int | str, ...]] = set()
    for detail in details:
        if detail["type"] == "extra_forbidden":
            *table, key = detail["loc"]
            near = nearest(str(key), _fields(model, table))
            if near is not None:
                misspelt.add((*table, near))
    faults = []
    for detail in details:
        loc = detail["loc"]
        if detail["type"] == "missing" and loc in misspelt:
            continue
        what, remedy = _sentence(detail, _field(model, loc), _fields(model, loc[:-1]))
        faults.append(Fault(place(loc, data, overridden), what, remedy))
    return faults


def place(loc: Sequence[int | str], data: Mapping[str, Any], overridden: Mapping[str, str]) -> str:
    """Write a location as a person finds it: `[[compartments]] "7" channel`."""
    variable = overridden.get(".".join(str(part) for part in loc[:2]))
    if variable is not None:
        return f"environment variable {variable}"
    table, *rest = loc
    value = data.get(str(table))
    if str(table) in FAMILIES and len(rest) > 1:
        del rest[1]  # the family's name, which is no key
    if not rest:
        if isinstance(value, list):
            return f"[[{table}]]"
        return f"[{table}]" if isinstance(value, Mapping) or value is None else str(table)
    if isinstance(rest[0], int):
        written = f"[[{table}]] {item_name(value, rest[0])}"
        rest = rest[1:]
    else:
        written = f"[{table}]"
    for part in rest:
        written += f", item {part + 1}" if isinstance(part, int) else f" {part}"
    return written


def item_name(items: object, index: int) -> str:
    """Name one of several tables by its id or label, or by its number if it has none."""
    item = items[index] if isinstance(items, list) and index < len(items) else None
    if isinstance(item, Mapping):
        for key in ("label", "id"):
            name = item.get(key)
            if isinstance(name, str):
                return quoted(name)
    return f"no. {index + 1}"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is most like this one, if any is."""
    by_lower = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), list(by_lower), n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None


def one_of(known: Iterable[str], word: str | None = None) -> str:
    """Write the remedy for a name that is none of the known ones."""
    known = sorted(set(known))
    near = nearest(word, known) if word else None
    if near is not None:
        return f"did you mean {quoted(near)}?"
    return f"use one of {', '.join(map(quoted, known))}" if known else "there is none yet: add one"


def quoted(value: object) -> str:
    """Write a value as TOML would, cut to a bearable length."""
    written = json.dumps(value, ensure_ascii=False, default=str)
    return written if len(written) <= LONGEST_QUOTE else written[: LONGEST_QUOTE - 2] + '.."'


def _of_family(detail: ErrorDetails) -> ErrorDetails:
    """Say of a family that is missing or unknown what is said of any other key."""
    table, *rest = detail["loc"]
    if detail["type"] == "union_tag_not_found":
        detail["type"] = "missing"
    elif detail["type"] == "union_tag_invalid":
        detail["type"], detail["input"] = "literal_error", detail["ctx"]["tag"]
    else:
        return detail
    detail["loc"] = (table, *rest, "", "family")
    return detail


def _sentence(detail: ErrorDetails, field: FieldInfo | None, known: Sequence[str]) -> tuple[str, str]:
    kind, key, value = detail["type"], str(detail["loc"][-1]), detail["input"]
    if kind == "extra_forbidden":
        near = nearest(key, known)
        remedy = f"did you mean `{near}`?" if near else f"remove it; known here: {', '.join(sorted(known))}"
        return f"there is no `{key}` here", remedy
    if kind == "missing":
        return f"`{key}` is missing", _how_to_add(key, field)
    if kind in WANTED:
        return f"must be {WANTED[kind]}, not {quoted(value)}", _rewrite(kind, key, value)
    if kind == "literal_error":
        table = str(detail["loc"][0])
        choices = [str(choice) for choice in _choices(field)]
        if key == "family" and table in FAMILIES:
            choices = list(FAMILIES[table])
        return f"{quoted(value)} is not known", (
            one_of(choices, str(value)) if isinstance(value, str) else f"use one of {', '.join(choices)}"
        )
    return _sentence_on_value(detail)


def _sentence_on_value(detail: ErrorDetails) -> tuple[str, str]:
    kind, value, context = detail["type"], quoted(detail["input"]), detail.get("ctx", {})
    match kind:
        case "string_pattern_mismatch":
            return f"{value} cannot be used", PATTERNS.get(context["pattern"], f"match {context['pattern']}")
        case "greater_than_equal":
            return f"{value} is too small", f"give {context['ge']} or more"
        case "greater_than":
            return f"{value} is too small", f"give more than {context['gt']}"
        case "less_than_equal":
            return f"{value} is too large", f"give {context['le']} or less"
        case "string_too_short" | "too_short":
            return "it is empty", "give at least one"
        case "string_too_long" | "too_long":
            return f"{value} is too long", f"use at most {context['max_length']}"
        case "value_error" if detail["loc"][-1] == "time_zone":
            return str(context["error"]), one_of(available_timezones(), str(detail["input"])).replace(
                "did you mean", "change it; did you mean"
            )
        case "value_error" if detail["loc"][-1] == "port":
            return f"{value} cannot be used", str(context["error"])
        case "value_error" if isinstance(detail["input"], Mapping):
            return str(context["error"]), "correct the one or the other"
        case "value_error":
            return f"{value} cannot be used: {context['error']}", "leave that out"
        case _:
            return f"{value}: {detail['msg']}", "correct it; docs/lockerd.toml explains every key"


def _rewrite(kind: str, key: str, value: object) -> str:
    if kind == "tuple_type" and isinstance(value, Mapping):
        return f"write [[{key}]] with two brackets, once for each"
    if kind == "model_type" and isinstance(value, list):
        return f"write [{key}] with one bracket, once"
    if kind in ("int_type", "float_type") and isinstance(value, str) and value.strip().isdigit():
        return f"write {key} = {value.strip()} without quotes"
    if kind in ("string_type", "path_type") and not isinstance(value, Mapping | list):
        return f'write {key} = "{value}" with quotes'
    return f"give {WANTED[kind]}"


def _how_to_add(key: str, field: FieldInfo | None) -> str:
    if field is None:
        return f"add `{key}`"
    table = field.annotation
    if isinstance(table, type) and issubclass(table, BaseModel):
        wanted = [name for name, inner in table.model_fields.items() if inner.is_required()]
        return f"add a table [{key}] with {', '.join(wanted)}"
    why = f" ({field.description})" if field.description else ""
    example = f"{key} = {quoted(field.examples[0])}" if field.examples else key
    return f"add `{example}`{why}" if field.examples else f"add `{key}`{why}"


def _field(model: type[BaseModel], loc: Sequence[int | str]) -> FieldInfo | None:
    names = [part for part in loc if isinstance(part, str)]
    table = _model(model, names[:-1])
    return None if table is None or not names else table.model_fields.get(names[-1])


def _fields(model: type[BaseModel], loc: Sequence[int | str]) -> list[str]:
    table = _model(model, [part for part in loc if isinstance(part, str)])
    return [] if table is None else list(table.model_fields)


def _model(model: type[BaseModel], names: Sequence[str]) -> type[BaseModel] | None:
    for place, name in enumerate(names):
        if place == 1 and names[0] in FAMILIES:
            model = FAMILIES[names[0]].get(name, model)
            continue
        field = model.model_fields.get(name)
        inner = None if field is None else _model_inside(field.annotation)
        if inner is None:
            return None
        model = inner
    return model


def _model_inside(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in get_args(annotation):
        found = _model_inside(inner)
        if found is not None:
            return found
    return None


def _choices(field: FieldInfo | None) -> list[object]:
    def literals(annotation: object) -> list[object]:
        inner = get_args(annotation)
        if not inner:
            return [annotation] if isinstance(annotation, str | int) else []
        return [choice for part in inner for choice in literals(part)]

    return [] if field is None else literals(field.annotation)
