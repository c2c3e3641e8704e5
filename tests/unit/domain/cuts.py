"""Power cuts after every single event of a script, so that no step is forgotten."""

from collections.abc import Callable, Iterator
from itertools import count

from locker.domain.automat import Decision
from locker.domain.events import Event
from tests.unit.domain.stand import Stand


class PowerGoneError(Exception):
    """The power has gone."""


def cut_after_each_event(
    build: Callable[[], Stand],
    script: Callable[[Stand], None],
    *,
    off_s: float = 5.0,
    meanwhile: Callable[[Stand], None] | None = None,
) -> Iterator[tuple[str, Stand]]:
    """Play a script on fresh stands, cut the power after its first event, its second, and so on.

    Gives what was the last event before the cut, and the stand as it has come up again; `meanwhile` is what
    happens while there is no power.
    """
    for number in count(1):
        stand = build()
        last = _cut_after(number, stand, script)
        if last is None:
            return
        if meanwhile is not None:
            meanwhile(stand)
        stand.power_cut(off_s=off_s)
        yield f"{number}: {last}", stand


def _cut_after(number: int, stand: Stand, script: Callable[[Stand], None]) -> Event | None:
    """Play a script until the power goes; return the last event, None if the script came to its end."""
    left = number
    last: Event | None = None
    decide_one = stand.do

    def do(event: Event) -> Decision:
        nonlocal left, last
        decision = decide_one(event)
        left -= 1
        last = event
        if left == 0:
            raise PowerGoneError
        return decision

    stand.do = do  # type: ignore[method-assign]  # the plug is pulled between two events
    try:
        script(stand)
    except PowerGoneError:
        stand.do = decide_one  # type: ignore[method-assign]  # the power is back
        return last
    return None
