import asyncio
import contextlib
import errno
import termios
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import serial

from drivers.base import ignore
from drivers.errors import (
    DriverError,
    LineBusy,
    LineDown,
    PortForbidden,
    PortInUse,
    PortMissing,
    PortUnusable,
)
from drivers.port import OUTPUT_LIMIT_BYTES, Port, PortSettings, open_serial
from drivers.wirelog import Direction, WireLog
from tests.unit.drivers.support import PtyDevice


class Opened:
    """A port on a pty with what it said."""

    def __init__(self, device: PtyDevice, baud_rate: int = 9600) -> None:
        self.log = WireLog()
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()
        self.lost: asyncio.Queue[str] = asyncio.Queue()
        settings = PortSettings(str(device.link), baud_rate)
        self.port = Port(
            open_serial(settings),
            settings,
            on_bytes=self.heard.put_nowait,
            on_lost=self.lost.put_nowait,
            wire_log=self.log,
        )


@pytest.fixture
async def opened(device: PtyDevice) -> AsyncIterator[Opened]:
    made = Opened(device)
    yield made
    made.port.close()


async def test_bytes_pass_both_ways_unchanged(device: PtyDevice, opened: Opened) -> None:
    every_byte = bytes(range(256))
    async with asyncio.timeout(5):
        opened.port.write(every_byte)
        assert await device.read(256) == every_byte
        device.write(every_byte)
        heard = b""
        while len(heard) < 256:
            heard += await opened.heard.get()
    assert heard == every_byte


async def test_the_tty_itself_says_the_baud_rate(device: PtyDevice) -> None:
    handle = open_serial(PortSettings(str(device.link), 19200))
    try:
        _, _, cflag, _, input_speed, output_speed, _ = termios.tcgetattr(handle.fileno())
        assert (input_speed, output_speed) == (termios.B19200, termios.B19200)
        assert cflag & termios.CSIZE == termios.CS8
    finally:
        handle.close()


async def test_a_device_that_keeps_its_own_speed_is_refused(
    device: PtyDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stubborn(fd: int, when: int, settings: list[Any]) -> None:
        settings[4] = settings[5] = termios.B1200
        real(fd, when, settings)

    real = termios.tcsetattr
    monkeypatch.setattr(termios, "tcsetattr", stubborn)
    with pytest.raises(PortUnusable, match="did not take 9600 baud"):
        open_serial(PortSettings(str(device.link)))


async def test_a_second_opening_is_refused_with_the_reason(device: PtyDevice, opened: Opened) -> None:
    with pytest.raises(PortInUse, match="another process holds the port"):
        open_serial(PortSettings(str(device.link)))


def test_a_missing_device_is_named(tmp_path: Path) -> None:
    with pytest.raises(PortMissing, match=r"absent: no device there"):
        open_serial(PortSettings(str(tmp_path / "absent")))


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (errno.EACCES, PortForbidden),
        (errno.EPERM, PortForbidden),
        (errno.EBUSY, PortInUse),
        (errno.ENODEV, PortMissing),
    ],
)
def test_what_the_system_says_tells_who_must_act(
    monkeypatch: pytest.MonkeyPatch, code: int, error: type[DriverError]
) -> None:
    def refuse(**_: object) -> serial.Serial:
        raise serial.SerialException(code, "refused")

    # Root may open everything, so the refusal itself is played.
    monkeypatch.setattr(serial, "Serial", refuse)
    with pytest.raises(error, match="/dev/ttyUSB0"):
        open_serial(PortSettings("/dev/ttyUSB0"))


def test_a_plain_file_is_no_port(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"")
    with pytest.raises(PortUnusable):
        open_serial(PortSettings(str(path)))


async def test_an_odd_baud_rate_is_refused(device: PtyDevice) -> None:
    with pytest.raises(PortUnusable, match="no standard baud rate"):
        open_serial(PortSettings(str(device.link), 12345))


async def test_unplugging_is_told_once_and_closes(device: PtyDevice, opened: Opened) -> None:
    device.unplug()
    async with asyncio.timeout(5):
        await opened.lost.get()
    assert not opened.port.is_open
    with pytest.raises(LineDown):
        opened.port.write(b"x")
    assert opened.lost.empty()


async def test_an_empty_line_is_not_a_lost_line(opened: Opened) -> None:
    opened.port.collect_input()
    assert opened.port.is_open


async def test_writing_never_blocks_and_is_bounded(device: PtyDevice, opened: Opened) -> None:
    asyncio.get_running_loop().remove_reader(device._master or 0)

    def write_too_much() -> None:
        for _ in range(10_000):
            opened.port.write(b"x" * 1000)

    with pytest.raises(LineBusy):
        write_too_much()
    assert 0 < opened.port.waiting_bytes <= OUTPUT_LIMIT_BYTES
    opened.port.discard_output()
    assert opened.port.waiting_bytes == 0


async def test_what_the_device_takes_late_still_arrives_in_order(device: PtyDevice, opened: Opened) -> None:
    sent = b""
    with contextlib.suppress(LineBusy):
        for number in range(1000):
            piece = number.to_bytes(2) * 500
            opened.port.write(piece)
            sent += piece
    assert opened.port.waiting_bytes > 0
    async with asyncio.timeout(5):
        assert await device.read(len(sent)) == sent
    assert opened.port.waiting_bytes == 0


async def test_the_last_byte_leaves_by_the_baud_rate(opened: Opened) -> None:
    before_s = asyncio.get_running_loop().time()
    opened.port.write(bytes(96))
    assert opened.port.quiet_at_s - before_s == pytest.approx(0.1, abs=0.02)


async def test_the_wire_log_keeps_both_directions(device: PtyDevice, opened: Opened) -> None:
    opened.port.write(b"\x8a\x01")
    device.write(b"\x80")
    async with asyncio.timeout(5):
        await opened.heard.get()
    assert [(r.direction, r.text) for r in opened.log.records()] == [
        (Direction.SENT, "8A 01"),
        (Direction.RECEIVED, "80"),
    ]


async def test_closing_leaves_no_descriptor(device: PtyDevice) -> None:
    before = _open_descriptors()
    settings = PortSettings(str(device.link))
    port = Port(open_serial(settings), settings, on_bytes=ignore, on_lost=ignore)
    port.close()
    port.close()
    assert _open_descriptors() == before


def _open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
