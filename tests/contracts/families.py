"""docs/families.md: every family of devices and the keys of its table, from the code. `make docs` writes."""

import json
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from locker.settings import devices
from tests.contracts.pictures import ROOT

PAGE = ROOT / "docs" / "families.md"
KINDS = (
    ("boards", devices.BOARD_TABLES),
    ("keypads", devices.KEYPAD_TABLES),
    ("displays", devices.DISPLAY_TABLES),
    ("scanners", devices.SCANNER_TABLES),
)
HEAD = """# Families of devices

What each `family` adds to its table of the configuration; drawn from the code by `make docs`. Every key may
be left out but those marked *required*. The bytes of a family are described in its `drivers/*/PROTOCOL.md`.
"""


def page() -> str:
    """Draw the whole page."""
    return HEAD + "".join(text for name, tables in KINDS for text in (f"\n## [[{name}]]\n", *_tables(tables)))


def _tables(tables: Mapping[str, type[devices.DeviceTable]]) -> Iterator[str]:
    for family, table in tables.items():
        own = {key: field for key, field in table.model_fields.items() if key in table.own_keys()}
        yield f"\n### `family = {json.dumps(family)}`\n\n"
        if not own:
            yield "No keys of its own.\n"
            continue
        yield "| key | value | default | meaning |\n|---|---|---|---|\n"
        for key, field in own.items():
            default = "*required*" if field.is_required() else f"`{_written(field.default)}`"
            yield f"| `{key}` | {_values(field)} | {default} | {field.description or ''} |\n"


def _values(field: FieldInfo) -> str:
    names = ("ge", "gt", "le", "max_length")
    given = ((name, getattr(rule, name, None)) for rule in field.metadata for name in names)
    limits = {name: value for name, value in given if value is not None}
    kind = field.annotation
    if get_origin(kind) in (Union, UnionType):
        kind = next(inner for inner in get_args(kind) if inner is not type(None))
    if get_origin(kind) is Literal:
        return " or ".join(f"`{_written(choice)}`" for choice in get_args(kind))
    words = {bool: "true or false", int: "whole number", float: "number", str: "text"}
    said = words.get(kind, "table") if isinstance(kind, type) else "table"
    if "ge" in limits and "le" in limits:
        return f"{said}, {limits['ge']:g} to {limits['le']:g}"
    if "le" in limits:
        return f"{said}, above {limits.get('gt', 0):g}, at most {limits['le']:g}"
    return f"{said}, at most {limits['max_length']}" if "max_length" in limits else said


def _written(value: object) -> str:
    return "unset" if value is None else json.dumps(value)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
