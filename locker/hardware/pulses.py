"""How long a lock took from its pulse to its open door; time is an argument."""

from dataclasses import dataclass

LONGEST_S = 10.0
"""A door that opens later than this was opened by something else."""
FINEST_S = 1.0
"""A time is told only if the door was seen or known shut at most this long before it was seen open."""


@dataclass(slots=True)
class _Pulse:
    left_s: float
    last_shut_s: float
    first_open_s: float | None = None
    again: bool = False


class PulseTimes:
    """Follows each pulse until its door is believed open."""

    def __init__(self) -> None:
        self._pulses: dict[str, _Pulse] = {}

    def pulsed(self, compartment: str, left_s: float) -> None:
        """A pulse for a door that was believed shut left the wire; one after another has no time."""
        again = compartment in self._pulses
        self._pulses[compartment] = _Pulse(left_s, left_s, again=again)

    def forget(self, compartment: str) -> None:
        """What is believed of this door is no longer sure."""
        self._pulses.pop(compartment, None)

    def read(self, compartment: str, now_s: float, *, is_open: bool) -> None:
        """One reading of a door."""
        pulse = self._pulses.get(compartment)
        if pulse is None:
            return
        if not is_open:
            pulse.last_shut_s, pulse.first_open_s = now_s, None
            if now_s - pulse.left_s > LONGEST_S:
                self.forget(compartment)
        elif pulse.first_open_s is None:
            pulse.first_open_s = now_s

    def opened(self, compartment: str) -> float | None:
        """The door is believed open: give the seconds since its pulse, None if they are not known."""
        pulse = self._pulses.pop(compartment, None)
        if pulse is None or pulse.again or pulse.first_open_s is None:
            return None
        took_s = pulse.first_open_s - pulse.left_s
        if took_s > LONGEST_S or pulse.first_open_s - pulse.last_shut_s > FINEST_S:
            return None
        return took_s
