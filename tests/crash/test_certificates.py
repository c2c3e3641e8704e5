"""TLS against a real broker: the right certificate works, every wrong one is refused in words that help."""

import asyncio
import contextlib
import json
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from locker.sync.link import Link
from locker.sync.settings import LinkSettingsError, Tls
from simulator.broker import Broker, find
from tests.crash.certificates import DAY, Authority, Identity
from tests.crash.fleet_broker import BACK_OFFICE, FleetBroker
from tests.unit.sync.automat import AUTOMAT_ID, AutomatInMemory, running_link, settings_for

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(find("mosquitto") is None, reason="install mosquitto to run this"),
]
LIMIT_S = 15.0


@dataclass(frozen=True)
class Fleet:
    """One authority, and another one that nobody trusts."""

    ours: Authority
    theirs: Authority

    @property
    def tls(self) -> Tls:
        """Make the right settings of the automat."""
        return trusting(self.ours, self.ours.issue_client(AUTOMAT_ID))


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    return Fleet(Authority(tmp_path), Authority(tmp_path, "theirs"))


def trusting(authority: Authority, identity: Identity | None) -> Tls:
    if identity is None:
        return Tls(authority.certificate)
    return Tls(authority.certificate, identity.certificate, identity.key)


@asynccontextmanager
async def fleet_broker(
    directory: Path, fleet: Fleet, shown: Identity | None = None
) -> AsyncIterator[FleetBroker]:
    place = directory / "broker"
    place.mkdir()
    broker = await FleetBroker.open(
        place, fleet.ours, shown or fleet.ours.issue_server("broker", "localhost")
    )
    try:
        yield broker
    finally:
        await broker.stop()


async def trouble_of(broker: Broker, tls: Tls | None, *, host: str = "localhost", port: int = 0) -> str:
    """Run a link until it says what is wrong; it must never have been connected."""
    automat = AutomatInMemory()
    automat.write(1)
    settings = settings_for(broker, host=host, port=port or broker.port, tls=tls)
    async with running_link(automat, settings) as link:
        async with asyncio.timeout(LIMIT_S):
            while link.trouble is None:
                assert not link.connected
                await asyncio.sleep(0.01)
        return link.trouble


async def test_the_right_certificates_carry_the_journal_up_and_its_acknowledgement_down(
    tmp_path: Path, fleet: Fleet
) -> None:
    automat = AutomatInMemory()
    automat.write(3)
    office = fleet.ours.issue_client(BACK_OFFICE)
    async with (
        asyncio.timeout(LIMIT_S),
        fleet_broker(tmp_path, fleet) as broker,
        broker.client(office) as reader,
    ):
        await reader.subscribe("automats/+/journal", qos=1)
        async with running_link(automat, settings_for(broker, host="localhost", tls=fleet.tls)):
            seen = set()
            async for message in reader.messages:
                seen.add(int(json.loads(message.payload)["sequence"]))
                if seen == {1, 2, 3}:
                    break
            ack = {"epoch": 1, "through": 3, "missing": [], "refused": [], "forks": []}
            ack |= {"time": "2026-05-04T12:00:00Z"}
            await reader.publish(f"automats/{AUTOMAT_ID}/journal/ack", json.dumps(ack), qos=1)
            await automat.until(lambda: automat.acknowledged_through == 3)


SHOWN: dict[str, tuple[Callable[[Fleet], Identity], str]] = {
    "expired": (
        lambda fleet: fleet.ours.issue_server("broker", "localhost", begins=-2 * DAY, ends=-DAY),
        "has expired: renew it at the broker",
    ),
    "not yet valid": (
        lambda fleet: fleet.ours.issue_server("broker", "localhost", begins=DAY, ends=2 * DAY),
        "not valid yet: set this machine's clock",
    ),
    "for another name": (
        lambda fleet: fleet.ours.issue_server("broker", "mqtt.example.org"),
        "is for another name: connect by a name that stands in it",
    ),
    "signed by itself": (
        lambda fleet: fleet.ours.issue_server("broker", "localhost", signed_by_itself=True),
        "the CA file does not vouch",
    ),
    "of another authority": (
        lambda fleet: fleet.theirs.issue_server("broker", "localhost"),
        "the CA file does not vouch",
    ),
}


@pytest.mark.parametrize("name", SHOWN)
async def test_a_broker_with_a_wrong_certificate_gets_nothing(
    tmp_path: Path, fleet: Fleet, name: str
) -> None:
    issue, said = SHOWN[name]
    async with fleet_broker(tmp_path, fleet, issue(fleet)) as broker:
        assert said in await trouble_of(broker, fleet.tls)


OURS: dict[str, tuple[Callable[[Fleet], Identity | None], str]] = {
    "none": (lambda _fleet: None, "asks for a client certificate: set the automat's certificate and key"),
    "another automat's": (
        lambda fleet: fleet.ours.issue_client("automat-2"),
        "common name of the automat's certificate has to be the automat's id",
    ),
    "another authority's": (
        lambda fleet: fleet.theirs.issue_client(AUTOMAT_ID),
        "does not know who issued the automat's certificate",
    ),
    "expired": (
        lambda fleet: fleet.ours.issue_client(AUTOMAT_ID, begins=-2 * DAY, ends=-DAY),
        "the automat's certificate has expired",
    ),
    "not yet valid": (
        lambda fleet: fleet.ours.issue_client(AUTOMAT_ID, begins=DAY, ends=2 * DAY),
        "refuses the automat's certificate: look at its dates",
    ),
}


@pytest.mark.parametrize("name", OURS)
async def test_an_automat_with_a_wrong_certificate_is_told_what_to_do(
    tmp_path: Path, fleet: Fleet, name: str
) -> None:
    issue, said = OURS[name]
    async with fleet_broker(tmp_path, fleet) as broker:
        assert said in await trouble_of(broker, trusting(fleet.ours, issue(fleet)))


async def test_certificates_that_expire_and_are_renewed_need_no_restart(tmp_path: Path, fleet: Fleet) -> None:
    automat = AutomatInMemory()
    ours = fleet.ours.issue_client(AUTOMAT_ID)
    async with (
        asyncio.timeout(LIMIT_S),
        fleet_broker(tmp_path, fleet) as broker,
        running_link(automat, settings_for(broker, host="localhost", tls=trusting(fleet.ours, ours))) as link,
    ):
        await automat.until(lambda: link.connected)
        fleet.ours.issue_client(AUTOMAT_ID, begins=-2 * DAY, ends=-DAY)
        assert link.connected, "what stands is not looked at again"
        await broker.kill()
        await broker.restart()
        await says(link, "the automat's certificate has expired")
        whole = ours.certificate.read_bytes()
        ours.certificate.write_bytes(whole[: len(whole) // 2])
        await says(link, "cannot be used")
        fleet.ours.issue_client(AUTOMAT_ID)
        await automat.until(lambda: link.connected)

        await broker.kill()
        broker.shown = fleet.ours.issue_server("broker", "localhost", begins=-2 * DAY, ends=-DAY)
        await broker.restart()
        await says(link, "has expired: renew it at the broker")
        await broker.kill()
        broker.shown = fleet.ours.issue_server("broker", "localhost")
        await broker.restart()
        await automat.until(lambda: link.connected)
        assert link.trouble is None


async def says(link: Link, words: str) -> None:
    """Wait until a link says what is wrong with it."""
    while words not in (link.trouble or ""):  # noqa: ASYNC110  # nothing tells when it says something else
        await asyncio.sleep(0.01)
    assert not link.connected


async def test_a_plain_port_is_not_used_where_tls_is_set(tmp_path: Path, fleet: Fleet) -> None:
    said = bytearray()
    async with listener(said, ending=True) as port:
        broker = Broker("mosquitto", Path("none"), tmp_path, port, ())
        assert "speaks no TLS" in await trouble_of(broker, fleet.tls)
    assert said.startswith(b"\x16\x03"), "a TLS greeting"
    assert AUTOMAT_ID.encode() not in said
    assert b"MQTT" not in said


async def test_a_real_plain_broker_is_not_used_where_tls_is_set(tmp_path: Path, fleet: Fleet) -> None:
    (tmp_path / "plain").mkdir()
    broker = await Broker.start(tmp_path / "plain", "mosquitto")
    try:
        assert "speaks no TLS" in await trouble_of(broker, fleet.tls)
    finally:
        await broker.stop()


async def test_a_tls_port_is_named_where_no_tls_is_set(tmp_path: Path, fleet: Fleet) -> None:
    async with fleet_broker(tmp_path, fleet) as broker:
        assert "give the broker's CA file" in await trouble_of(broker, None)


def test_nothing_older_than_tls_1_2_is_offered_or_taken(fleet: Fleet) -> None:
    context = fleet.tls.context()
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_both_versions_of_tls_are_spoken(fleet: Fleet, newest: ssl.TLSVersion) -> None:
    shown = fleet.ours.issue_server("broker", "localhost")
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(shown.certificate, shown.key)
    server_side.maximum_version = newest
    spoken: asyncio.Queue[str] = asyncio.Queue()

    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        spoken.put_nowait(writer.get_extra_info("ssl_object").version())
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0, ssl=server_side)
    port = server.sockets[0].getsockname()[1]
    async with server, asyncio.timeout(LIMIT_S):
        _, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=fleet.tls.context(), server_hostname="localhost"
        )
        writer.close()
        assert await spoken.get() == newest.name.replace("_", ".")
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def test_a_key_with_a_password_is_refused_and_nobody_is_asked_for_it(fleet: Fleet) -> None:
    locked = fleet.ours.issue_client("locked", password=b"secret")
    with pytest.raises(LinkSettingsError, match=r"locked\.key has a password"):
        trusting(fleet.ours, locked).context()


def test_a_key_of_another_certificate_is_named(fleet: Fleet) -> None:
    mixed = Identity(fleet.ours.issue_client("one").certificate, fleet.ours.issue_client("two").key)
    with pytest.raises(LinkSettingsError, match=r"one\.pem cannot be used with the key .*two\.key"):
        trusting(fleet.ours, mixed).context()


@asynccontextmanager
async def listener(said: bytearray, *, ending: bool) -> AsyncIterator[int]:
    """Listen, keep what is said, and answer as a broker that expected something else."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said.extend(await reader.read(4096))
        if ending:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, family=socket.AF_INET)
    async with server:
        yield server.sockets[0].getsockname()[1]
