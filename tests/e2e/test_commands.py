"""Bad commands on the real broker: each is refused with its reason, journalled, and changes nothing (T15)."""

import json
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from simulator.backoffice.keys import SigningKey
from simulator.demo import Demo
from simulator.stories.stage import Stage
from simulator.transcript import Transcript

pytestmark = [pytest.mark.broker, pytest.mark.timeout(180)]

PARCEL = "JJFI64312000019990001"


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


@pytest.fixture
async def forger() -> AsyncIterator[Forger]:
    with tempfile.TemporaryDirectory(prefix="forge-", ignore_cleanup_errors=True) as made:
        demo = Demo(Path(made), story=True)
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
