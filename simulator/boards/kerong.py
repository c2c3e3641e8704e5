"""Device halves of the Kerong CU16 and CU48: frames between 02 and 03, closed by the sum of all bytes.

Neither acknowledges an unlock. Locks are counted from 0 on the wire, channels from 1 on the terminals; an
item sensor is the terminal behind the last lock that the frame has room for: 17.. of a CU16, 49.. of a CU48.
Where each frame comes from: the golden frames in tests/vectors.
"""

import random
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from simulator.boards.board import LockBoard, Timing, Wiring
from simulator.parsing import RequestParser

START, END = 0x02, 0x03
READ_16, UNLOCK_16, READ_BUS, UNLOCK_EACH = 0x30, 0x31, 0x32, 0x33
STATE_16, STATE_OF_BUS, SET_TIME, TIME, DELAYED, BAUD = 0x35, 0x36, 0x37, 0x38, 0x39, 0x40
RECRUIT, ASSIGN = 0x80, 0x81
READ_48, UNLOCK_48, STATE_48, UNEXPLAINED_48 = 0x60, 0x61, 0x75, 0x77
BUS_16, BUS_48, EACH_LOCK_48, UNEXPLAINED_LOCK_48 = 0xF0, 0x0A, 0x30, 0x0A

_TICK_S = 0.01
_SLOT_S = 0.006  # nine bytes at 19200 baud, and a little air
_PULSE = Timing(pulse_s=0.5)
# Command, and how many data bytes may follow; the shorter form counts where both could be.
_DATA_16: Mapping[int, tuple[int, ...]] = {
    READ_16: (0,),
    UNLOCK_16: (0,),
    READ_BUS: (0,),
    UNLOCK_EACH: (0,),
    SET_TIME: (0, 2),
    TIME: (0,),
    DELAYED: (1,),
    BAUD: (1,),
    RECRUIT: (0,),
    ASSIGN: (4,),
}


@dataclass(frozen=True)
class Order16:
    """A request to a CU16: address byte (board, lock), command, data."""

    address: int
    command: int
    data: bytes = b""

    @property
    def board(self) -> int:
        """The high half of the address byte."""
        return self.address >> 4

    @property
    def lock(self) -> int:
        """The low half: the lock, 0 where the board itself is meant."""
        return self.address & 0x0F


@dataclass(frozen=True)
class Order48:
    """A request to a CU48; `extra` marks the form with a zero before the end, which no capture has."""

    address: int
    lock: int
    command: int
    extra: bool = False


OrderT = TypeVar("OrderT", Order16, Order48)


def framed(*fields: int) -> bytes:
    """A frame of these fields: start, end and sum around them."""
    body = (START, *fields, END)
    return bytes((*body, sum(body) % 256))


def encode_order_16(order: Order16) -> bytes:
    """A CU16 request's own bytes."""
    return framed(order.address, order.command, *order.data)


def encode_order_48(order: Order48) -> bytes:
    """A CU48 request's own bytes."""
    return framed(order.address, order.lock, order.command, *((0,) if order.extra else ()))


def encode_state_16(address: int, locks: bytes, items: bytes, *, command: int = STATE_16) -> bytes:
    """State of a CU16, for itself (35) or as one of the bus (36)."""
    return framed(address, command, *locks, *items)


def encode_time_16(address: int, ticks: int) -> bytes:
    """The unlock time of a CU16 in steps of 10 ms."""
    return framed(address, TIME, ticks >> 8, ticks & 0xFF)


def encode_state_48(address: int, locks: bytes, items: bytes) -> bytes:
    """State of a CU48."""
    return framed(address, 0, STATE_48, *locks, *items)


def encode_unexplained_48(address: int, data: bytes) -> bytes:
    """The answer under 77 that was captured once; its length was not told."""
    return framed(address, UNEXPLAINED_LOCK_48, UNEXPLAINED_48, *data)


def encode_short_48(address: int, data: int) -> bytes:
    """Six bytes without an end that one disabled test prints as an answer."""
    body = (START, address, 0, STATE_48, data)
    return bytes((*body, sum(body) % 256))


class _Parser(RequestParser[OrderT]):
    """What the requests of both boards have in common: ETX and a sum at the end."""

    def head(self, begun: bytearray) -> tuple[int, OrderT | None]:
        """How many of these bytes are a request, and which; (0, None): wait for more, (1, None): none."""
        for size in self._sizes(begun):
            if len(begun) < size:
                return 0, None
            frame = bytes(begun[:size])
            if frame[-2] == END and sum(frame[:-1]) % 256 == frame[-1]:
                return size, self._meaning(frame)
        return 1, None

    def _sizes(self, head: bytearray) -> tuple[int, ...]:
        """How long a request that begins so may be, the shortest first; () if none does."""
        raise NotImplementedError

    def _meaning(self, frame: bytes) -> OrderT:
        raise NotImplementedError


class Parser16(_Parser[Order16]):
    """Finds the requests to CU16 boards."""

    def _sizes(self, head: bytearray) -> tuple[int, ...]:
        if head[0] != START:
            return ()
        return (5,) if len(head) < 3 else tuple(5 + count for count in _DATA_16.get(head[2], ()))

    def _meaning(self, frame: bytes) -> Order16:
        return Order16(frame[1], frame[2], frame[3:-2])


class Parser48(_Parser[Order48]):
    """Finds the requests to CU48 boards."""

    def _sizes(self, head: bytearray) -> tuple[int, ...]:
        if head[0] != START or (len(head) > 2 and head[2] > EACH_LOCK_48):
            return ()
        if len(head) < 5:
            return (6,) if len(head) < 4 or head[3] in (READ_48, UNLOCK_48) else ()
        return (7,) if (head[3], head[4]) == (UNLOCK_48, 0) else (6,)

    def _meaning(self, frame: bytes) -> Order48:
        return Order48(frame[1], frame[2], frame[3], extra=len(frame) == 7)


class _KerongBoard(LockBoard[OrderT]):
    """What both boards have in common: pulses that nobody acknowledges, bits of locks and items."""

    groups: int

    @abstractmethod
    def state(self) -> bytes:
        """The frame that tells the state as it is now."""

    def rechannelled(self, frame: bytes) -> bytes:
        """The frame as it is: no answer of these boards names a channel."""
        return frame

    def lock_bits(self) -> bytes:
        """Contacts of the locks, channel 1 in bit 0 of the first byte."""
        return self._packed(self.block_contacts())

    def item_bits(self) -> bytes:
        """What the item sensors detect; without sensors zeros."""
        first = 8 * self.groups + 1
        return self._packed([self.contact(first + place) for place in range(8 * self.groups)])

    def tell_state(self) -> None:
        """Answer a reading."""
        self.was_read()
        self.answer(self.timing.read_delay_s, self.state)

    def unlock(self, channel: int, pulse_s: float) -> None:
        """Pulse one lock if there is one, the board listens and the lock is rested; say nothing."""
        if channel <= self.channels and not self.is_deaf():
            self.try_pulse(channel, pulse_s)

    def _packed(self, bits: list[bool]) -> bytes:
        packed = bytearray(self.groups)
        for place, is_set in enumerate(bits):
            packed[place // 8] |= is_set << place % 8
        return bytes(packed)


class KerongCu16Board(_KerongBoard[Order16]):
    """One CU16 (or CU12) on a line."""

    groups = 2

    def __init__(
        self,
        address: int,
        channels: int,
        wiring: Wiring,
        *,
        dice: random.Random,
        timing: Timing | None = None,
        serial: int = 0,  # noqa: ARG002 - these boards tell no two units apart
    ) -> None:
        super().__init__(address, channels, wiring, Parser16(), dice=dice, timing=timing or _PULSE)
        self._ticks = round(self.timing.pulse_s / _TICK_S)

    def is_for_me(self, request: Order16) -> bool:
        """Whether its board is this one, or it asks the whole bus."""
        return request.board == self.address or (request.address, request.command) == (BUS_16, READ_BUS)

    def obey(self, request: Order16) -> None:
        """Act on a request and queue its answer."""
        if request.command == UNLOCK_16:
            self.unlock(request.lock + 1, self._pulse_s)
        elif request.command == DELAYED:
            self._unlock_later(request.lock + 1, float(request.data[0]))
        elif request.lock == 0:
            self._obey_as_board(request)

    def spelled(self, request: Order16) -> bytes:
        """The request's own bytes again."""
        return encode_order_16(request)

    def readdressed(self, frame: bytes) -> bytes:
        """The same answer from the board of the next address."""
        return framed(frame[1] + 0x10 & 0xF0, *frame[2:-2])

    def state(self) -> bytes:
        """The state, told for itself."""
        return encode_state_16(self.address << 4, self.lock_bits(), self.item_bits())

    @property
    def _pulse_s(self) -> float:
        return self._ticks * _TICK_S

    def _obey_as_board(self, request: Order16) -> None:
        delay_s, address = self.timing.read_delay_s, self.address << 4
        match request.command:
            case 0x30:
                self.tell_state()
            case 0x32:
                self.was_read()
                # One after another, by address, or they would all talk at once.
                self.answer(
                    delay_s + self.address * _SLOT_S,
                    lambda: encode_state_16(
                        address, self.lock_bits(), self.item_bits(), command=STATE_OF_BUS
                    ),
                )
            case 0x33:
                self.pulse_each(range(1, self.channels + 1), self._pulse_s)
            case 0x37 | 0x38:
                self.was_read()
                if request.data:
                    self._ticks = request.data[0] << 8 | request.data[1]
                self.answer(delay_s, lambda: encode_time_16(address, self._ticks))
            case _:
                return  # the baud rate is the line's; addresses of this board are set by switches

    def _unlock_later(self, channel: int, delay_s: float) -> None:
        def pulse() -> None:
            self.unlock(channel, self._pulse_s)

        self.at(delay_s, pulse)


class KerongCu48Board(_KerongBoard[Order48]):
    """One CU48 on a line."""

    groups = 6

    def __init__(
        self,
        address: int,
        channels: int,
        wiring: Wiring,
        *,
        dice: random.Random,
        timing: Timing | None = None,
        serial: int = 0,  # noqa: ARG002 - these boards tell no two units apart
    ) -> None:
        super().__init__(address, channels, wiring, Parser48(), dice=dice, timing=timing or _PULSE)

    def is_for_me(self, request: Order48) -> bool:
        """Whether its address is that of the board's switches, or that of all boards."""
        return request.address in (self.address, BUS_48)

    def obey(self, request: Order48) -> None:
        """Act on a request and queue its answer; the form that no capture has is not obeyed."""
        if request.extra:
            return
        if request.command == READ_48:
            # What a board answers to the address of all boards is not known: nothing, here.
            if request.address == self.address:
                self.tell_state()
        elif request.lock == EACH_LOCK_48:
            self.pulse_each(range(1, self.channels + 1), self.timing.pulse_s)
        else:
            self.unlock(request.lock + 1, self.timing.pulse_s)

    def spelled(self, request: Order48) -> bytes:
        """The request's own bytes again."""
        return encode_order_48(request)

    def readdressed(self, frame: bytes) -> bytes:
        """The same answer from the board of the next address."""
        return framed((frame[1] + 1) % BUS_48, *frame[2:-2])

    def alternate(self, frame: bytes) -> bytes:
        """The answer under 77, as it was captured once."""
        return encode_unexplained_48(frame[1], frame[4:-2])

    def state(self) -> bytes:
        """The state as the board's own answer."""
        return encode_state_48(self.address, self.lock_bits(), self.item_bits())
