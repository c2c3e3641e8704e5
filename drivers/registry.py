"""Every family that a configuration may name, in four plain tables: a new family is one line here."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from drivers.base import Display, Keypad, Line, LockBoard, Scanner
from drivers.bus import Bus
from drivers.cd5220.driver import Cd5220Display, Cd5220Settings
from drivers.kerong import finding as kerong
from drivers.kerong.driver import Cu16Board, Cu16Settings, Cu48Board, Cu48Settings
from drivers.keypad_evdev.driver import EvdevKeypad, EvdevKeypadSettings
from drivers.keypad_serial.driver import SerialKeypad, SerialKeypadSettings
from drivers.matrix_orbital.driver import MatrixOrbitalDisplay, MatrixOrbitalSettings
from drivers.modbus_relay import finding as modbus_relay
from drivers.modbus_relay.driver import ModbusRelayBoard, ModbusRelaySettings
from drivers.scanner_serial.driver import SerialScanner, SerialScannerSettings
from drivers.winnsen import finding as winnsen
from drivers.winnsen.driver import WinnsenBoard, WinnsenSettings
from drivers.wkly import finding as wkly
from drivers.wkly.driver import WklyBoard, WklySettings
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
    `never_beside`: families whose boards might obey what this one is told at these of its addresses.
    """

    explain: Callable[[bytes, bool], Sequence[str]]
    search: Callable[[Bus, int], Awaitable[Mapping[str, Any] | None]]
    addresses: range
    never_beside: Mapping[str, range] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KeypadFamily(Family[Any, Keypad]):
    """A family of keypads on a `Line`, or, with `package`, on an input device that this package reads.

    The package is an extra of the same name; nothing is imported from it before such a keypad is opened.
    """

    package: str | None = None


LOCK_BOARDS: Mapping[str, BoardFamily] = MappingProxyType(
    {
        "modbus-relay": BoardFamily(
            ModbusRelaySettings,
            ModbusRelayBoard,
            9600,
            modbus_relay.explain,
            modbus_relay.search,
            range(1, 256),
            never_beside={"xor-bcc": range(0x90, 0x91)},
        ),
        "xor-bcc": BoardFamily(
            XorBccSettings, XorBccBoard, 9600, xor_bcc.explain, xor_bcc.search, range(1, 100)
        ),
        "kerong-cu16": BoardFamily(
            Cu16Settings, Cu16Board, 19200, kerong.explain_cu16, kerong.search_cu16, range(10)
        ),
        "kerong-cu48": BoardFamily(
            Cu48Settings, Cu48Board, 19200, kerong.explain_cu48, kerong.search_cu48, range(10)
        ),
        "wkly": BoardFamily(WklySettings, WklyBoard, 9600, wkly.explain, wkly.search, range(32)),
        # Optional: nothing protects its frames, and its settings refuse a table that does not say so.
        "winnsen": BoardFamily(
            WinnsenSettings,
            WinnsenBoard,
            9600,
            winnsen.explain,
            winnsen.search,
            range(1, 33),
            never_beside={"xor-bcc": range(256)},
        ),
    }
)
KEYPADS: Mapping[str, KeypadFamily] = MappingProxyType(
    {
        "serial-ascii": KeypadFamily(SerialKeypadSettings, SerialKeypad, 9600),
        "evdev": KeypadFamily(EvdevKeypadSettings, EvdevKeypad, 9600, package="evdev"),
    }
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
