"""The tables of devices: what all families have in common, and the keys that each family adds.

The keys of a family are the fields of its settings in `drivers`: a new family needs no line here.
"""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, Union, get_args, get_type_hints

from pydantic import Field, create_model, model_validator
from pydantic.fields import FieldInfo
from typing_extensions import Doc

from locker.hardware.catalogue import BOARD_SETTINGS, DISPLAY_SETTINGS, KEYPAD_SETTINGS, SCANNER_SETTINGS
from locker.settings.shapes import Baud, Beeps, File, Name, Table

PRINTABLE = r"^[ -~]*$"


class DeviceTable(Table):
    """What every table with a `family` can tell: the settings of that family."""

    _settings: ClassVar[type[Any]]
    _own: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def own_keys(cls) -> frozenset[str]:
        """Return the keys that its family added."""
        return cls._own

    def family_settings(self) -> dict[str, Any]:
        """Return the family's settings by name, the defaults too."""
        return {name: getattr(self, name) for name in sorted(self._own)}

    @model_validator(mode="after")
    def _fits(self) -> Self:
        # What no single key can know, the family's own settings check: CallerMistake is a ValueError.
        self._settings(**self.family_settings())
        return self


class BoardTable(DeviceTable):
    """[[boards]]: one lock board at an address of a line."""

    id: Annotated[Name, Field(description="a name for this board", examples=["A"])]
    line: Annotated[str, Field(description="the id of one of [[lines]]", examples=["locks"])]
    family: Annotated[str, Field(examples=["xor-bcc"])]
    address: Annotated[int, Field(ge=0, le=255, description="as its switches say", examples=[1])]
    channels: Annotated[int, Field(ge=1, le=64, description="how many locks it has", examples=[24])]
    contact: Annotated[
        Literal["closed-when-shut", "closed-when-open"], Field(description="how its locks are wired")
    ] = "closed-when-shut"

    def sensor_channels(self) -> range:
        """Return the channels that are contacts without a lock, where the family has such."""
        settings = self._settings(**self.family_settings())
        return getattr(settings, "sensor_channels", range(0))


class TonesTable(Table):
    """`tones` of a keypad: how it sounds, as beeps of its display's bell, one after another."""

    key: Beeps = "none"
    right: Beeps = "bell"
    wrong: Beeps = "bell bell"
    remind: Beeps = "bell bell bell"
    tick: Beeps = "bell"


class KeypadTable(DeviceTable):
    """[[keypads]]: a keypad of the whole automat, or (`bound_to`) of one compartment."""

    id: Annotated[Name, Field(description="a name for this keypad", examples=["front"])]
    port: Annotated[
        File, Field(description="the stable path of the adapter", examples=["/dev/serial/by-id/usb-..."])
    ]
    baud: Baud = 9600
    family: Annotated[str, Field(examples=["serial-ascii"])]
    display: str | None = None
    bound_to: str | None = None
    tones: TonesTable = TonesTable()


class DisplayTable(DeviceTable):
    """[[displays]]: a display of two lines of 20 cells."""

    id: Annotated[Name, Field(description="a name for this display", examples=["front"])]
    port: Annotated[
        File, Field(description="the stable path of the adapter", examples=["/dev/serial/by-id/usb-..."])
    ]
    baud: Baud = 9600
    family: Annotated[str, Field(examples=["cd5220"])]


class ScannerTable(DeviceTable):
    """[[scanners]]: a scanner for labels beside a keypad."""

    id: Annotated[Name, Field(description="a name for this scanner", examples=["front"])]
    port: Annotated[
        File, Field(description="the stable path of the adapter", examples=["/dev/serial/by-id/usb-..."])
    ]
    baud: Baud = 9600
    family: Annotated[str, Field(examples=["text"])]
    keypad: Annotated[str, Field(description="the id of one of [[keypads]]", examples=["front"])]


def _tables(base: type[DeviceTable], families: Mapping[str, type[Any]]) -> dict[str, type[DeviceTable]]:
    """Make the table of each family: the base with the fields of the family's settings."""
    return {name: _table(base, name, settings) for name, settings in families.items()}


def _table(base: type[DeviceTable], family: str, settings: type[Any]) -> type[DeviceTable]:
    hints = get_type_hints(settings, include_extras=True)
    own = [field for field in dataclasses.fields(settings) if field.metadata.get("configured", True)]
    keys: dict[str, Any] = {"family": (Literal[family], ...)}
    for field in own:
        # What every family has, as an address, must be given; what only this one has may be left out.
        keys[field.name] = (
            _described(hints[field.name], base.model_fields.get(field.name)),
            ... if field.name in base.model_fields else _default(field),
        )
    table = create_model(base.__name__, __base__=base, __doc__=base.__doc__, **keys)
    table._settings = settings  # noqa: SLF001 - a class made here
    table._own = frozenset(field.name for field in own)  # noqa: SLF001 - as above
    return table


def _default(field: "dataclasses.Field[Any]") -> Any:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def _described(hint: Any, common: FieldInfo | None) -> Any:
    """Give the hint of a setting with its meaning, and an example if all families have it, for the reader."""
    meanings = [said.documentation for said in get_args(hint)[1:] if isinstance(said, Doc)]
    pattern = PRINTABLE if get_args(hint)[0] is str else None
    examples = None if common is None else common.examples
    return Annotated[hint, Field(description=" ".join(meanings) or None, pattern=pattern, examples=examples)]


def _one_of(tables: Mapping[str, type[DeviceTable]]) -> Any:
    several = tuple(tables.values())
    return Annotated[Union[several], Field(discriminator="family")] if len(several) > 1 else several[0]  # noqa: UP007 - the members are only known at run time


BOARD_TABLES = _tables(BoardTable, BOARD_SETTINGS)
KEYPAD_TABLES = _tables(KeypadTable, KEYPAD_SETTINGS)
DISPLAY_TABLES = _tables(DisplayTable, DISPLAY_SETTINGS)
SCANNER_TABLES = _tables(ScannerTable, SCANNER_SETTINGS)

if TYPE_CHECKING:
    AnyBoard = BoardTable
    AnyKeypad = KeypadTable
    AnyDisplay = DisplayTable
    AnyScanner = ScannerTable
else:
    AnyBoard = _one_of(BOARD_TABLES)
    AnyKeypad = _one_of(KEYPAD_TABLES)
    AnyDisplay = _one_of(DISPLAY_TABLES)
    AnyScanner = _one_of(SCANNER_TABLES)
