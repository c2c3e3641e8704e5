"""XOR/BCC boards of every size and edition behind real ptys: the last channel opens its own door."""

import dataclasses
from pathlib import Path

import pytest

from locker.domain.events import Door, DoorSeen, PulseSent
from locker.hardware.translation import LockerHardware
from locker.hardware.wiring import BoardSpec, DoorSpec, PortSpec, Wiring
from simulator.automat import SimulatedAutomat
from simulator.plan import BoardPlan, CabinetPlan, LinePlan, demo_plan
from tests.unit.hardware.test_hardware import Seen

BOX = demo_plan().compartments[0]


@pytest.mark.parametrize(
    ("channels", "settings"),
    [
        (8, {}),
        (24, {"edition": "kecheng"}),
        (32, {"pulse_s": 1}),
        (50, {"acknowledges": False}),
    ],
)
async def test_the_first_and_the_last_channel_open_their_own_doors(
    tmp_path: Path, channels: int, settings: dict[str, object]
) -> None:
    boxes = tuple(dataclasses.replace(BOX, label=str(n), channel=n) for n in (1, channels))
    plan = CabinetPlan(
        automat_id="demo-xor",
        name="Kauppatori",
        compartments=boxes,
        boards=(BoardPlan("A", "locks", 31, channels),),
        lines=(LinePlan("locks"),),
        keypads=(),
        displays=(),
    )
    simulated = SimulatedAutomat(plan, directory=tmp_path)
    await simulated.start()
    seen = Seen()
    wiring = Wiring(
        lines={"locks": PortSpec(str(simulated.port("locks")), 9600)},
        boards=[BoardSpec("A", "locks", "xor-bcc", {"address": 31, "channels": channels, **settings})],
        doors=[DoorSpec(box.label, "A", box.channel) for box in boxes],
        keypads=[],
        displays=[],
    )
    hardware = LockerHardware(wiring, render=lambda message: [(str(message.text), "")], post=seen.post)
    try:
        assert set((await hardware.start()).values()) == {Door.SHUT}
        for number, label in enumerate((str(channels), "1"), 1):
            hardware.unlock(label, number)
            await seen.until(lambda event, label=label: event == DoorSeen(label, Door.OPEN))  # type: ignore[misc]  # mypy infers no lambda with a default
            assert sum(view.pulses for view in simulated.doors().values()) == number
            assert simulated.door(label).pulses == 1
        await seen.until(lambda event: event == PulseSent("1", 2))
    finally:
        await hardware.stop()
        await simulated.stop()
