"""One scanner: what it reads is posted once, and a dead one is told and tried again, for ever, by itself."""

import asyncio
import re
from collections.abc import Callable

from drivers.keeper import PortChange, PortDown, PortKeeper
from drivers.port import PortOpener, PortSettings
from drivers.registry import SCANNERS
from drivers.wirelog import WireLog
from locker.domain.events import Event, LabelScanned, PartLost, PartRestored
from locker.hardware.wiring import ScannerSpec

SAME_LABEL_S = 1.0
"""The same text again within this time is the same label, still held in front of the scanner."""
TRACKING_LIKE = re.compile(r"[A-Za-z0-9]{1,35}")


class Repeats:
    """Tells a label that is read again and again from one scanned again; times are monotonic seconds."""

    def __init__(self) -> None:
        self._text = ""
        self._seen_s = 0.0

    def is_new(self, text: str, now_s: float) -> bool:
        """Take a reading; False while it is the one of less than `SAME_LABEL_S` ago."""
        same = text == self._text and now_s - self._seen_s < SAME_LABEL_S
        self._text, self._seen_s = text, now_s
        return not same


class LabelReader:
    """One scanner and its port."""

    def __init__(
        self, spec: ScannerSpec, emit: Callable[[Event], None], opener: PortOpener | None = None
    ) -> None:
        """`emit` takes events at once; nothing is opened before `start`."""
        # A label may hold a person's address, or a code that somebody printed: nothing of it is kept.
        self.wire_log = WireLog(redact=True)
        self._spec = spec
        self._emit = emit
        self._repeats = Repeats()
        self.keeper = PortKeeper(
            PortSettings(spec.port.path, spec.port.baud),
            on_change=self._changed,
            wire_log=self.wire_log,
            opener=opener,
        )
        family = SCANNERS[spec.family]
        self._scanner = family.make(self.keeper, family.settings(**spec.settings))
        self._scanner.on_label = self._read
        self._scanner.on_refused = lambda reason: self._note(f"no label: {reason}")

    def start(self) -> None:
        """Begin to open the port; returns at once."""
        self.keeper.start()

    async def stop(self) -> None:
        """Close the port; nothing is told afterwards."""
        self._scanner.stop()
        await self.keeper.stop()

    def _read(self, text: str) -> None:
        shaped = ", letters and digits only" if TRACKING_LIKE.fullmatch(text) else ""
        self._note(f"label of {len(text)} characters{shaped}")
        if self._repeats.is_new(text, _now_s()):
            self._emit(LabelScanned(self._spec.keypad, text))

    def _changed(self, change: PortChange) -> None:
        part = f"scanner {self._spec.name}"
        if isinstance(change, PortDown):
            self._emit(PartLost(part, change.reason, outage=False))
        else:
            self._emit(PartRestored(part))

    def _note(self, remark: str) -> None:
        self.wire_log.note(remark, _now_s())


def _now_s() -> float:
    return asyncio.get_running_loop().time()
