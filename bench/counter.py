"""The other end of a drain: counts journal entries and acknowledges them, as a program of its own.

Arguments: port, MQTT version, how many entries a journal has. It says `ready` when it is subscribed. For each
journal, told apart by its topic, it says `TOPIC NANOSECONDS BUSY` when the last entry has arrived with all
before it; BUSY is the share of a processor that it took for itself, 0 to 1: near 1 it is what was measured.
It commits nothing and checks no signature: a back office that could not be much quicker.
"""

import json
import sys
import time
from datetime import UTC, datetime
from typing import Any

from paho.mqtt.client import Client, MQTTMessage, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

ACKNOWLEDGE_EVERY = 200
"""Entries; the window of an automat is ten times that."""

FIELD = b'"sequence":"'
DIGITS = 12


class Counter:
    """How far each journal has come."""

    def __init__(self, client: Client, count: int) -> None:
        """Count to so many entries."""
        self._client = client
        self._count = count
        self._through: dict[str, int] = {}
        self._beyond: dict[str, set[int]] = {}
        self._began: dict[str, tuple[float, float]] = {}

    def take(self, topic: str, payload: bytes) -> None:
        """Count one entry; those that come twice count once."""
        at = payload.index(FIELD) + len(FIELD)
        sequence = int(payload[at : at + DIGITS])
        through = self._through.get(topic, 0)
        if topic not in self._began:
            self._began[topic] = time.monotonic(), time.process_time()
        if sequence <= through or through >= self._count:
            return
        beyond = self._beyond.setdefault(topic, set())
        beyond.add(sequence)
        before = through
        while through + 1 in beyond:
            through += 1
            beyond.remove(through)
        self._through[topic] = through
        if through >= self._count > before:
            at_ns, (began_s, spent_s) = time.monotonic_ns(), self._began[topic]
            busy = (time.process_time() - spent_s) / (time.monotonic() - began_s)
            sys.stdout.write(f"{topic} {at_ns} {busy:.2f}\n")
            sys.stdout.flush()
            self._acknowledge(topic, through)
        elif through // ACKNOWLEDGE_EVERY > before // ACKNOWLEDGE_EVERY:
            self._acknowledge(topic, through)

    def _acknowledge(self, topic: str, through: int) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._client.publish(f"{topic}/ack", json.dumps({"epoch": 1, "through": through, "time": now}), qos=1)


def main(port: int, version: str, count: int) -> None:
    """Count until ended by a signal."""
    client = Client(CallbackAPIVersion.VERSION2, "counter", protocol=MQTTv5 if version == "5" else MQTTv311)
    counter = Counter(client, count)

    def heard(_client: Client, _data: Any, message: MQTTMessage) -> None:
        counter.take(message.topic, bytes(message.payload))

    def connected(*_: Any) -> None:
        client.subscribe("automats/+/journal", qos=1)

    def subscribed(*_: Any) -> None:
        sys.stdout.write("ready\n")
        sys.stdout.flush()

    client.on_message = heard
    client.on_subscribe = subscribed
    client.on_connect = connected
    client.connect("127.0.0.1", port)
    client.loop_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
