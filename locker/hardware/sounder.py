"""The sounder of a keypad: tones as beeps one after another, and ticking; nothing waits for either."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from locker.domain.intents import Tone
from locker.hardware.wiring import Pattern, Voice

BEEP_GAP_S = 0.2
"""From beep to beep of one tone."""
TONE_GAP_S = 0.8
"""From the last beep of a tone to the first of the next, when all are played."""
TICK_S = 1.0
TICKS_LIMIT = 120
"""Ticking ends by itself after so many: the word that ends it may be lost with a restart."""


class Timer(Protocol):
    """Something that will happen, or not."""

    def cancel(self) -> None:
        """Let it not happen."""


class Timers(Protocol):
    """Makes things happen later; an event loop does."""

    def call_later(self, delay: float, callback: Callable[[], None], /) -> Timer:
        """Call back after so many seconds."""


class Sounder:
    """Plays one tone at a time, the latest; ticks fall silent while a tone is played."""

    def __init__(
        self, voices: Mapping[Voice, Callable[[], None]], tones: Mapping[Tone, Pattern], timers: Timers
    ) -> None:
        """`voices` are what can beep; a beep for which there is no voice is a pause."""
        self._voices = voices
        self._tones = tones
        self._timers = timers
        self._beeps: deque[tuple[float, Voice]] = deque()  # each after its pause
        self._beep: Timer | None = None
        self._tick: Timer | None = None
        self._ticks_left = 0

    def play(self, tone: Tone) -> None:
        """Play a tone instead of the one that sounds; a silent tone leaves that alone."""
        self._begin(self._schedule([tone]))

    def play_each(self) -> float:
        """Play every tone once; return after how many seconds that will be over."""
        beeps = self._schedule(Tone)
        self._begin(beeps)
        return sum(pause_s for pause_s, _ in beeps) + BEEP_GAP_S

    def tick(self, *, on: bool) -> None:
        """Begin to tick, each second and `TICKS_LIMIT` times at most, or end it."""
        if not on or not self._tones.get(Tone.TICK):
            self._end_ticking()
            return
        self._ticks_left = TICKS_LIMIT
        if self._tick is None:
            self._tick = self._timers.call_later(TICK_S, self._next_tick)

    def hush(self) -> None:
        """End the tone that sounds; ticking goes on."""
        if self._beep is not None:
            self._beep.cancel()
            self._beep = None
        self._beeps.clear()

    def stop(self) -> None:
        """Be silent."""
        self.hush()
        self._end_ticking()

    def _schedule(self, tones: Sequence[Tone] | type[Tone]) -> list[tuple[float, Voice]]:
        beeps: list[tuple[float, Voice]] = []
        for tone in tones:
            for number, voice in enumerate(self._tones.get(tone, ())):
                pause_s = 0.0 if not beeps else TONE_GAP_S if number == 0 else BEEP_GAP_S
                beeps.append((pause_s, voice))
        return beeps

    def _begin(self, beeps: Sequence[tuple[float, Voice]]) -> None:
        if not beeps:
            return
        self.hush()
        self._beeps.extend(beeps)
        self._next_beep()

    def _next_beep(self) -> None:
        _, voice = self._beeps.popleft()
        # Armed before the voice speaks: whatever it does, it may not lengthen the tone.
        self._beep = self._timers.call_later(self._beeps[0][0], self._next_beep) if self._beeps else None
        self._speak(voice)

    def _next_tick(self) -> None:
        self._ticks_left -= 1
        self._tick = self._timers.call_later(TICK_S, self._next_tick) if self._ticks_left > 0 else None
        if self._beep is None:
            self._begin(self._schedule([Tone.TICK]))

    def _speak(self, voice: Voice) -> None:
        speak = self._voices.get(voice)
        if speak is not None:
            speak()

    def _end_ticking(self) -> None:
        if self._tick is not None:
            self._tick.cancel()
            self._tick = None
