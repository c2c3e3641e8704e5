"""One serial scanner on its own line. It speaks when it has read something and is never asked."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Interval, MaxLen
from typing_extensions import Doc

from drivers.base import Line, ignore
from drivers.errors import CallerMistake
from drivers.scanner_serial.codec import Heard, Label, LabelDecoder, Terminator


@dataclass(frozen=True, slots=True)
class SerialScannerSettings:
    """How labels end and begin. Keys of [[scanners]]."""

    terminator: Annotated[Terminator, Doc("what ends a label: CR, LF or both, or silence")] = "line-end"
    prefix: Annotated[str, MaxLen(16), Doc("text that it is set to send in front")] = ""
    aim_id: Annotated[bool, Doc("whether it sends an AIM id (`]C0`) in front")] = False
    end_silence_s: Annotated[
        float, Interval(gt=0, le=10), Doc('with `terminator = "silence"`: so much ends a label')
    ] = 0.08
    drop_silence_s: Annotated[
        float, Interval(gt=0, le=10), Doc("else: after so much the wait for its end is over")
    ] = 1.0

    def __post_init__(self) -> None:
        LabelDecoder(self.terminator, prefix=self.prefix, aim_id=self.aim_id)
        if self.end_silence_s <= 0 or self.drop_silence_s <= 0:
            raise CallerMistake("a silence lasts longer than nothing")


class SerialScanner:
    """A `Scanner`. What its line carries may be any label's text: log it in clear only by its labels."""

    def __init__(self, line: Line, settings: SerialScannerSettings) -> None:
        self.on_label: Callable[[str], None] = ignore
        self.on_refused: Callable[[str], None] = ignore
        self._decoder = LabelDecoder(settings.terminator, prefix=settings.prefix, aim_id=settings.aim_id)
        self._silence_s = (
            settings.end_silence_s if settings.terminator == "silence" else settings.drop_silence_s
        )
        self._quiet: asyncio.TimerHandle | None = None
        self._stopped = False
        line.on_bytes = self._heard
        line.on_down = self._line_went_down

    def stop(self) -> None:
        """Take no more labels."""
        self._stopped = True
        self._cancel()

    def _heard(self, data: bytes) -> None:
        if self._stopped:
            return
        self._tell(self._decoder.feed(data))
        self._cancel()
        if self._decoder.waiting and not self._stopped:
            self._quiet = asyncio.get_running_loop().call_later(self._silence_s, self._went_quiet)

    def _went_quiet(self) -> None:
        self._quiet = None
        self._tell(self._decoder.silence())

    def _tell(self, heard: list[Heard]) -> None:
        for one in heard:
            if isinstance(one, Label):
                self.on_label(one.text)
            else:
                self.on_refused(one.reason)

    def _line_went_down(self, _reason: str) -> None:
        self._cancel()
        self._decoder.rest()

    def _cancel(self) -> None:
        if self._quiet is not None:
            self._quiet.cancel()
            self._quiet = None
