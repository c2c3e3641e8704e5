"""One Kerong lock board on a bus: CU16 and CU48 differ in the shape of their frames only."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Interval
from typing_extensions import Doc

from drivers.base import (
    SILENT,
    BoardIdentity,
    Contact,
    ContactReport,
    Decoder,
    UnlockAnswer,
    UnlockOutcome,
    ignore,
)
from drivers.bus import Bus, Question
from drivers.errors import DriverError, NoAnswer
from drivers.kerong.codec import cu16, cu48
from drivers.kerong.codec.frames import StateReply
from drivers.unlocking import require_channel, require_limits, send_once

BusyRelease = Literal["state", "query-37", "query-38"]
RELEASE_COMMANDS: Mapping[BusyRelease, int | None] = {
    "state": None,
    "query-37": cu16.UNLOCK_TIME,
    "query-38": cu16.UNLOCK_TIME_TOLD,
}
RELEASE_TIMEOUT_S = 0.1
"""CartWise waits as long after each write; whether 38 is answered at all is not known."""


@dataclass(frozen=True, slots=True)
class Cu16Settings:
    """What differs between CU12 and CU16 boards; proven at commissioning. Keys of [[boards]]."""

    address: Annotated[int, Interval(ge=0, le=9), Doc("as its switches say")] = 0
    channels: Annotated[int, Interval(ge=1, le=16), Doc("how many locks it has")] = 16
    items: Annotated[bool, Doc("whether it has item sensors: channels 17 to 32, for `goods_channel`")] = False
    acknowledges: Annotated[bool, Doc("whether it answers an unlock with its state")] = False
    busy_release: Annotated[
        BusyRelease, Doc("which command after each unlock makes a board listen again that stays busy")
    ] = "state"
    read_timeout_s: Annotated[float, Interval(gt=0, le=10), Doc("patience for a reading")] = 0.5
    unlock_timeout_s: Annotated[
        float, Interval(gt=0, le=10), Doc("patience for an unlock, if it is answered")
    ] = 1.0

    def __post_init__(self) -> None:
        _check_settings(self, cu16.LOCKS)

    @property
    def sensor_channels(self) -> range:
        """The channels of its item sensors: contacts without a lock."""
        return range(cu16.LOCKS + 1, 2 * cu16.LOCKS + 1) if self.items else range(0)


@dataclass(frozen=True, slots=True)
class Cu48Settings:
    """What differs between CU48 and CU48B boards; proven at commissioning. Keys of [[boards]]."""

    address: Annotated[int, Interval(ge=0, le=9), Doc("as its switches say")] = 0
    channels: Annotated[int, Interval(ge=1, le=48), Doc("how many locks it has")] = 48
    items: Annotated[bool, Doc("whether it has item sensors: channels 49 to 96, for `goods_channel`")] = False
    acknowledges: Annotated[bool, Doc("whether it answers an unlock with its state")] = False
    read_timeout_s: Annotated[float, Interval(gt=0, le=10), Doc("patience for a reading")] = 0.8
    unlock_timeout_s: Annotated[
        float, Interval(gt=0, le=10), Doc("patience for an unlock, if it is answered")
    ] = 2.0

    def __post_init__(self) -> None:
        _check_settings(self, cu48.LOCKS)

    @property
    def sensor_channels(self) -> range:
        """The channels of its item sensors: contacts without a lock."""
        return range(cu48.LOCKS + 1, 2 * cu48.LOCKS + 1) if self.items else range(0)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a driver says and expects in one shape of frames."""

    encode_unlock: Callable[[int, int], bytes]  # board, lock from 0
    encode_state: Callable[[int], bytes]
    address_of: Callable[[int], int]
    state_told: int
    decoder: Callable[[], Decoder[Any]]


CU16 = Shape(cu16.encode_unlock, cu16.encode_state, cu16.address_of, cu16.STATE_TOLD, cu16.ReplyDecoder)
CU48 = Shape(cu48.encode_unlock, cu48.encode_state, cu48.address_of, cu48.STATE_TOLD, cu48.ReplyDecoder)


class KerongBoard:
    """A `LockBoard`. Channels are 1..`channels`; item sensors are contacts behind the last lock bit."""

    def __init__(self, bus: Bus, settings: Cu16Settings | Cu48Settings, shape: Shape) -> None:
        self.on_report: Callable[[ContactReport], None] = ignore  # these boards speak only when asked
        self._bus = bus
        self._settings = settings
        self._shape = shape
        self._address = shape.address_of(settings.address)
        self._release: Question[Any] | None = None

    @property
    def channels(self) -> int:
        """Number of lock outputs."""
        return self._settings.channels

    async def unlock(self, channel: int) -> UnlockAnswer:
        """Send one unlock once. A board that does not answer it is asked for its state instead."""
        require_channel(channel, self.channels)
        request = self._shape.encode_unlock(self._settings.address, channel - 1)
        question = self._question(request, timeout_s=self._settings.unlock_timeout_s, urgent=True)
        reply = await send_once(self._bus, question, acknowledges=self._settings.acknowledges)
        if reply is None:
            return await self._state_instead(channel)
        return _answered(reply, channel)

    async def read_contacts(self) -> Mapping[int, Contact]:
        """Contacts by channel; a channel that is missing is unknown. Repeated once if unanswered."""
        reply = await self._read(attempts=2)
        return reply.contacts(self.channels, items=self._settings.items)

    async def identify(self) -> BoardIdentity:
        """The number of lock bits in its answer: nothing else that a Kerong board tells stays the same."""
        reply = await self._read(attempts=2)
        return BoardIdentity({"channels": str(8 * len(reply.locks))})

    async def rest_outputs(self) -> None:
        """Nothing: the board ends each pulse by itself."""

    async def _state_instead(self, channel: int) -> UnlockAnswer:
        """The unlock is out: whatever goes wrong now, the outcome is silence, not an error."""
        try:
            if self._release is not None:
                with contextlib.suppress(NoAnswer):
                    await self._bus.ask(self._release)
            # This is also what frees most boards that stay busy after an unlock.
            reply = await self._read(urgent=True)
        except DriverError:
            return SILENT
        return _answered(reply, channel)

    async def _read(self, *, attempts: int = 1, urgent: bool = False) -> StateReply:
        request = self._shape.encode_state(self._settings.address)
        return await self._bus.ask(
            self._question(request, timeout_s=self._settings.read_timeout_s, attempts=attempts, urgent=urgent)
        )

    def _question(
        self, request: bytes, *, timeout_s: float, attempts: int = 1, urgent: bool = False
    ) -> Question[StateReply]:
        return Question(
            request=request,
            decoder=self._shape.decoder,
            matcher=lambda: self._is_my_state,
            reply_timeout_s=timeout_s,
            attempts=attempts,
            urgent=urgent,
        )

    def _is_my_state(self, reply: object) -> bool:
        return (
            isinstance(reply, StateReply)
            and reply.command == self._shape.state_told
            and reply.address == self._address
        )


class Cu16Board(KerongBoard):
    """Five-byte frames, 16 locks at most."""

    def __init__(self, bus: Bus, settings: Cu16Settings) -> None:
        super().__init__(bus, settings, CU16)
        command = RELEASE_COMMANDS[settings.busy_release]
        if command is not None:
            self._release = Question(
                request=cu16.encode_command(self._address, command),
                decoder=cu16.ReplyDecoder,
                matcher=lambda: self._is_my_unlock_time,
                reply_timeout_s=RELEASE_TIMEOUT_S,
                urgent=True,
            )

    def _is_my_unlock_time(self, reply: object) -> bool:
        return isinstance(reply, cu16.UnlockTimeReply) and reply.address == self._address


class Cu48Board(KerongBoard):
    """Six-byte frames, 48 locks at most."""

    def __init__(self, bus: Bus, settings: Cu48Settings) -> None:
        super().__init__(bus, settings, CU48)


def _answered(reply: StateReply, channel: int) -> UnlockAnswer:
    return UnlockAnswer(UnlockOutcome.ANSWERED, reply.contacts(channel, items=False).get(channel))


def _check_settings(settings: Cu16Settings | Cu48Settings, locks: int) -> None:
    require_limits(
        settings.channels,
        locks,
        read_timeout_s=settings.read_timeout_s,
        unlock_timeout_s=settings.unlock_timeout_s,
    )
    cu16.address_of(settings.address)  # the same numbers in both shapes
