"""An event loop whose time jumps to the next timer when nothing is ready: days pass in moments, always alike.

Real descriptors are still looked at, without waiting; seldom where nobody talks: where there is only the one
that belongs to the loop, for a signal, and listeners, to whom a caller comes with a descriptor that talks.
What would run in a thread runs at once and in line, so that no order depends on the machine.
"""

import asyncio
import selectors
import socket
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
TURNS_MOST = 1_000_000
"""Turns of the loop at one moment; no honest work takes so many."""
LOOK_EVERY = 64
"""Turns after which a loop looks at descriptors that do not talk: a look is a call of the kernel."""


class NothingWillHappenError(RuntimeError):
    """Every task waits and no timer is set: in virtual time that is for ever."""


class TimeStandsStillError(RuntimeError):
    """Somebody asks again and again at one moment: in virtual time that is for ever."""


class TaskLeftError(AssertionError):
    """A task outlived the coroutine that it was started for."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time begins at 0 s and moves only by jumps; a jump is one way only, to the next timer."""

    def __init__(self) -> None:
        self._now_s = 0.0
        super().__init__(_JumpingSelector(self._jump))

    def time(self) -> float:
        """Return the virtual seconds since the loop was made."""
        return self._now_s

    def run_in_executor(  # type: ignore[override]  # a finished future instead of a thread's
        self, _executor: Any, func: Callable[..., T], *args: Any
    ) -> "asyncio.Future[T]":
        """Call `func` now; its thread would have no place in virtual time."""
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as problem:  # noqa: BLE001 - belongs to whoever awaits it
            done.set_exception(problem)
        return done

    def _jump(self, seconds: float) -> None:
        self._now_s += seconds


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end on a loop of its own. TaskLeftError, NothingWillHappenError."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(_alone(main))


async def _alone(main: Coroutine[Any, Any, T]) -> T:
    result = await main
    # What was cancelled a moment ago needs a turn to end.
    await asyncio.sleep(0)
    left = asyncio.all_tasks() - {asyncio.current_task()}
    if left:
        raise TaskLeftError("left behind: " + "; ".join(sorted(map(repr, left))))
    return result


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self, jump: Callable[[float], None]) -> None:
        super().__init__()
        self._jump = jump
        self._turns = 0
        self._until_look = 0
        self._talking: set[int] = set()

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = super().register(fileobj, events, data)
        # The first is the loop's own.
        if len(self.get_map()) > 1 and not _listens(key.fd):
            self._talking.add(key.fd)
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        key = super().unregister(fileobj)
        self._talking.discard(key.fd)
        return key

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._turns += 1
        self._until_look -= 1
        ready: list[tuple[selectors.SelectorKey, int]] = []
        if timeout is None or self._until_look <= 0 or self._talking:
            self._until_look = LOOK_EVERY
            ready = super().select(0)
        if self._turns > TURNS_MOST:
            self._turns = 0  # whoever ends now may take as many
            raise TimeStandsStillError(f"{TURNS_MOST} turns of the loop, and no time has passed")
        if ready:
            return ready
        if timeout is None:
            raise NothingWillHappenError("every task waits, no timer is set: nothing can ever happen")
        if timeout > 0:
            self._jump(timeout)
            self._turns = 0
        return ready


def _listens(descriptor: int) -> bool:
    """Tell whether a descriptor is a socket that only takes calls."""
    try:
        borrowed = socket.socket(fileno=descriptor)
    except OSError:
        return False
    try:
        return bool(borrowed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    finally:
        borrowed.detach()
