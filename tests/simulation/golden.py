"""Hashes of the traces of a few short weeks, to be the same on every machine. `make docs` writes them anew.

They hold for one minor version of Python and one set of pinned packages, which stand beside them.
"""

import hashlib
import json
import logging
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from simulator.week.week import Settings, live

FILE = Path(__file__).with_name("golden.json")
PINS = Path(__file__).parents[2] / "constraints.txt"
WEEKS = (
    Settings(5, days=1.0, parcels_a_day=6.0),
    Settings(8, days=2.0),
    Settings(17, days=0.25, parcels_a_day=10.0, troubles=60),
)


@dataclass(frozen=True)
class Golden:
    """The hashes by seed, and for what they hold."""

    python: str
    pins: str
    traces: dict[str, str]

    @property
    def holds_here(self) -> bool:
        """Whether this is such a machine."""
        return (self.python, self.pins) == _here()


def kept() -> Golden:
    """Read what is kept."""
    return Golden(**json.loads(FILE.read_text(encoding="utf-8")))


def lived() -> dict[str, str]:
    """Live through the weeks again; their hashes by seed."""
    return {str(week.seed): live(week).hash for week in WEEKS}


def _here() -> tuple[str, str]:
    major, minor, _ = platform.python_version_tuple()
    return f"{major}.{minor}", hashlib.sha256(PINS.read_bytes()).hexdigest()


if __name__ == "__main__":
    logging.disable()
    python, pins = _here()
    written = {"python": python, "pins": pins, "traces": lived()}
    FILE.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{FILE.name}: {len(WEEKS)} weeks\n")
