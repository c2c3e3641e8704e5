"""Time that passes only when it is told to."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class HandTimer:
    due_s: float
    callback: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class HandTimers:
    """Calls back in the order of time; `pass_` lets it pass."""

    now_s: float = 0.0
    waiting: list[HandTimer] = field(default_factory=list)

    def call_later(self, delay: float, callback: Callable[[], None], /) -> HandTimer:
        timer = HandTimer(self.now_s + delay, callback)
        self.waiting.append(timer)
        return timer

    def pass_(self, seconds: float) -> None:
        end_s = self.now_s + seconds
        while due := [timer for timer in self.pending if timer.due_s <= end_s + 1e-9]:
            first = min(due, key=lambda timer: timer.due_s)
            self.waiting.remove(first)
            self.now_s = first.due_s
            first.callback()
        self.now_s = end_s

    @property
    def pending(self) -> list[HandTimer]:
        return [timer for timer in self.waiting if not timer.cancelled]
