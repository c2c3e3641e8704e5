"""Every family that a configuration may name, in four plain tables: a new family is one line here."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from drivers.base import Display, Keypad, Line, LockBoard, Scanner
from drivers.bus import Bus
from drivers.cd5220.driver import Cd5220Display, Cd5220Settings
from drivers.keypad_serial.driver import SerialKeypad, SerialKeypadSettings
from drivers.matrix_orbital.driver import MatrixOrbitalDisplay, MatrixOrbitalSettings
from drivers.scanner_serial.driver import SerialScanner, SerialScannerSettings
from drivers.xor_bcc import finding as xor_bcc
from drivers.xor_bcc.driver import XorBccBoard, XorBccSettings

CarrierT = TypeVar("CarrierT")
DeviceT = TypeVar("DeviceT")


@dataclass(frozen=True, slots=True)
class Family(Generic[CarrierT, DeviceT]):
    """How to make one device: `make(bus or line, settings)`; `settings` is its dataclass."""

    settings: type[Any]
    make: Callable[[CarrierT, Any], DeviceT]
    baud_rate: int


@dataclass(frozen=True, slots=True)
class BoardFamily(Family[Bus, LockBoard]):
    """A family of lock boards, and what commissioning and the wire log ask of it.

    `explain(data, sent)`: what bytes of one direction mean, in words, one text a frame; bytes of no frame are
    said to be that. `search(bus, address)`: the settings by name of the board at an address, None if no board
    of this family answers there; moves nothing, waits 0.3 s at most. `addresses`: where it may be.
    """

    explain: Callable[[bytes, bool], Sequence[str]]
    search: Callable[[Bus, int], Awaitable[Mapping[str, Any] | None]]
    addresses: range


LOCK_BOARDS: Mapping[str, BoardFamily] = MappingProxyType(
    {
        "xor-bcc": BoardFamily(
            XorBccSettings, XorBccBoard, 9600, xor_bcc.explain, xor_bcc.search, range(1, 100)
        ),
    }
)
KEYPADS: Mapping[str, Family[Line, Keypad]] = MappingProxyType(
    {"serial-ascii": Family(SerialKeypadSettings, SerialKeypad, 9600)}
)
SCANNERS: Mapping[str, Family[Line, Scanner]] = MappingProxyType(
    {"text": Family(SerialScannerSettings, SerialScanner, 9600)}
)
DISPLAYS: Mapping[str, Family[Line, Display]] = MappingProxyType(
    {
        "cd5220": Family(Cd5220Settings, Cd5220Display, 9600),
        "matrix-orbital": Family(MatrixOrbitalSettings, MatrixOrbitalDisplay, 9600),
    }
)
