"""Every family of lock boards that a plan may name: a new one is one line here."""

import random
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

from simulator.boards.board import LockBoard, Wiring
from simulator.boards.kerong import KerongCu16Board, KerongCu48Board
from simulator.boards.modbus_relay import ModbusRelayBoard
from simulator.boards.winnsen import WinnsenBoard
from simulator.boards.wkly import WklyBoard
from simulator.boards.xor_bcc import XorBccBoard


class Make(Protocol):
    """Makes one board; `serial` is what tells one unit from another where the family can tell it."""

    def __call__(
        self, address: int, channels: int, wiring: Wiring, *, dice: random.Random, serial: int
    ) -> LockBoard[Any]: ...


BOARDS: Mapping[str, Make] = MappingProxyType(
    {
        "modbus-relay": ModbusRelayBoard,
        "winnsen": WinnsenBoard,
        "wkly": WklyBoard,
        "xor-bcc": XorBccBoard,
        "kerong-cu16": KerongCu16Board,
        "kerong-cu48": KerongCu48Board,
    }
)

SENSORS: Mapping[str, range] = MappingProxyType({"kerong-cu16": range(17, 33), "kerong-cu48": range(49, 97)})
"""Terminals of item sensors, which have no lock, by family."""
