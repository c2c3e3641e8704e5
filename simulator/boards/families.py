"""Every family of lock boards that a plan may name: a new one is one line here."""

import random
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

from simulator.boards.board import LockBoard, Wiring
from simulator.boards.xor_bcc import XorBccBoard


class Make(Protocol):
    """Makes one board; `serial` is what tells one unit from another where the family can tell it."""

    def __call__(
        self, address: int, channels: int, wiring: Wiring, *, dice: random.Random, serial: int
    ) -> LockBoard[Any]: ...


BOARDS: Mapping[str, Make] = MappingProxyType({"xor-bcc": XorBccBoard})
