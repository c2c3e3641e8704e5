"""What an import really loads, seen in a fresh interpreter: the floor plan holds at run time, too."""

import subprocess
import sys
from importlib.util import find_spec

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
    # The keys of a device's table are the settings of its family, so the drivers are loaded, but no port.
    "locker.config": ("sqlmodel", "alembic", "aiomqtt", "aiohttp", "serial", "textual", "drivers.port"),
    "locker.words": (*FRAMEWORKS, "asyncio", "sqlite3"),
    "drivers.registry": ("locker", "simulator", "tui", "sqlmodel", "aiomqtt", "pydantic"),
    "drivers.xor_bcc.codec": (*FRAMEWORKS, "asyncio", "socket", "locker"),
    "drivers.modbus_relay.codec": (*FRAMEWORKS, "asyncio", "socket", "locker"),
    "drivers.wkly.codec": (*FRAMEWORKS, "asyncio", "socket", "locker"),
    "drivers.winnsen.codec": (*FRAMEWORKS, "asyncio", "socket", "locker"),
    "drivers.kerong.codec.cu16": (*FRAMEWORKS, "asyncio", "socket", "locker"),
    "drivers.kerong.codec.cu48": (*FRAMEWORKS, "asyncio", "socket", "locker"),
    "drivers.keypad_serial.codec": (*FRAMEWORKS, "asyncio", "socket", "locker"),
    "drivers.scanner_serial.codec": (*FRAMEWORKS, "asyncio", "socket", "locker"),
    "drivers.cd5220.codec": (*FRAMEWORKS, "asyncio", "socket", "locker"),
    "drivers.matrix_orbital.codec": (*FRAMEWORKS, "asyncio", "socket", "locker"),
    "drivers.keypad_evdev.codec": (*FRAMEWORKS, "asyncio", "socket", "locker"),
    "locker.hardware.translation": ("evdev",),
    "simulator.world": (*FRAMEWORKS, "asyncio", "socket", "locker", "drivers"),
}

# guests load nothing of the house but the client; those that are not built yet are not looked at
GUESTS = [name for name in ("locker.ctl", "tui.app") if find_spec(name) is not None]
HOUSE = (
    "drivers",
    "simulator",
    "sqlmodel",
    "aiomqtt",
    "serial",
    "locker.config",
    "locker.db",
    "locker.engine",
)


@pytest.mark.parametrize(("module", "heavy"), LIGHT.items(), ids=LIGHT.keys())
def test_import_stays_light(module: str, heavy: tuple[str, ...]) -> None:
    assert set(heavy).isdisjoint(loaded_by(module))


@pytest.mark.parametrize("module", GUESTS)
def test_guests_load_nothing_of_the_house(module: str) -> None:
    loaded = loaded_by(module)
    assert set(HOUSE).isdisjoint(loaded)
    assert not [name for name in loaded if name.startswith("locker.domain")]


def loaded_by(module: str) -> list[str]:
    """Import a module in a fresh interpreter and return every module that is loaded then."""
    program = f"import {module}, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.split()
