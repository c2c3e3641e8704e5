"""One Winnsen lock board on a bus; its frames have no checksum, so the configuration must accept that."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Interval
from typing_extensions import Doc

from drivers.base import SILENT, BoardIdentity, Contact, ContactReport, UnlockAnswer, UnlockOutcome, ignore
from drivers.bus import Bus, Question
from drivers.errors import CallerMistake, NoAnswer
from drivers.unlocking import require_channel, require_limits, send_once
from drivers.winnsen import codec

ByteOrder = Literal["low-first", "high-first"]
HIGHEST_STATION = 254
CONFIRMATIONS = 3
"""So often a reading is taken again, until two in a row agree."""


@dataclass(frozen=True, slots=True)
class WinnsenSettings:
    """What differs between boards that look the same; proven at commissioning. Keys of [[boards]]."""

    address: Annotated[int, Interval(ge=1, le=254), Doc("its station, as its switches say; never 0")] = 1
    channels: Annotated[int, Interval(ge=1, le=16), Doc("how many locks it has")] = 16
    unprotected: Annotated[
        bool,
        Doc(
            "must be set to true: **no checksum protects this family**, a disturbed line can open "
            "another door or show a wrong one"
        ),
    ] = False
    confirm_reads: Annotated[bool, Doc("whether only two equal readings in a row are one reading")] = True
    byte_order: Annotated[ByteOrder, Doc("which state byte comes first, that of locks 1-8 or 9-16")] = (
        "low-first"
    )
    acknowledges: Annotated[bool, Doc("whether it answers an unlock")] = True
    read_timeout_s: Annotated[float, Interval(gt=0, le=10), Doc("patience for a reading")] = 0.8
    unlock_timeout_s: Annotated[float, Interval(gt=0, le=10), Doc("patience for an unlock")] = 2.0

    def __post_init__(self) -> None:
        if not self.unprotected:
            raise CallerMistake(
                "boards of family winnsen send frames without a checksum: a disturbed line can open another "
                "door or show a wrong one; set unprotected = true to accept that, or fit other boards"
            )
        if not 1 <= self.address <= HIGHEST_STATION:
            raise CallerMistake(f"station {self.address} is outside 1..{HIGHEST_STATION}; 0 is every board")
        require_limits(
            self.channels,
            codec.HIGHEST_LOCK,
            read_timeout_s=self.read_timeout_s,
            unlock_timeout_s=self.unlock_timeout_s,
        )


class WinnsenBoard:
    """A `LockBoard`. Channels are 1..`channels`. It never speaks unasked."""

    def __init__(self, bus: Bus, settings: WinnsenSettings) -> None:
        self.on_report: Callable[[ContactReport], None] = ignore
        self._bus = bus
        self._settings = settings

    @property
    def channels(self) -> int:
        """Number of lock outputs."""
        return self._settings.channels

    async def unlock(self, channel: int) -> UnlockAnswer:
        """Send one unlock once; a board that does not answer it is SILENT, its doors are for reading."""
        require_channel(channel, self.channels)
        request = codec.encode_unlock(self._settings.address, channel)
        question = _question(request, timeout_s=self._settings.unlock_timeout_s, urgent=True)
        reply = await send_once(self._bus, question, acknowledges=self._settings.acknowledges)
        if reply is None:
            return SILENT
        result = reply.result if isinstance(reply, codec.LockReply) else codec.FAILED
        if result != codec.DONE:
            return UnlockAnswer(UnlockOutcome.REFUSED, reason=codec.RESULTS[result])
        return UnlockAnswer(UnlockOutcome.ANSWERED)

    async def read_contacts(self) -> Mapping[int, Contact]:
        """Contacts by channel, of two equal readings in a row unless `confirm_reads` is off."""
        reading = await self._poll()
        if not self._settings.confirm_reads:
            return reading
        for _ in range(CONFIRMATIONS):
            before, reading = reading, await self._poll()
            if reading == before:
                return reading
        raise NoAnswer(
            f"station {self._settings.address}: {CONFIRMATIONS + 1} readings, no two of them in a row alike"
        )

    async def identify(self) -> BoardIdentity:
        """That a board of this family answers: it tells nothing else of itself."""
        await self.read_contacts()
        return BoardIdentity({"channels": str(codec.HIGHEST_LOCK)})

    async def rest_outputs(self) -> None:
        """Nothing: the board ends each pulse by itself."""

    async def _poll(self) -> Mapping[int, Contact]:
        low_first = self._settings.byte_order == "low-first"
        request = codec.encode_poll_of(self._settings.address, self.channels, low_first=low_first)
        reply = await self._bus.ask(_question(request, timeout_s=self._settings.read_timeout_s, attempts=2))
        if not isinstance(reply, codec.PollReply):
            raise NoAnswer(f"station {self._settings.address} answered in an unknown form")
        return reply.contacts(self.channels, low_first=low_first)


def _question(
    request: bytes, *, timeout_s: float, attempts: int = 1, urgent: bool = False
) -> Question[codec.Reply]:
    return Question(
        request=request,
        decoder=codec.ReplyDecoder,
        matcher=lambda: codec.ReplyMatcher(request),
        reply_timeout_s=timeout_s,
        attempts=attempts,
        urgent=urgent,
    )
