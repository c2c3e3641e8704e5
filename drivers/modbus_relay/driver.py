"""One Modbus RTU relay board with inputs on a bus. A lock is only ever pulsed, by the board's own clock."""

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
from drivers.errors import CallerMistake, NoAnswer, Refused
from drivers.modbus_relay import codec
from drivers.unlocking import require_channel, require_time_outs

INPUT_COUNTS = (32, 16, 8, 4)
"""How many inputs boards have; the greatest that is not refused is what a board has."""


@dataclass(frozen=True, slots=True)
class ModbusRelaySettings:
    """What differs between boards that look the same; proven at commissioning. Keys of [[boards]]."""

    address: Annotated[int, Interval(ge=1, le=255), Doc("its Modbus address")] = 1
    channels: Annotated[
        int, Interval(ge=1, le=codec.MOST_CHANNELS), Doc("how many of its relays have an input of their own")
    ] = 8
    first_input: Annotated[
        int, Interval(ge=0, le=255), Doc("the discrete input, counted from 0, of channel 1")
    ] = 0
    inputs: Annotated[
        int | None, Interval(ge=1, le=64), Doc("how many inputs are read at once, if not `channels`")
    ] = None
    pulse_ms: Annotated[
        int, Interval(ge=1, le=30_000), Doc("how long a lock is pulsed, rounded up to 100 ms")
    ] = 200
    echo: Annotated[bool, Doc("whether its requests are heard back")] = False
    tells_version: Annotated[bool, Doc("whether it answers a question for its version")] = True
    read_timeout_s: Annotated[float, Interval(gt=0, le=10), Doc("patience for a reading")] = 0.8
    unlock_timeout_s: Annotated[float, Interval(gt=0, le=10), Doc("patience for an unlock")] = 1.0

    def __post_init__(self) -> None:
        # The address 0 would be every board of the line.
        if self.address < 1:
            raise CallerMistake(f"board address {self.address} is outside 1..{codec.HIGHEST_ADDRESS}")
        if self.inputs is not None and self.inputs < self.channels:
            raise CallerMistake(
                f"{self.channels} channels but {self.inputs} inputs: every channel needs an input, "
                "so lower `channels` or leave `inputs` out"
            )
        if not 0 <= self.first_input <= 255:
            raise CallerMistake(f"first input {self.first_input} is outside 0..255")
        require_time_outs(self.read_timeout_s, self.unlock_timeout_s)
        # Encoding once proves the rest of the settings before any port is opened.
        codec.encode_pulse(self.address, self.channels, self.pulse_ms)

    @property
    def read_inputs(self) -> int:
        """How many inputs one reading asks for."""
        return self.inputs or self.channels


class ModbusRelayBoard:
    """A `LockBoard`. Channels are 1..`channels`."""

    def __init__(self, bus: Bus, settings: ModbusRelaySettings) -> None:
        self.on_report: Callable[[ContactReport], None] = (
            ignore  # never called: Modbus boards speak when asked
        )
        self._bus = bus
        self._settings = settings

    @property
    def channels(self) -> int:
        """Number of lock outputs."""
        return self._settings.channels

    async def unlock(self, channel: int) -> UnlockAnswer:
        """Send one timed pulse once. The answer never tells a contact; an exception is a refusal."""
        # The board would take a greater number for another command, and 256 for all relays.
        require_channel(channel, self.channels)
        request = codec.encode_pulse(self._settings.address, channel, self._settings.pulse_ms)
        try:
            reply = await self._ask(request, timeout_s=self._settings.unlock_timeout_s, urgent=True)
        except NoAnswer:
            return SILENT
        if isinstance(reply, codec.Refused):
            return UnlockAnswer(UnlockOutcome.REFUSED, reason=reply.name)
        return UnlockAnswer(UnlockOutcome.ANSWERED)

    async def read_contacts(self) -> Mapping[int, Contact]:
        """Contacts by channel, a set input is a closed contact. Repeated once if unanswered."""
        reply = await self._read_inputs(self._settings.read_inputs)
        if not isinstance(reply, codec.Bits):
            raise self._refused("a reading of its inputs", reply)
        return {
            channel: Contact.CLOSED if reply.is_set(channel - 1) else Contact.OPEN
            for channel in range(1, self.channels + 1)
        }

    async def identify(self) -> BoardIdentity:
        """How many inputs it has, and the version of its software where it tells one."""
        facts: dict[str, str] = {}
        for count in INPUT_COUNTS:
            reply = await self._read_inputs(count)
            if isinstance(reply, codec.Bits):
                facts["inputs"] = str(count)
                break
            self._require_lasting("a reading of its inputs", reply)
        if self._settings.tells_version:
            reply = await self._ask(
                codec.encode_read(self._settings.address, codec.READ_HOLDING, codec.VERSION_REGISTER, 1),
                timeout_s=self._settings.read_timeout_s,
                attempts=2,
            )
            if isinstance(reply, codec.Registers):
                facts["version"] = f"{reply.values[0] // 100}.{reply.values[0] % 100:02}"
            else:
                self._require_lasting("a question for its version", reply)
        return BoardIdentity(facts)

    async def rest_outputs(self) -> None:
        """Switch every relay off: a board that was left on by whoever drove it before burns no lock."""
        reply = await self._ask(
            codec.encode_all_off(self._settings.address),
            timeout_s=self._settings.unlock_timeout_s,
            attempts=2,
        )
        if isinstance(reply, codec.Refused):
            raise self._refused("switching all relays off", reply)

    async def _read_inputs(self, count: int) -> codec.Reply:
        settings = self._settings
        request = codec.encode_read(settings.address, codec.READ_INPUTS, settings.first_input, count)
        return await self._ask(request, timeout_s=settings.read_timeout_s, attempts=2)

    async def _ask(
        self, request: bytes, *, timeout_s: float, attempts: int = 1, urgent: bool = False
    ) -> codec.Reply:
        return await self._bus.ask(
            Question(
                request=request,
                decoder=lambda: codec.ReplyDecoder(request),
                matcher=lambda: codec.ReplyMatcher(request, echo=self._settings.echo),
                reply_timeout_s=timeout_s,
                attempts=attempts,
                urgent=urgent,
            )
        )

    def _require_lasting(self, what: str, reply: codec.Reply) -> None:
        """Take a refusal for what the board is only if it will never be otherwise; NoAnswer."""
        if not (isinstance(reply, codec.Refused) and reply.code in codec.NOT_THERE):
            raise self._refused(what, reply)

    def _refused(self, what: str, reply: codec.Reply) -> Refused:
        why = reply.name if isinstance(reply, codec.Refused) else "an answer of another kind"
        return Refused(f"board {self._settings.address} refused {what}: {why}")
