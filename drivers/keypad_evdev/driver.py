"""One USB numeric pad: its device's events become keys."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Protocol

from annotated_types import Interval
from typing_extensions import Doc

from drivers.base import NOT_CONFIGURED
from drivers.keypad_evdev.codec import EventDecoder, RawEvent, keys_of
from drivers.keypad_serial.codec import Pressed, StuckKeySettings
from drivers.keypads import FilteredKeypad


class EventSource(Protocol):
    """Where the events come from. Callbacks are set by its one user."""

    on_events: Callable[[Sequence[RawEvent]], None]
    on_down: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class EvdevKeypadSettings:
    """Which key of the pad is which of ours, what counts as stuck. Keys of [[keypads]]."""

    keys: Annotated[
        Mapping[str, str],
        Doc(
            'keys that differ: `{ KEY_KPSLASH = "ok" }`, a key of Linux to `0`..`9`, `clear`, `ok` or `none`'
        ),
    ] = field(default_factory=dict)
    held_s: Annotated[float, Interval(gt=0, le=600), Doc("a key held for longer than this is stuck")] = 10.0
    stuck: StuckKeySettings = field(default_factory=StuckKeySettings, metadata=NOT_CONFIGURED)

    def __post_init__(self) -> None:
        keys_of(self.keys)


class EvdevKeypad(FilteredKeypad):
    """A `Keypad`. Its events must not be logged in clear."""

    def __init__(self, source: EventSource, settings: EvdevKeypadSettings) -> None:
        super().__init__(settings.stuck)
        self._decoder = EventDecoder(keys_of(settings.keys), held_s=settings.held_s)
        source.on_events = self._heard
        source.on_down = self._device_went_away

    def _heard(self, events: Sequence[RawEvent]) -> None:
        if self.stopped:
            return
        for told in self._decoder.feed(events, asyncio.get_running_loop().time()):
            if isinstance(told, Pressed):
                self.take([told.key])
            else:
                self.tell([told])

    def _device_went_away(self, _reason: str) -> None:
        told = self._decoder.unplugged()
        if not self.stopped:
            self.tell(told)
