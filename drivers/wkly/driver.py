"""One WKLY lock board on a bus."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Interval
from typing_extensions import Doc

from drivers.base import (
    SILENT,
    BoardIdentity,
    Contact,
    ContactReport,
    UnlockAnswer,
    UnlockOutcome,
    ignore,
)
from drivers.bus import Bus, Question
from drivers.errors import CallerMistake, DriverError, NoAnswer
from drivers.unlocking import require_channel, require_limits, send_once
from drivers.wkly import codec

HIGHEST_ADDRESS = 254  # no source tells of a broadcast; 255 would be the likely one
HIGHEST_CHANNEL = 24


@dataclass(frozen=True, slots=True)
class WklySettings:
    """What differs between boards that look the same; proven at commissioning. Keys of [[boards]]."""

    address: Annotated[int, Interval(ge=0, le=254), Doc("as its switches say")] = 0
    channels: Annotated[int, Interval(ge=1, le=24), Doc("how many locks it has")] = 24
    acknowledges: Annotated[bool, Doc("whether it answers an unlock")] = True
    alternate_header: Annotated[bool, Doc("whether it may answer with 53 4B 4C 59")] = False
    read_timeout_s: Annotated[float, Interval(gt=0, le=10), Doc("patience for a reading")] = 0.5
    unlock_timeout_s: Annotated[float, Interval(gt=0, le=10), Doc("patience for an unlock")] = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.address <= HIGHEST_ADDRESS:
            raise CallerMistake(f"address {self.address} is outside 0..{HIGHEST_ADDRESS}")
        require_limits(
            self.channels,
            HIGHEST_CHANNEL,
            read_timeout_s=self.read_timeout_s,
            unlock_timeout_s=self.unlock_timeout_s,
        )


class WklyBoard:
    """A `LockBoard`. Channels are 1..`channels`."""

    def __init__(self, bus: Bus, settings: WklySettings) -> None:
        self.on_report: Callable[[ContactReport], None] = ignore
        self._bus = bus
        self._settings = settings
        bus.listen(self._decoder(), self._heard_unasked)

    @property
    def channels(self) -> int:
        """Number of lock outputs."""
        return self._settings.channels

    async def unlock(self, channel: int) -> UnlockAnswer:
        """Send one unlock once. A board that does not answer it is asked for the contact instead."""
        require_channel(channel, self.channels)
        request = codec.encode_unlock(self._settings.address, channel)
        question = self._question(request, timeout_s=self._settings.unlock_timeout_s, urgent=True)
        reply = await send_once(self._bus, question, acknowledges=self._settings.acknowledges)
        if reply is None:
            return await self._contact_instead(channel)
        if reply.result != codec.DONE:
            return UnlockAnswer(
                UnlockOutcome.REFUSED, reply.contact, f"the board says that it failed ({reply.result:02X})"
            )
        return UnlockAnswer(UnlockOutcome.ANSWERED, reply.contact)

    async def read_contacts(self) -> Mapping[int, Contact]:
        """Contacts by channel; a channel that is missing is unknown. Repeated once if unanswered."""
        return (await self._read_all()).contacts(self._settings.channels)

    async def identify(self) -> BoardIdentity:
        """The number of channels in its reading: all that a board tells of itself."""
        return BoardIdentity({"channels": str(len((await self._read_all()).states))})

    async def rest_outputs(self) -> None:
        """Nothing: the board ends each pulse by itself."""

    async def _read_all(self) -> codec.Reply:
        address = self._settings.address
        reply = await self._bus.ask(
            self._question(
                codec.encode_read_all(address), timeout_s=self._settings.read_timeout_s, attempts=2
            )
        )
        if reply.result != codec.DONE:
            raise NoAnswer(f"board {address} says that its reading failed ({reply.result:02X})")
        return reply

    async def _contact_instead(self, channel: int) -> UnlockAnswer:
        """The unlock is out: whatever goes wrong now, the outcome is silence, not an error."""
        request = codec.encode_read(self._settings.address, channel)
        try:
            reply = await self._bus.ask(
                self._question(request, timeout_s=self._settings.read_timeout_s, urgent=True)
            )
        except DriverError:
            return SILENT
        if reply.result != codec.DONE:
            return SILENT
        return UnlockAnswer(UnlockOutcome.ANSWERED, reply.contact)

    def _question(
        self, request: bytes, *, timeout_s: float, attempts: int = 1, urgent: bool = False
    ) -> Question[codec.Reply]:
        return Question(
            request=request,
            decoder=self._decoder,
            matcher=lambda: codec.ReplyMatcher(request),
            reply_timeout_s=timeout_s,
            attempts=attempts,
            urgent=urgent,
        )

    def _decoder(self) -> codec.ReplyDecoder:
        return codec.ReplyDecoder(alternate_header=self._settings.alternate_header)

    def _heard_unasked(self, frame: object) -> None:
        if not isinstance(frame, codec.Reply) or frame.command != codec.REPORT:
            return
        channel, contact = frame.channel, frame.contact
        is_ours = frame.address == self._settings.address and channel in range(1, self.channels + 1)
        if is_ours and channel is not None and contact is not None:
            self.on_report(ContactReport(channel, contact))
