"""The broker of the week: QoS 1 as MQTT promises it, and each way in which it breaks that."""

import random
from contextlib import aclosing

import aiomqtt
import pytest

from simulator.virtual_loop import run
from simulator.week.broker import Connection, Message, WeekBroker

TOPIC = "automats/a/commands"


def broker() -> WeekBroker:
    return WeekBroker(random.Random(1), lambda _: None)


async def first(connection: Connection) -> Message:
    async with aclosing(connection.messages()) as messages:
        return await anext(messages)


async def subscribed(there: WeekBroker, client: str, *, will_of: str | None = None) -> None:
    async with there.connect(client, will_of) as connection:
        await connection.subscribe(TOPIC)


def test_what_was_not_acknowledged_comes_again() -> None:
    async def twice() -> tuple[bytes, bytes]:
        there = broker()
        await subscribed(there, "automat", will_of="a")
        async with there.connect("office") as office:
            await office.publish(TOPIC, b"open")
        async with there.connect("automat", "a") as before:
            one = await first(before)
        async with there.connect("automat", "a") as after:
            other = await first(after)
            after.acknowledge(other)
        return one.payload, other.payload

    assert run(twice()) == (b"open", b"open")


def test_a_crash_that_forgets_loses_sessions_and_what_was_retained() -> None:
    async def forgotten() -> bool:
        there = broker()
        async with there.connect("office") as office:
            await office.publish(TOPIC, b"kept", retain=True)
            there.crash(forgets=True)
            with pytest.raises(aiomqtt.MqttError, match="cut"):
                await office.publish(TOPIC, b"more")
        async with there.connect("automat", "a") as connection:
            await connection.subscribe(TOPIC)
            return connection.has_more

    assert not run(forgotten())


def test_a_broker_that_is_down_refuses() -> None:
    async def refused() -> None:
        there = broker()
        there.conduct.down = True
        async with there.connect("automat", "a"):
            pass

    with pytest.raises(aiomqtt.MqttError, match="refused"):
        run(refused())


def test_lost_and_doubled_messages_are_acknowledged_all_the_same() -> None:
    async def arrived(lost: float, doubled: float) -> int:
        there = broker()
        there.conduct.lost, there.conduct.doubled = lost, doubled
        await subscribed(there, "automat", will_of="a")
        async with there.connect("office") as office:
            for _ in range(5):
                await office.publish(TOPIC, b"open")
        async with there.connect("automat", "a") as connection:
            count = 0
            while connection.has_more:
                connection.acknowledge(await first(connection))
                count += 1
            return count

    async def none_arrives() -> bool:
        there = broker()
        there.conduct.lost = 1.0
        await subscribed(there, "automat", will_of="a")
        async with there.connect("office") as office:
            await office.publish(TOPIC, b"open")
        async with there.connect("automat", "a") as connection:
            return connection.has_more

    assert run(arrived(0.0, 0.0)) == 5
    assert run(arrived(0.0, 1.0)) == 10
    assert not run(none_arrives())
