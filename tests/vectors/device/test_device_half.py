"""Every published frame in the direction of the device half: understands the requests, spells the replies."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.vectors.device.families import DEVICE_FAMILIES

VECTORS = json.loads((Path(__file__).parents[1] / "vectors.json").read_text())
OURS = [v for v in VECTORS if v["protocol"] in DEVICE_FAMILIES]
REQUESTS = [pytest.param(v, id=v["id"]) for v in OURS if v["request_hex"] is not None]
PUBLISHED_REPLIES = [pytest.param(v, id=v["id"]) for v in OURS if v["reply_hex"] is not None]

# What each published reply says, read from its `meaning`; a damaged one says nothing.
REPLIES: dict[str, tuple[Any, ...]] = {
    "8A 01 01 00 8A": ("unlocked", 1, 1, 0x00),
    "8A 01 01 11 9B": ("unlocked", 1, 1, 0x11),
    "8A 01 04 00 8F": ("unlocked", 1, 4, 0x00),
    "8A 01 06 00 8D": ("unlocked", 1, 6, 0x00),
    "8A 01 08 00 83": ("unlocked", 1, 8, 0x00),
    "8A 01 09 00 82": ("unlocked", 1, 9, 0x00),
    "8A 01 0B 00 80": ("unlocked", 1, 11, 0x00),
    "8A 02 04 00 8C": ("unlocked", 2, 4, 0x00),
    "80 01 04 11 94": ("contact", 1, 4, 0x11),
    "80 01 00 00 02 33 B0": ("contacts", 1, b"\x00\x00\x02"),
    "80 01 01 01 01 33 B3": ("contacts", 1, b"\x01\x01\x01"),
    "4F 4B 0D": ("present",),
    "02 00 00 01 00 33 31": ("acknowledged", b"\x00"),
}


@pytest.mark.parametrize("vector", REQUESTS)
def test_a_published_request_is_understood_unless_its_checksum_is_wrong(vector: dict[str, Any]) -> None:
    understood = DEVICE_FAMILIES[vector["protocol"]].understand_request(bytes.fromhex(vector["request_hex"]))
    assert (understood is None) == (vector["request_checksum_ok"] is False)


@pytest.mark.parametrize("vector", PUBLISHED_REPLIES)
def test_a_published_reply_is_spelled_alike_unless_its_checksum_is_wrong(vector: dict[str, Any]) -> None:
    family = DEVICE_FAMILIES[vector["protocol"]]
    if vector["reply_checksum_ok"] is False:
        wrong = bytes.fromhex(vector["reply_hex"])
        head = {0x80: ("contact", *wrong[1:4]), 0x82: ("firmware", wrong[1], wrong[3])}[wrong[0]]
        assert family.encode_reply(head) != wrong
    else:
        assert family.encode_reply(REPLIES[vector["reply_hex"]]) == bytes.fromhex(vector["reply_hex"])


@pytest.mark.parametrize(
    ("protocol", "request_hex", "description"),
    [
        ("xor-bcc-8a", "8A 01 01 11 9B", ("unlock", 1, 1, 0x11, None)),
        ("xor-bcc-8a", "8A 01 01 33 B9", ("unlock", 1, 1, 0x33, None)),
        ("xor-bcc-8a", "8A 01 01 11 05 9E", ("unlock", 1, 1, 0x11, 5)),
        ("xor-bcc-8a", "80 01 00 33 B2", ("read", 1, 0)),
        ("xor-bcc-8a", "90 01 02 02 02 93", ("unlock-many", 1, b"\x02\x02\x02")),
        ("xor-bcc-8a", "90 01 01 00 00 00 00 00 00 90", ("unlock-many", 1, b"\x01\0\0\0\0\0\0")),
        ("xor-bcc-8a", "9A 01 02 11 88", ("hold", 1, 2, True)),
        ("xor-bcc-8a", "9B 01 02 11 89", ("hold", 1, 2, False)),
        ("xor-bcc-8a", "82 01 00 22 A1", ("firmware", 1)),
        ("xor-bcc-8a", "9D 01 01 33 AE", ("unlock-all", 1)),
        ("xor-bcc-8a", "8D 01 01 01 8C", ("auto-report", 1, True)),
        ("xor-bcc-8a", "82 01 00 44 C7", ("unique-id", 1)),
        ("xor-bcc-8a", "7E 01 02 03 7E", ("unlock-time", 1, 2, 3)),
        ("display-cd5220", "08", ("backspace",)),
        ("display-cd5220", "0D", ("carriage-return",)),
        ("display-cd5220", "1B 5F 00", ("cursor", 0)),
        ("display-cd5220", "1F 0D", ("us-line-end",)),
        ("xor-bcc-8a", "FF 8A 01 01 11 9B", None),
        ("xor-bcc-8a", "8A 01 01 11", None),
        ("keypad-serial", "1B 46 1B 49", (("command", "F"), ("command", "I"))),
        ("keypad-serial", "1B 4D", (("command", "M"),)),
        ("keypad-serial", "1B 4E 06 1B 49", (("command", "N", 6), ("command", "I"))),
        ("keypad-serial", "1B 4E", (("command", "N"),)),
        ("keypad-serial", "89", ("presence",)),
        ("keypad-serial", "8B", ("disable",)),
        ("keypad-serial", "1B", None),
        ("scanner-gm65", "7E 00 08 01 00 02 01 AB CD", ("command", 8, 2, b"\x01", False)),
        ("scanner-gm65", "7E 00 09 01 00 00 00 DE C8", ("command", 9, 0, b"\x00", True)),
        ("scanner-gm65", "7E 00 07 01 00 2A 02 D8 0F", ("command", 7, 0x2A, b"\x02", True)),
        ("scanner-gm65", "7E 00 07 01 00 2A 02 D8 0E", None),
        ("display-cd5220", "1B 11", ("overwrite",)),
        ("display-cd5220", "1B 5B 41", ("up",)),
        ("display-cd5220", "0C", ("clear",)),
        ("display-cd5220", "0B", ("home",)),
        ("display-cd5220", "48 65 69", ("text", "Hei")),
        ("display-cd5220", "1B 6C 05 02", ("place", 5, 2)),
        ("display-cd5220", "1B 51 41 48 65 69 0D", ("upper", "Hei")),
        ("display-cd5220", "1B 51", None),
    ],
)
def test_requests_mean_what_they_say(
    protocol: str, request_hex: str, description: tuple[Any, ...] | None
) -> None:
    assert DEVICE_FAMILIES[protocol].understand_request(bytes.fromhex(request_hex)) == description


@pytest.mark.parametrize(
    ("description", "reply_hex"),
    [
        (("unlocked-all", 1, b"\x00\x00\x02"), "9E 01 00 00 02 33 AE"),
        (("held-on", 1, 2, 0x11), "9A 01 02 11 88"),
        (("held-off", 1, 2, 0x11), "9B 01 02 11 89"),
        (("report", 1, 4, 0x11, 0x82), "82 01 04 11 96"),
        (("report", 1, 4, 0x00, 0x81), "81 01 04 00 84"),
        (("contact", 1, 1, 0x00), "80 01 01 00 80"),
        (("sung", 1), None),
    ],
)
def test_replies_are_spelled_as_described(description: tuple[Any, ...], reply_hex: str | None) -> None:
    expected = None if reply_hex is None else bytes.fromhex(reply_hex)
    assert DEVICE_FAMILIES["xor-bcc-8a"].encode_reply(description) == expected
