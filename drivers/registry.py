"""Every family that a configuration may name, in four plain tables."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from drivers.base import Display, Keypad, Line, LockBoard, Scanner
from drivers.bus import Bus
from drivers.cd5220.driver import Cd5220Display, Cd5220Settings
from drivers.keypad_serial.driver import SerialKeypad, SerialKeypadSettings
from drivers.scanner_serial.driver import SerialScanner, SerialScannerSettings
from drivers.xor_bcc.driver import XorBccBoard, XorBccSettings

CarrierT = TypeVar("CarrierT")
DeviceT = TypeVar("DeviceT")


@dataclass(frozen=True, slots=True)
class Family(Generic[CarrierT, DeviceT]):
    """How to make one device: `make(bus or line, settings)`; `settings` is its dataclass."""

    settings: type[Any]
    make: Callable[[CarrierT, Any], DeviceT]
    baud_rate: int


LOCK_BOARDS: Mapping[str, Family[Bus, LockBoard]] = MappingProxyType(
    {"xor-bcc": Family(XorBccSettings, XorBccBoard, 9600)}
)
KEYPADS: Mapping[str, Family[Line, Keypad]] = MappingProxyType(
    {"serial-ascii": Family(SerialKeypadSettings, SerialKeypad, 9600)}
)
SCANNERS: Mapping[str, Family[Line, Scanner]] = MappingProxyType(
    {"text": Family(SerialScannerSettings, SerialScanner, 9600)}
)
DISPLAYS: Mapping[str, Family[Line, Display]] = MappingProxyType(
    {"cd5220": Family(Cd5220Settings, Cd5220Display, 9600)}
)
