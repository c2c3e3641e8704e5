"""What an import really loads, seen in a fresh interpreter: the floor plan holds at run time, too."""

import subprocess
import sys

import pytest

FRAMEWORKS = (
    "aiohttp",
    "aiomqtt",
    "alembic",
    "cryptography",
    "joserfc",
    "paho",
    "prometheus_client",
    "pydantic",
    "serial",
    "sqlalchemy",
    "sqlmodel",
    "textual",
)
# a module, what its import must not load
LIGHT = {
    "locker.domain.decide": (
        *FRAMEWORKS,
        "asyncio",
        "socket",
        "sqlite3",
        "ssl",
        "drivers",
        "simulator",
        "tui",
    ),
    "locker.cli": (*FRAMEWORKS, "asyncio", "sqlite3", "locker.config", "locker.daemon", "locker.keys"),
    "locker.config": ("sqlmodel", "alembic", "aiomqtt", "aiohttp", "serial", "textual", "drivers"),
    "locker.words": (*FRAMEWORKS, "asyncio", "sqlite3"),
    "drivers.registry": ("locker", "simulator", "tui", "sqlmodel", "aiomqtt", "pydantic"),
    "drivers.xor_bcc.codec": (*FRAMEWORKS, "asyncio", "socket", "locker"),
    "drivers.keypad_serial.codec": (*FRAMEWORKS, "asyncio", "socket", "locker"),
    "drivers.cd5220.codec": (*FRAMEWORKS, "asyncio", "socket", "locker"),
    "simulator.world": (*FRAMEWORKS, "asyncio", "socket", "locker", "drivers"),
}


@pytest.mark.parametrize(("module", "heavy"), LIGHT.items(), ids=LIGHT.keys())
def test_import_stays_light(module: str, heavy: tuple[str, ...]) -> None:
    program = f"import {module}, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert set(heavy).isdisjoint(done.stdout.split())
