"""Commands over a real broker (domain.md 7, T15): every kind once good and once refused; also in test_office.

One that comes twice has one effect; one that is late, foreign, forged or malformed has none.
"""

import json
import tempfile
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from simulator.backoffice.keys import SigningKey
from simulator.backoffice.office import BackOffice
from simulator.demo import Demo
from simulator.stock import Stock
from simulator.stories.stage import Stage
from simulator.transcript import Transcript

pytestmark = [pytest.mark.broker, pytest.mark.timeout(180)]

PARCEL = "JJFI64312000019990001"
SENT = "JJFI64312000019990003"
DESK: dict[str, Any] = {"operator": "desk 4", "reason": "asked by phone"}


@dataclass
class Forger:
    """Publishes whatever it likes to the automat's topic for commands."""

    stage: Stage
    client: aiomqtt.Client
    key: SigningKey

    def command(self, **changes: Any) -> dict[str, Any]:
        """Make a command that would be applied, but for the changes."""
        now = datetime.now(UTC)
        return {
            "id": f"forged-{len(self.stage.entries)}-{len(changes)}",
            "type": "parcel.announce",
            "automat": self.stage.demo.plan.automat_id,
            "issued": now.isoformat(),
            "notafter": (now + timedelta(hours=1)).isoformat(),
            "data": {"trackingid": PARCEL, "size": "S"},
            **changes,
        }

    async def publish(self, payload: bytes, *, retain: bool = False) -> None:
        topic = f"automats/{self.stage.demo.plan.automat_id}/commands"
        await self.client.publish(topic, payload, qos=1, retain=retain)

    async def send(self, command: dict[str, Any]) -> bytes:
        payload = self.key.sign(json.dumps(command).encode())
        await self.publish(payload)
        return payload

    async def refused(self, reason: str, **data: Any) -> None:
        """Expect the refusal at the back office and nothing applied."""
        await self.stage.expect_entry("command.refused", reason=reason, **data)
        parcels = (await self.stage.demo.ask("/v1/parcels?all=true"))["parcels"]
        assert parcels == []


@dataclass
class Desk:
    """Somebody at the back office who waits for what became of each command."""

    stage: Stage

    @property
    def office(self) -> BackOffice:
        return self.stage.demo.backoffice

    async def applied(self, command: Awaitable[str]) -> None:
        assert await self._outcome(command) == ("applied", None)

    async def refused(self, command: Awaitable[str], reason: str) -> None:
        assert await self._outcome(command) == ("refused", reason)

    async def _outcome(self, command: Awaitable[str]) -> tuple[str | None, str | None]:
        command_id = await command
        await self.office.until(
            lambda office: office.outcome(command_id) is not None, 15, f"the outcome of {command_id}"
        )
        return self.office.outcome(command_id), self.office.reason(command_id)


@pytest.fixture
def desk(forger: "Forger") -> Desk:
    return Desk(forger.stage)


@pytest.fixture
async def forger(locker_sim_stock: Stock) -> AsyncIterator[Forger]:
    with tempfile.TemporaryDirectory(prefix="forge-", ignore_cleanup_errors=True) as made:
        demo = Demo(Path(made), story=True, stock=locker_sim_stock)
        await demo.start()
        stage = Stage(demo, Transcript(lambda: 0.0, lambda _line: None))
        try:
            async with aiomqtt.Client(demo.broker.host, demo.broker.port) as client:
                yield Forger(
                    stage, client, SigningKey.load_or_make(Path(made) / "backoffice" / "signing.key")
                )
        finally:
            stage.close()
            await demo.stop()


async def test_bad_commands_are_refused_with_a_reason_and_journalled(forger: Forger) -> None:
    now = datetime.now(UTC)
    await forger.publish(b"\x00\xff not a command")
    await forger.refused("unsigned")
    await forger.publish(json.dumps(forger.command()).encode())
    await forger.refused("unsigned")

    stranger = SigningKey.generate()
    await forger.publish(stranger.sign(json.dumps(forger.command()).encode()))
    await forger.refused("bad-signature")
    await forger.publish(forger.key.sign(b'{"id": "half'))
    await forger.refused("malformed")
    await forger.send(forger.command(id="odd", type="automat.open-all"))
    await forger.refused("unknown-type", id="odd")
    await forger.send(forger.command(id="wrong", data={"trackingid": PARCEL, "size": "S", "code": "1234"}))
    await forger.refused("invalid", id="wrong")

    await forger.send(forger.command(id="foreign", automat="somebody-else"))
    await forger.refused("foreign", id="foreign")
    late = (now - timedelta(hours=2)).isoformat()
    await forger.send(forger.command(id="late", issued=late, notafter=(now - timedelta(hours=1)).isoformat()))
    await forger.refused("late", id="late")
    await forger.send(forger.command(id="size", data={"trackingid": PARCEL, "size": "XXXL"}))
    await forger.refused("unknown-size", id="size")


async def test_a_repeated_command_is_applied_once_across_a_power_cut(forger: Forger) -> None:
    payload = await forger.send(forger.command(id="once"))
    await forger.stage.expect_entry("command.applied", subject=PARCEL, id="once")
    await forger.stage.kill_daemon()
    await forger.publish(payload)
    await forger.stage.start_daemon()
    await forger.stage.expect_entry("command.refused", reason="repeated", id="once")
    withdrawal = forger.command(id="once", type="parcel.withdraw", data={"trackingid": PARCEL, "reason": "x"})
    await forger.send(withdrawal)
    await forger.stage.expect_entry("command.refused", reason="id-reused", id="once")
    parcels = (await forger.stage.demo.ask("/v1/parcels?all=true"))["parcels"]
    assert [parcel["state"] for parcel in parcels] == ["announced"]


# -- every kind, once good and once refused


async def test_a_longer_storage_time_only_where_the_configuration_allows_it(desk: Desk) -> None:
    office, stage = desk.office, desk.stage
    await desk.applied(office.authorise_courier("k7", code="777777"))
    await desk.applied(office.announce(PARCEL, "S"))
    await stage.type("C 777777 OK")
    await stage.expect_entry("courier.signed-in")
    await stage.type(f"{PARCEL[-8:]} OK")
    await put_in(stage, PARCEL)
    await stage.expect_entry("parcel.stored", subject=PARCEL)
    later = stage.demo.steering.now() + timedelta(days=10)
    await desk.refused(office.lengthen(PARCEL, later), "not-allowed-here")
    await stage.kill_daemon()
    with stage.demo.place.configuration.open("a", encoding="utf-8") as file:
        file.write("\n[rules]\nback_office_may_lengthen = true\n")
    await stage.start_daemon()
    await desk.applied(office.lengthen(PARCEL, later))
    await stage.expect_entry("deadline.lengthened", subject=PARCEL)


async def test_commands_about_what_senders_leave(desk: Desk) -> None:
    office, stage = desk.office, desk.stage
    office.let_register(on=False)
    await desk.applied(office.expect_drop_off(SENT, "S", code="515151"))
    await desk.refused(office.expect_drop_off(SENT, "S"), "already-announced")
    await desk.refused(office.register(SENT), "not-dropped-off")
    await stage.type("C 515151 OK")
    await put_in(stage, SENT)
    await stage.expect_entry("parcel.dropped-off", subject=SENT)
    stage.expect_no_entry("parcel.registered", subject=SENT)
    office.let_register(on=True)
    await stage.expect_entry("parcel.registered", subject=SENT)
    await desk.refused(office.register(SENT), "already-registered")


async def test_commands_about_compartments_and_modes(desk: Desk) -> None:
    office, stage = desk.office, desk.stage
    await desk.applied(office.open_compartment("14", **DESK))
    entry = await stage.expect_entry("opened.remotely", compartment="14", **DESK)
    assert entry.data["spot"] is False
    await stage.see_door("14", "open")
    await desk.refused(office.open_compartment("13", **DESK), "another-under-way")
    stage.hand.push_shut("14")
    await stage.expect_entry("door.closed", compartment="14")
    await desk.refused(office.open_compartment("all", **DESK), "unknown-compartment")

    await desk.applied(office.block_compartment("1", **DESK))
    await desk.refused(office.block_compartment("1", **DESK), "already-blocked")
    await desk.applied(office.set_mode("drain", **DESK))
    await desk.refused(office.set_mode("drain", **DESK), "already-in-this-mode")
    automat_id = stage.demo.plan.automat_id
    await office.until(
        lambda office: (
            {"mode": "drain", "blocked": 1, "suspect": 1}.items() <= office.states.get(automat_id, {}).items()
        ),
        15,
        "the state with mode, blocked and suspect",
    )
    assert (await stage.demo.ask("/v1/status"))["mode"] == "drain"
    await desk.applied(office.set_mode("frozen", **DESK))
    await desk.refused(office.open_compartment("2", **DESK), "frozen")
    await stage.see_display("out of service")
    await desk.applied(office.unblock_compartment("1", operator="desk 4"))
    await desk.refused(office.unblock_compartment("1", operator="desk 4"), "not-blocked")


async def test_a_guarded_keypad_is_released(desk: Desk) -> None:
    office, stage = desk.office, desk.stage
    await desk.refused(office.release_guard(stage.keypad, "desk 4"), "not-guarded")
    for number in range(3):
        for _ in range(10):
            await stage.type("C 1234 OK")
            await stage.expect_entry("code.missed")
        stage.move_clock(6_000, f"round {number + 1} of guessing")
    await stage.expect_entry("security.guard-mode")
    await desk.applied(office.release_guard(stage.keypad, "desk 4"))
    await stage.expect_entry("security.guard-released", operator="desk 4")


# -- once, or not at all


async def test_a_door_asked_for_twice_opens_once_and_one_asked_for_too_late_never(forger: Forger) -> None:
    stage, now = forger.stage, datetime.now(UTC)
    asked = {"type": "compartment.open", "data": {"compartment": "14", **DESK}}
    payload = await forger.send(forger.command(id="twice", **asked))
    await stage.expect_entry("opened.remotely", compartment="14")
    await stage.see_door("14", "open")
    stage.hand.push_shut("14")
    await stage.expect_entry("door.closed", compartment="14")
    await forger.publish(payload)
    await stage.expect_entry("command.refused", reason="repeated", id="twice")
    late = {"issued": now - timedelta(hours=2), "notafter": now - timedelta(hours=1)}
    expired = {name: at.isoformat() for name, at in late.items()}
    await forger.send(forger.command(id="expired", **asked, **expired))
    await stage.expect_entry("command.refused", reason="late", id="expired")
    await stage.see_doors_rest()
    assert stage.automat.door("14").pulses == 1
    assert stage.count("opened.remotely") == 1


async def put_in(stage: Stage, tracking_id: str) -> None:
    """Lay a parcel into the compartment that opens for it, shut the door and confirm."""
    label = (await stage.expect_entry("door.opened", subject=tracking_id)).data["compartment"]
    await stage.see_door(label, "open")
    stage.hand.put(label, tracking_id)
    stage.hand.push_shut(label)
    await stage.expect_entry("door.closed", subject=tracking_id)
    await stage.type("OK")
