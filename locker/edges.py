"""Where the daemon touches the world; a stand in one process brings edges of its own.

Everything else is the same: the daemon cannot know what is behind them.
"""

import signal
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from locker.api.connections import PeerOf
from locker.api.listening import peer_of
from locker.clock import AnchoredClock, SteeredClock, SystemClock
from locker.config import Config
from locker.disk import free_bytes
from locker.engine import Watcher
from locker.hardware.edges import WIRES, WireEdges
from locker.sync.connection import open_connection
from locker.sync.link import Connect

DISK_LOOK_S = 5.0


def clock_of(config: Config, powered_s: float) -> AnchoredClock:
    """Return the clocks that a configuration names, not before the powered time last seen."""
    if config.clock.file is not None:
        return SteeredClock(config.clock.file, powered_s)
    return SystemClock(config.paths.database.with_name("powered-time"), powered_s)


@dataclass(frozen=True, slots=True)
class Edges:
    """Those of this machine: serial ports, clocks, an MQTT broker, the disk, its dice, its users."""

    wires: WireEdges = WIRES
    connect: Connect = open_connection
    clock: Callable[[Config, float], AnchoredClock] = field(default=clock_of)
    dice: Callable[[], float] | None = None
    free_bytes: Callable[[Path], int] = free_bytes
    open_file: Callable[..., sqlite3.Connection] = sqlite3.connect
    """Opens the database of the session, as `sqlite3.connect` does."""
    peer_of: PeerOf = peer_of
    disk_look_s: float = DISK_LOOK_S
    ending_signals: tuple[signal.Signals, ...] = (signal.SIGTERM, signal.SIGINT)
    watcher: Watcher | None = None
    """Told of every decision from the first on, after its commit."""
