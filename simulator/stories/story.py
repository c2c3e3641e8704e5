"""A story: its name, what it shows in one line, and how it is played."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from simulator.plan import CabinetPlan
from simulator.stories.stage import Stage


@dataclass(frozen=True)
class Story:
    """One story; `play` raises StoryFailedError where an expectation does not come true.

    `plan` is the automat that it needs, None for the demo's; `languages` are those of its displays.
    """

    name: str
    about: str
    play: Callable[[Stage], Awaitable[None]]
    plan: CabinetPlan | None = None
    languages: tuple[str, ...] = ("en",)
