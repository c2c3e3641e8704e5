"""A broken week made shorter: fewer troubles, fewer days, as long as it still breaks the same promise."""

import math
from collections.abc import Callable
from dataclasses import replace

from simulator.week.week import Outcome, Settings, live

DAY_S = 86_400


def shrink(settings: Settings, broken: Outcome, say: Callable[[str], None]) -> Outcome:
    """Return the smallest broken week that was found; `broken` itself if none is smaller."""
    best = broken
    kept = list(range(len(broken.troubles)) if settings.kept is None else settings.kept)
    for number in list(kept):
        fewer = tuple(each for each in kept if each != number)
        tried = live(replace(settings, kept=fewer))
        if _same(tried, best):
            best, kept = tried, list(fewer)
            say(f"without trouble {number} it still breaks")
    settings = replace(settings, kept=tuple(kept))
    days = max(1, math.ceil(best.broken_at_s / DAY_S)) if best.broken_at_s is not None else settings.days
    if days < settings.days:
        tried = live(replace(settings, ends_after_days=float(days)))
        if _same(tried, best):
            best = tried
            say(f"{days} days are enough")
    return best


def _same(one: Outcome, other: Outcome) -> bool:
    """Whether both broke the same promise: what is said before the first name or number."""
    return one.broken is not None and other.broken is not None and _kind(one) == _kind(other)


def _kind(outcome: Outcome) -> str:
    words = (outcome.broken or "").split()
    return " ".join(word for word in words if word.isalpha())[:40]
