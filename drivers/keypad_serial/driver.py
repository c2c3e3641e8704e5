"""One serial keypad on its own line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from annotated_types import Interval
from typing_extensions import Doc

from drivers.base import NOT_CONFIGURED, Line
from drivers.errors import CallerMistake
from drivers.keypad_serial.codec import KeyDecoder, Pressed, StuckKeySettings, keys_of
from drivers.keypads import FilteredKeypad


@dataclass(frozen=True, slots=True)
class SerialKeypadSettings:
    """Which byte is which key, whether entries come whole, what counts as stuck. Keys of [[keypads]]."""

    keys: Annotated[
        Mapping[str, str],
        Doc(
            'bytes that differ: `{ "2A" = "ok" }`, a byte in hexadecimal to `0`..`9`, `clear`, `ok` or `none`'
        ),
    ] = field(default_factory=dict)
    buffered: Annotated[bool, Doc("whether the pad sends whole entries, STX digits ETX, instead of keys")] = (
        False
    )
    longest_entry: Annotated[int, Interval(ge=1, le=64), Doc("digits of a whole entry at most")] = 32
    checksum: Annotated[bool, Doc("with `buffered`: whether an LRC follows ETX; a wrong one is no entry")] = (
        False
    )
    stuck: StuckKeySettings = field(default_factory=StuckKeySettings, metadata=NOT_CONFIGURED)

    def __post_init__(self) -> None:
        keys_of(self.keys)
        if self.checksum and not self.buffered:
            raise CallerMistake("checksum: only whole entries have one; set `buffered = true` or remove it")


class SerialKeypad(FilteredKeypad):
    """A `Keypad`. Its line must not be logged in clear."""

    def __init__(self, line: Line, settings: SerialKeypadSettings) -> None:
        super().__init__(settings.stuck)
        self._settings = settings
        self._decoder = self._new_decoder()
        line.on_bytes = self._heard
        line.on_down = self._line_went_down

    def _heard(self, data: bytes) -> None:
        if self.stopped:
            return
        keys = self._decoder.feed(data)
        if self._settings.buffered:
            # A buffered entry was typed long ago and arrives at once: nothing in it bounces.
            self.tell([Pressed(key) for key in keys])
        else:
            self.take(keys)

    def _line_went_down(self, _reason: str) -> None:
        self._decoder = self._new_decoder()

    def _new_decoder(self) -> KeyDecoder:
        return KeyDecoder(
            keys_of(self._settings.keys),
            buffered=self._settings.buffered,
            checksum=self._settings.checksum,
            longest_entry=self._settings.longest_entry,
        )
