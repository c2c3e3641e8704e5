"""One XOR/BCC "8A/80" lock board on a bus."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

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
from drivers.errors import DriverError, NoAnswer
from drivers.unlocking import require_channel, require_limits, send_once
from drivers.xor_bcc import codec

ByteOrder = Literal["last-byte-first", "first-byte-first"]
Edition = Literal["common", "kecheng"]
PARAMETER_OF: Mapping[Edition, int] = {"common": codec.PULSE, "kecheng": codec.PULSE_KECHENG}


@dataclass(frozen=True, slots=True)
class XorBccSettings:
    """What differs between boards that look the same; proven at commissioning. Keys of [[boards]]."""

    address: Annotated[int, Interval(ge=1, le=99), Doc("as its switches say")] = 1
    channels: Annotated[int, Interval(ge=1, le=50), Doc("how many locks it has")] = 24
    byte_order: Annotated[ByteOrder, Doc("which state byte holds locks 1-8")] = "last-byte-first"
    acknowledges: Annotated[bool, Doc("whether it answers an unlock")] = True
    echo: Annotated[bool, Doc("whether its requests are heard back")] = False
    pulse_s: Annotated[
        int | None, Interval(ge=1, le=9), Doc("whole seconds, only for boards that take a time")
    ] = None
    edition: Annotated[Edition, Doc("Kecheng boards want another parameter")] = "common"
    read_timeout_s: Annotated[float, Interval(gt=0, le=10), Doc("patience for a reading")] = 0.8
    unlock_timeout_s: Annotated[float, Interval(gt=0, le=10), Doc("patience for an unlock")] = 2.0

    def __post_init__(self) -> None:
        require_limits(
            self.channels,
            codec.HIGHEST_CHANNEL,
            read_timeout_s=self.read_timeout_s,
            unlock_timeout_s=self.unlock_timeout_s,
        )
        # Encoding once proves the rest of the settings before any port is opened.
        codec.encode_unlock(self.address, 1, parameter=PARAMETER_OF[self.edition], seconds=self.pulse_s)


class XorBccBoard:
    """A `LockBoard`. Channels are 1..`channels`."""

    def __init__(self, bus: Bus, settings: XorBccSettings) -> None:
        self.on_report: Callable[[ContactReport], None] = ignore
        self._bus = bus
        self._settings = settings
        bus.listen(codec.ReplyDecoder(), self._heard_unasked)

    @property
    def channels(self) -> int:
        """Number of lock outputs."""
        return self._settings.channels

    async def unlock(self, channel: int) -> UnlockAnswer:
        """Send one unlock once. A board that does not answer it is asked for the contact instead."""
        require_channel(channel, self.channels)
        request = codec.encode_unlock(
            self._settings.address,
            channel,
            parameter=PARAMETER_OF[self._settings.edition],
            seconds=self._settings.pulse_s,
        )
        question = self._question(request, timeout_s=self._settings.unlock_timeout_s, urgent=True)
        reply = await send_once(self._bus, question, acknowledges=self._settings.acknowledges)
        if reply is None:
            return await self._contact_instead(channel)
        return _answered(reply)

    async def read_contacts(self) -> Mapping[int, Contact]:
        """Contacts by channel; a channel that is missing is unknown. Repeated once if unanswered."""
        block = await self._read_block(codec.state_size(self._settings.channels))
        return block.contacts(
            self._settings.channels, last_byte_is_first=self._settings.byte_order == "last-byte-first"
        )

    async def identify(self) -> BoardIdentity:
        """The most channels that its state block is for; of Kecheng boards the firmware, too."""
        # Expecting the longest, it takes each shorter block when the line is quiet: another board is heard.
        block = await self._read_block(max(codec.STATE_SIZES))
        facts = {"channels": str(codec.CHANNELS_OF[len(block.states)])}
        if self._settings.edition == "kecheng":
            facts["firmware"] = await self._firmware()
        return BoardIdentity(facts)

    async def rest_outputs(self) -> None:
        """Nothing: the board ends each pulse by itself."""

    async def _read_block(self, states: int) -> codec.BlockReply:
        address = self._settings.address
        reply = await self._bus.ask(
            self._question(
                codec.encode_read(address),
                timeout_s=self._settings.read_timeout_s,
                states=states,
                attempts=2,
            )
        )
        if not isinstance(reply, codec.BlockReply):
            raise NoAnswer(f"board {address} answered in an unknown form")
        return reply

    async def _firmware(self) -> str:
        request = codec.encode_firmware(self._settings.address)
        reply = await self._bus.ask(
            Question(
                request=request,
                decoder=codec.ReplyDecoder,
                # This edition repeats the request first, and that copy looks like version 22.
                matcher=lambda: codec.ReplyMatcher(request, echo=True),
                reply_timeout_s=self._settings.read_timeout_s,
                attempts=2,
            )
        )
        return f"{reply.status:02X}" if isinstance(reply, codec.ShortReply) else ""

    async def _contact_instead(self, channel: int) -> UnlockAnswer:
        """The unlock is out: whatever goes wrong now, the outcome is silence, not an error."""
        try:
            reply = await self._bus.ask(
                self._question(
                    codec.encode_read(self._settings.address, channel),
                    timeout_s=self._settings.read_timeout_s,
                    urgent=True,
                )
            )
        except DriverError:
            return SILENT
        return _answered(reply)

    def _question(
        self,
        request: bytes,
        *,
        timeout_s: float,
        states: int = 0,
        attempts: int = 1,
        urgent: bool = False,
    ) -> Question[codec.Reply]:
        is_repeated = self._settings.echo or self._settings.edition == "kecheng"
        return Question(
            request=request,
            decoder=lambda: codec.ReplyDecoder(states, copy=request if is_repeated else b""),
            matcher=lambda: codec.ReplyMatcher(request, echo=self._settings.echo),
            reply_timeout_s=timeout_s,
            attempts=attempts,
            urgent=urgent,
        )

    def _heard_unasked(self, frame: object) -> None:
        if not isinstance(frame, codec.ShortReply) or not frame.is_report:
            return
        contact = frame.contact
        is_ours = frame.address == self._settings.address and frame.channel <= self.channels
        if is_ours and contact is not None:
            self.on_report(ContactReport(frame.channel, contact))


def _answered(reply: codec.Reply) -> UnlockAnswer:
    contact = reply.contact if isinstance(reply, codec.ShortReply) else None
    return UnlockAnswer(UnlockOutcome.ANSWERED, contact)
