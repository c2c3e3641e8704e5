"""RTS around a request: raised before its first byte, dropped after its last."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator

import pytest
import serial
from serial.rs485 import RS485Settings

from drivers.base import ignore
from drivers.errors import PortUnusable
from drivers.port import Port, PortSettings, open_serial, turnaround_of
from drivers.turnaround import TurnAround
from tests.unit.drivers.support import PtyDevice

BYTE_S = 10 / 115_200


class Converter:
    """Records what its RTS does and what went through meanwhile, in order."""

    def __init__(self) -> None:
        self.near, self.far = socket.socketpair()
        self.near.setblocking(False)
        self.far.setblocking(False)
        self.story: list[str] = []
        self.in_device = 0
        self.dropped = asyncio.Event()
        self._rts = False

    @property
    def rts(self) -> bool:
        return self._rts

    @rts.setter
    def rts(self, value: bool) -> None:
        self._note_bytes()
        self._rts = value
        self.story.append("raised" if value else "dropped")
        if not value:
            self.dropped.set()

    @property
    def out_waiting(self) -> int:
        left, self.in_device = self.in_device, max(0, self.in_device - 3)
        if left:
            self._note_bytes()
            self.story.append(f"{left} left")
        return left

    def fileno(self) -> int:
        return self.near.fileno()

    def close(self) -> None:
        self.near.close()
        self.far.close()

    def _note_bytes(self) -> None:
        try:
            self.story.append(os.read(self.far.fileno(), 100).hex())
        except BlockingIOError:
            return


@pytest.fixture
async def converter() -> AsyncIterator[Converter]:
    made = Converter()
    async with asyncio.timeout(5):
        yield made
    made.close()


def port_on(converter: Converter) -> Port:
    settings = PortSettings("converter", 115_200, "raised-to-send")
    turnaround = TurnAround(converter, BYTE_S)
    return Port(converter, settings, on_bytes=ignore, on_lost=ignore, turnaround=turnaround)


async def test_rts_is_up_before_the_first_byte_and_down_after_the_last_one_has_left(
    converter: Converter,
) -> None:
    port = port_on(converter)
    converter.in_device = 5
    port.write(b"\x80\x01")
    assert converter.story == ["raised"]
    await converter.dropped.wait()
    assert converter.story == ["raised", "8001", "5 left", "2 left", "dropped"]
    port.close()


async def test_rts_falls_no_sooner_than_the_wire_needs(converter: Converter) -> None:
    port = port_on(converter)
    began_s = asyncio.get_running_loop().time()
    port.write(bytes(200))
    await converter.dropped.wait()
    assert asyncio.get_running_loop().time() - began_s >= 200 * BYTE_S
    port.close()


async def test_a_second_request_keeps_rts_up(converter: Converter) -> None:
    port = port_on(converter)
    port.write(b"\x01")
    port.write(b"\x02")
    await converter.dropped.wait()
    assert converter.story.count("dropped") == 1
    assert converter.story[-1] == "dropped"
    port.close()


async def test_a_request_that_is_given_up_leaves_the_line_to_the_others(converter: Converter) -> None:
    port = port_on(converter)
    port.write(bytes(100))
    port.discard_output()
    assert converter.story[-1] == "dropped"
    port.close()


async def test_a_device_without_rts_is_refused_with_the_cure(device: PtyDevice) -> None:
    with pytest.raises(PortUnusable, match='set rts = "unused"'):
        open_serial(PortSettings(str(device.link), 9600, "raised-to-send"))


async def test_a_driver_that_switches_rts_by_itself_is_left_to_it(
    device: PtyDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[RS485Settings] = []
    monkeypatch.setattr(serial.Serial, "_set_rs485_mode", lambda _self, wanted: asked.append(wanted))
    settings = PortSettings(str(device.link), 9600, "raised-to-send")
    handle = open_serial(settings)
    try:
        assert asked[0].rts_level_for_tx
        assert not asked[0].rts_level_for_rx
        assert turnaround_of(handle, settings) is None
    finally:
        handle.close()


async def test_an_unused_rts_is_not_touched(device: PtyDevice) -> None:
    settings = PortSettings(str(device.link), 9600)
    handle = open_serial(settings)
    try:
        assert handle.rs485_mode is None
        assert turnaround_of(handle, settings) is None
    finally:
        handle.close()
