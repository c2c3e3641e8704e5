import asyncio
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from drivers.bus import Bus
from drivers.registry import DISPLAYS, KEYPADS, LOCK_BOARDS, SCANNERS, Family
from tests.unit.drivers.support import MemoryLine


@pytest.mark.parametrize(
    ("table", "name"),
    [
        (LOCK_BOARDS, "xor-bcc"),
        (KEYPADS, "serial-ascii"),
        (KEYPADS, "evdev"),
        (DISPLAYS, "cd5220"),
        (DISPLAYS, "matrix-orbital"),
        (SCANNERS, "text"),
    ],
)
async def test_every_family_is_made_from_its_default_settings(
    table: Mapping[str, Family[Any, Any]], name: str
) -> None:
    family = table[name]
    line = MemoryLine()
    carrier: object = Bus(line) if table is LOCK_BOARDS else line
    assert family.make(carrier, family.settings())
    assert family.baud_rate == 9600
    await asyncio.sleep(0)


def test_the_drivers_reach_nothing_of_the_rest() -> None:
    program = (
        "import drivers.registry, drivers.keeper, sys;"
        "print([m for m in sys.modules if m.split('.')[0] in ('locker', 'simulator', 'tui')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_codec_reaches_neither_port_nor_event_loop() -> None:
    program = (
        "import drivers.xor_bcc.codec, drivers.keypad_serial.codec, drivers.cd5220.codec;"
        "import drivers.scanner_serial.codec, sys;"
        "print([m for m in ('serial', 'asyncio', 'termios') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
