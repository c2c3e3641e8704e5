"""An implementation of others agrees: pymodbus asks our simulated board, and answers our driver, over ptys.

What pymodbus does not know is the maker's timed coil, so its own value is given to pymodbus as a function of
the user's; frame, address, function, CRC and exceptions remain those of pymodbus.
"""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pymodbus.client import AsyncModbusSerialClient
from pymodbus.constants import ExcCodes
from pymodbus.pdu import ExceptionResponse, ModbusPDU
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

from drivers.base import Contact, UnlockAnswer, UnlockOutcome
from drivers.bus import Bus
from drivers.errors import NoAnswer
from drivers.keeper import PortKeeper, PortUp
from drivers.modbus_relay import finding
from drivers.modbus_relay.driver import ModbusRelayBoard, ModbusRelaySettings
from drivers.port import PortSettings
from simulator.automat import SimulatedAutomat
from simulator.plan import BoardPlan, CabinetPlan, CompartmentPlan, DisplayPlan, KeypadPlan, LinePlan
from tests.unit.drivers.support import PtyDevice

LIMIT_S = 10
VERSION = 0x8000


class Coil(ModbusPDU):
    """Function 05 with any value, as request and as answer."""

    function_code = 5
    rtu_frame_size = 8
    obeyed: ClassVar[list[tuple[int, int]]] = []

    def __init__(self, address: int = 0, value: int = 0, dev_id: int = 1) -> None:
        super().__init__(dev_id=dev_id, address=address)
        self.value = value

    def encode(self) -> bytes:
        return struct.pack(">HH", self.address, self.value)

    def decode(self, data: bytes) -> None:
        self.address, self.value = struct.unpack(">HH", data[:4])

    async def datastore_update(self, context: Any, device_id: int) -> ModbusPDU:
        if self.address not in {0x00FF, *range(0x0200, 0x0208)}:
            return ExceptionResponse(self.function_code, ExcCodes.ILLEGAL_ADDRESS)
        self.obeyed.append((self.address, self.value))
        return self


def plan() -> CabinetPlan:
    boxes = tuple(
        CompartmentPlan(str(n), "A", n, "S", 380, 140, 600, column=1, row=n, polarity="closes-when-shut")
        for n in range(1, 9)
    )
    return CabinetPlan(
        "modbus-1",
        "Modbus",
        boxes,
        (BoardPlan("A", "locks", 1, 8, "modbus-relay", serial=200),),
        (LinePlan("locks"),),
        keypads=(KeypadPlan("front"),),
        displays=(DisplayPlan("front"),),
    )


@pytest.fixture
async def simulated(tmp_path: Path) -> AsyncIterator[SimulatedAutomat]:
    automat = SimulatedAutomat(plan(), directory=tmp_path)
    await automat.start()
    yield automat
    await automat.stop()


@pytest.fixture
async def master(simulated: SimulatedAutomat) -> AsyncIterator[AsyncModbusSerialClient]:
    client = AsyncModbusSerialClient(
        str(simulated.port("locks")), baudrate=9600, reconnect_delay=0, timeout=1, retries=0
    )
    async with asyncio.timeout(LIMIT_S):
        assert await client.connect()
        yield client
        client.close()


@pytest.fixture
async def driver(tmp_path: Path) -> AsyncIterator[tuple[ModbusRelayBoard, Bus]]:
    """Our driver on one end of a null modem, a server of pymodbus on the other."""
    ours, theirs = PtyDevice(tmp_path / "ours"), PtyDevice(tmp_path / "theirs")
    closed = [True, False, True, True, True, True, False, True]
    inputs = SimData(0, values=closed + [False] * 8, datatype=DataType.BITS)
    other = [SimData(0, count=8, values=False, datatype=DataType.BITS)]
    version = [SimData(VERSION, values=200, datatype=DataType.REGISTERS)]
    server = ModbusSerialServer(
        SimDevice(1, simdata=(other, [inputs], version, version)),
        port=str(theirs.link),
        baudrate=9600,
        reconnect_delay=0,
        custom_pdu=[Coil],
    )
    Coil.obeyed.clear()
    up = asyncio.Event()
    keeper = PortKeeper(
        PortSettings(str(ours.link)),
        on_change=lambda change: up.set() if isinstance(change, PortUp) else None,
    )
    bus = Bus(keeper)
    pumps = [asyncio.create_task(_pump(ours, theirs)), asyncio.create_task(_pump(theirs, ours))]
    async with asyncio.timeout(LIMIT_S):
        await server.serve_forever(background=True)
        keeper.start()
        bus.start()
        await up.wait()
        yield ModbusRelayBoard(bus, ModbusRelaySettings(1, 8)), bus
    await bus.stop()
    await keeper.stop()
    await server.shutdown()  # type: ignore[no-untyped-call]  # pymodbus left it without types
    for pump in pumps:
        pump.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await pump
    ours.unplug()
    theirs.unplug()


async def test_a_master_of_others_opens_a_door_by_a_timed_pulse_and_sees_it(
    simulated: SimulatedAutomat, master: AsyncModbusSerialClient
) -> None:
    assert (await master.read_discrete_inputs(0, count=8, device_id=1)).bits == [True] * 8
    answer = await master.execute(False, Coil(0x0202, 2))
    assert not answer.isError()
    assert answer.address == 0x0202
    await simulated.until(lambda: simulated.door("3").state == "open", LIMIT_S, "door 3 to open")
    assert (await master.read_discrete_inputs(0, count=8, device_id=1)).bits == [True, True, False] + [
        True
    ] * 5
    assert [simulated.door(str(n)).pulses for n in range(1, 9)] == [0, 0, 1, 0, 0, 0, 0, 0]


async def test_a_master_of_others_switches_and_reads_relays(master: AsyncModbusSerialClient) -> None:
    assert not (await master.write_coil(4, True, device_id=1)).isError()
    assert (await master.read_coils(0, count=8, device_id=1)).bits == [False] * 4 + [True] + [False] * 3
    assert not (await master.write_coils(0, [True, False, True], device_id=1)).isError()
    assert (await master.read_coils(0, count=8, device_id=1)).bits == [True, False, True, False, True] + [
        False
    ] * 3
    assert not (await master.write_coil(0x00FF, False, device_id=1)).isError()
    assert not any((await master.read_coils(0, count=8, device_id=1)).bits)


async def test_a_master_of_others_reads_and_writes_registers(master: AsyncModbusSerialClient) -> None:
    assert (await master.read_holding_registers(VERSION, count=1, device_id=1)).registers == [200]
    assert not (await master.write_register(0x1000, 1, device_id=1)).isError()
    assert not (await master.write_registers(0x1001, [2, 1], device_id=1)).isError()
    assert (await master.read_holding_registers(0x1000, count=4, device_id=1)).registers == [1, 2, 1, 0]


async def test_a_master_of_others_understands_every_exception(master: AsyncModbusSerialClient) -> None:
    answers = [
        await master.read_input_registers(0, count=1, device_id=1),
        await master.read_discrete_inputs(0, count=9, device_id=1),
        await master.write_coil(8, True, device_id=1),
        await master.write_register(0x1000, 77, device_id=1),
        await master.execute(False, Coil(0x0200, 0)),
        await master.report_device_id(device_id=1),
    ]
    assert all(isinstance(answer, ExceptionResponse) for answer in answers)
    assert [answer.exception_code for answer in answers] == [1, 2, 2, 3, 3, 1]


async def test_our_driver_pulses_a_board_of_others(driver: tuple[ModbusRelayBoard, Bus]) -> None:
    board, _ = driver
    assert await board.unlock(3) == UnlockAnswer(UnlockOutcome.ANSWERED)
    assert Coil.obeyed == [(0x0202, 2)]


async def test_our_driver_reads_the_inputs_of_a_board_of_others(driver: tuple[ModbusRelayBoard, Bus]) -> None:
    board, _ = driver
    contacts = await board.read_contacts()
    assert [channel for channel, contact in contacts.items() if contact is Contact.OPEN] == [2, 7]


async def test_our_driver_knows_a_board_of_others_again(driver: tuple[ModbusRelayBoard, Bus]) -> None:
    board, bus = driver
    assert (await board.identify()).facts == {"inputs": "16", "version": "2.00"}
    assert await finding.search(bus, 1) == {"address": 1, "channels": 16}


async def test_our_driver_rests_the_outputs_of_a_board_of_others(
    driver: tuple[ModbusRelayBoard, Bus],
) -> None:
    board, _ = driver
    await board.rest_outputs()
    assert Coil.obeyed == [(0x00FF, 0x0000)]


async def test_our_driver_takes_the_exceptions_of_others_for_what_they_are(
    driver: tuple[ModbusRelayBoard, Bus],
) -> None:
    _, bus = driver
    wide = ModbusRelayBoard(bus, ModbusRelaySettings(1, 32))
    refused = UnlockAnswer(UnlockOutcome.REFUSED, reason="illegal data address (exception 2)")
    assert await wide.unlock(9) == refused
    with pytest.raises(NoAnswer, match="illegal data address"):
        await wide.read_contacts()
    assert Coil.obeyed == []


async def _pump(source: PtyDevice, target: PtyDevice) -> None:
    while True:
        target.write(await source.read(1))
