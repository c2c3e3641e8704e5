"""RTS as the transmitter's switch of an RS-232 to RS-485 converter: raised to send, dropped to hear."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Literal, Protocol

Rts = Literal["unused", "raised-to-send"]


class SwitchedHandle(Protocol):
    """What is needed of an open port; every access may raise OSError once the device is gone."""

    rts: bool

    @property
    def out_waiting(self) -> int:
        """Bytes that the device has not sent yet."""
        ...


class TurnAround:
    """Raises RTS before the first byte and drops it once the last one has left."""

    def __init__(self, handle: SwitchedHandle, byte_s: float) -> None:
        self._handle = handle
        self._byte_s = byte_s
        self._unsent: Callable[[], int] = lambda: 0
        self._timer: asyncio.TimerHandle | None = None

    def before_sending(self) -> None:
        """Raise RTS; the next byte may be written. OSError: the device is gone."""
        self._cancel()
        self._handle.rts = True

    def after_sending(self, quiet_at_s: float, unsent: Callable[[], int]) -> None:
        """Drop RTS at this loop time, or later: when neither `unsent()` nor the device has bytes left."""
        self._cancel()
        self._unsent = unsent
        self._timer = asyncio.get_running_loop().call_at(quiet_at_s, self._drop_if_quiet)

    def drop(self) -> None:
        """Nothing is to be sent any more: hear at once."""
        self._cancel()
        with contextlib.suppress(OSError):  # gone: whoever reads it will be told
            self._handle.rts = False

    def _drop_if_quiet(self) -> None:
        self._timer = None
        try:
            left = self._unsent() + self._handle.out_waiting
        except OSError:
            return
        if left:
            # Dropped in the middle of a byte, RTS would cut a request off: another might be made of it.
            self._timer = asyncio.get_running_loop().call_later(left * self._byte_s, self._drop_if_quiet)
        else:
            self.drop()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
