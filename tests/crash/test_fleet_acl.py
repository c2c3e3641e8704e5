"""Automat A on automat B's topics, at a real broker with the configuration of `docs/broker`."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest

from simulator.broker import find
from tests.crash.certificates import Authority, Identity
from tests.crash.fleet_broker import BACK_OFFICE, SHIPPED, FleetBroker

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(find("mosquitto") is None, reason="install mosquitto to run this"),
]

A, B = "automat-a", "automat-b"
UP = ("journal", "state", "status")
DOWN = ("journal/ack", "commands")
END = "end of what was sent"
WILDCARDS = (
    "#",
    "+/#",
    "automats/#",
    "automats/+/#",
    "automats/+/commands",
    "automats/+/journal/+",
    f"automats/{B}/#",
    f"automats/{B}/+",
    "$share/thieves/automats/+/journal",
    f"$share/thieves/automats/{B}/commands",
)


class Fleet:
    """A broker, its authority, and clients by the names in their certificates."""

    def __init__(self, broker: FleetBroker, authority: Authority) -> None:
        self._broker, self._authority = broker, authority
        self._known: dict[str, Identity] = {}

    def client(self, name: str, *, client_id: str | None = None, v5: bool = True) -> aiomqtt.Client:
        if name not in self._known:
            self._known[name] = self._authority.issue_client(name)
        return self._broker.client(self._known[name], client_id=client_id, v5=v5)

    def client_with_will(self, name: str, topic: str) -> aiomqtt.Client:
        client = self.client(name)
        client._client.will_set(topic, b"the will", qos=1, retain=True)
        return client


@pytest.fixture
async def fleet(tmp_path: Path) -> AsyncIterator[Fleet]:
    authority = Authority(tmp_path)
    place = tmp_path / "broker"
    place.mkdir()
    broker = await FleetBroker.open(place, authority, authority.issue_server("broker", "localhost"))
    try:
        yield Fleet(broker, authority)
    finally:
        await broker.stop()


@asynccontextmanager
async def listening(client: aiomqtt.Client, topics: Sequence[str]) -> AsyncIterator[aiomqtt.Client]:
    """Subscribe; a refused subscription gives nothing either."""
    async with client:
        for topic in topics:
            with contextlib.suppress(aiomqtt.MqttError):
                await client.subscribe(topic, qos=1)
        yield client


async def heard(client: aiomqtt.Client, end_topic: str) -> list[str]:
    """Return the topics of what arrives until the end is told on a topic that the listener may read."""
    topics: list[str] = []
    async with asyncio.timeout(10):
        async for message in client.messages:
            if message.topic.value == end_topic and message.payload == END.encode():
                return topics
            topics.append(message.topic.value)
    raise AssertionError("the broker closed the connection")


async def test_an_automat_writes_its_own_topics_up_and_no_others(fleet: Fleet) -> None:
    own = [f"automats/{A}/{kind}" for kind in UP]
    foreign = [f"automats/{name}/{kind}" for name in (B, BACK_OFFICE) for kind in (*UP, *DOWN)]
    foreign += [f"automats/{A}/{kind}" for kind in DOWN] + [f"automats/{A}/other", "automats", "elsewhere"]
    everything = [f"automats/+/{kind}" for kind in UP]
    async with listening(fleet.client(BACK_OFFICE), everything) as office:
        for v5 in (True, False):
            async with fleet.client(A, v5=v5) as automat:
                for topic in (*foreign, *own):
                    for retain in (False, True):
                        await automat.publish(topic, b"x", qos=1, retain=retain)
                await automat.publish(own[0], END, qos=1)
            assert sorted(set(await heard(office, own[0]))) == sorted(own)
    assert await retained(fleet, A) == await retained(fleet, B) == []
    assert sorted(await retained(fleet, BACK_OFFICE)) == sorted(own)


async def test_an_automat_reads_its_own_topics_down_and_no_others(fleet: Fleet) -> None:
    own = [f"automats/{A}/{kind}" for kind in DOWN]
    foreign = [f"automats/{B}/{kind}" for kind in (*UP, *DOWN)]
    async with (
        fleet.client(BACK_OFFICE) as office,
        fleet.client(B) as other,
        listening(fleet.client(A), (*own, *foreign, *WILDCARDS)) as automat,
    ):
        for kind in UP:
            await other.publish(f"automats/{B}/{kind}", b"B's own", qos=1, retain=True)
        for name in (B, A):
            for kind in DOWN:
                await office.publish(f"automats/{name}/{kind}", b"x", qos=1)
        await office.publish(own[0], END, qos=1)
        assert set(await heard(automat, own[0])) == set(own)


async def test_retained_messages_of_others_are_not_shown_to_who_comes_later(fleet: Fleet) -> None:
    own_end = f"automats/{A}/commands"
    async with fleet.client(B) as other, fleet.client(BACK_OFFICE) as office:
        await other.publish(f"automats/{B}/status", b"online", qos=1, retain=True)
        await office.publish(f"automats/{B}/commands", b"retained", qos=1, retain=True)
        async with listening(fleet.client(A), (own_end, *WILDCARDS)) as automat:
            await office.publish(own_end, END, qos=1)
            assert await heard(automat, own_end) == []


async def test_a_will_reaches_only_the_automats_own_status(fleet: Fleet) -> None:
    ends = f"automats/{A}/journal"
    async with listening(fleet.client(BACK_OFFICE), [f"automats/+/{kind}" for kind in UP]) as office:
        for topic in (f"automats/{B}/status", f"automats/{A}/commands", f"automats/{A}/status"):
            with contextlib.suppress(aiomqtt.MqttError):
                async with fleet.client_with_will(A, topic) as automat:
                    sock = automat._client.socket()
                    assert isinstance(sock, socket.socket)
                    sock.shutdown(socket.SHUT_RDWR)  # no goodbye: the broker publishes the will
                    await next_topic(automat, 5.0)
        async with fleet.client(A) as automat:
            await until_published(office, f"automats/{A}/status")
            await automat.publish(ends, END, qos=1)
            assert await heard(office, ends) == []


async def until_published(office: aiomqtt.Client, topic: str) -> None:
    async with asyncio.timeout(10):
        async for message in office.messages:
            assert message.topic.value == topic
            return


@pytest.mark.parametrize("name", ["+", "#", "automat-a/journal", "automat-a/#", "+/#", ""])
async def test_a_certificate_whose_name_is_a_pattern_opens_nothing(fleet: Fleet, name: str) -> None:
    async with listening(fleet.client(BACK_OFFICE), ["automats/+/journal"]) as office:
        with contextlib.suppress(aiomqtt.MqttError):
            async with listening(fleet.client(name), [f"automats/{A}/commands", *WILDCARDS]) as stranger:
                await stranger.publish(f"automats/{A}/journal", b"x", qos=1)
                await office.publish(f"automats/{A}/commands", b"x", qos=1)
                assert await nothing_comes(stranger)
        async with fleet.client(A) as automat:
            await automat.publish(f"automats/{A}/journal", END, qos=1)
        assert await heard(office, f"automats/{A}/journal") == []


async def test_nobody_takes_over_the_session_of_another_automat(fleet: Fleet) -> None:
    topic = f"automats/{B}/commands"
    async with (
        fleet.client(BACK_OFFICE) as office,
        listening(fleet.client(B, client_id=f"automat-{B}"), [topic]) as other,
        fleet.client(A, client_id=f"automat-{B}") as thief,
    ):
        await office.publish(topic, b"for B", qos=1)
        await office.publish(topic, END, qos=1)
        assert await heard(other, topic) == [topic], "B's connection lives on, and gets what is B's"
        assert await nothing_comes(thief)


async def test_nobody_without_a_certificate_of_the_fleet_gets_in(fleet: Fleet, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "strangers").issue_client(BACK_OFFICE)
    for identity in (None, stranger):
        with pytest.raises(aiomqtt.MqttError):
            async with asyncio.timeout(10), fleet._broker.client(identity, limit_s=1):
                pass


def test_the_page_names_every_file_and_every_topic_that_is_shipped() -> None:
    page = (SHIPPED / "README.md").read_text(encoding="utf-8")
    for name in ("mosquitto.conf", "fleet.acl"):
        assert name in page
        assert (SHIPPED / name).is_file()
    rules = (SHIPPED / "fleet.acl").read_text(encoding="utf-8")
    for kind in UP:
        assert f"pattern write automats/%u/{kind}\n" in rules
    for kind in DOWN:
        assert f"pattern read automats/%u/{kind}\n" in rules


async def retained(fleet: Fleet, name: str) -> list[str]:
    """Return the topics of the retained messages that are shown to a certificate."""
    async with listening(fleet.client(name), [f"automats/+/{kind}" for kind in (*UP, *DOWN)]) as reader:
        found: list[str] = []
        while (topic := await next_topic(reader)) is not None:
            found.append(topic)
        return found


async def nothing_comes(client: aiomqtt.Client) -> bool:
    return await next_topic(client) is None


async def next_topic(client: aiomqtt.Client, limit_s: float = 0.5) -> str | None:
    """Return the topic of the next message; None if none comes, or the broker closed the connection."""
    try:
        async with asyncio.timeout(limit_s):
            async for message in client.messages:
                return message.topic.value
    except (TimeoutError, aiomqtt.MqttError):
        pass
    return None
