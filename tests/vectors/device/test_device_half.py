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
    "01 05 00 00 FF 00 8C 3A": ("written", 1, 5, 0, 0xFF00),
    "01 05 00 01 FF 00 DD FA": ("written", 1, 5, 1, 0xFF00),
    "01 05 00 02 FF 00 2D FA": ("written", 1, 5, 2, 0xFF00),
    "01 05 00 03 FF 00 7C 3A": ("written", 1, 5, 3, 0xFF00),
    "01 05 00 04 FF 00 CD FB": ("written", 1, 5, 4, 0xFF00),
    "01 05 00 05 FF 00 9C 3B": ("written", 1, 5, 5, 0xFF00),
    "01 05 00 06 FF 00 6C 3B": ("written", 1, 5, 6, 0xFF00),
    "01 05 00 07 FF 00 3D FB": ("written", 1, 5, 7, 0xFF00),
    "01 05 00 08 FF 00 0D F8": ("written", 1, 5, 8, 0xFF00),
    "01 01 01 00 51 88": ("bits", 1, 1, b"\x00"),
    "01 02 01 00 A1 88": ("bits", 1, 2, b"\x00"),
    "01 85 03 02 91": ("refused", 1, 5, 3),
    "57 4B 4C 59 0B 00 82 00 01 00 81": ("unlocked", 0, 0x00, 1, 0x00),
    "57 4B 4C 59 0B 01 82 00 04 00 85": ("unlocked", 1, 0x00, 4, 0x00),
    "57 4B 4C 59 0B 00 83 00 01 00 80": ("contact", 0, 0x00, 1, 0x00),
    "57 4B 4C 59 0B 00 83 00 07 00 86": ("contact", 0, 0x00, 7, 0x00),
    "57 4B 4C 59 09 00 86 00 86": ("unlocked-all", 0, 0x00),
    "57 4B 4C 59 0A 00 88 00 01 8A": ("held-on", 0, 0x00, 1),
    "57 4B 4C 59 0A 00 88 00 02 89": ("held-on", 0, 0x00, 2),
    "57 4B 4C 59 0A 00 85 01 01 86": ("report", 0, 1, 0x01),
    "57 4B 4C 59 0E 00 84 00 04 00 01 01 00 87": ("contacts", 0, 0x00, b"\x00\x01\x01\x00"),
    "90 07 85 01 05 01 03": ("unlocked", 1, 5, 0x01, False),
    "90 07 85 03 07 01 03": ("unlocked", 3, 7, 0x01, False),
    "90 07 85 00 01 01 03": ("unlocked", 0, 1, 0x01, False),
    "90 07 82 01 01 00 03": ("polled", 1, 0x01, 0x00, False),
    "90 07 82 01 FF FF 03": ("polled", 1, 0xFF, 0xFF, False),
    "02 10 36 00 00 00 00 03 4B": ("state-of-all", 0x10, b"\0\0", b"\0\0"),
    f"02 00 00 75 {'00 ' * 12}03 7A": ("state", 0, bytes(6), bytes(6)),
    f"02 00 00 75 02 {'00 ' * 11}03 7C": ("state", 0, b"\x02\0\0\0\0\0", bytes(6)),
    f"02 00 00 75 08 {'00 ' * 11}03 82": ("state", 0, b"\x08\0\0\0\0\0", bytes(6)),
    f"02 00 00 75 00 20 {'00 ' * 10}03 9A": ("state", 0, b"\0\x20\0\0\0\0", bytes(6)),
    f"02 00 00 75 {'00 ' * 6}01 {'00 ' * 5}03 7B": ("state", 0, bytes(6), b"\x01\0\0\0\0\0"),
    "02 01 00 75 00 78": ("doubtful", 1, 0),
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
        head = {
            0x80: ("contact", *wrong[1:4]),
            0x82: ("firmware", wrong[1], wrong[3]),
            0x57: ("report", *wrong[5:6], *wrong[7:9]),
        }[wrong[0]]
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
        ("xor-bcc-8a", "9D 01 01 33 AE", ("unlock-all", 1, 0x01, 0x33)),
        ("xor-bcc-8a", "9D 01 02 10 8E", ("unlock-all", 1, 0x02, 0x10)),
        ("xor-bcc-8a", "9D 01 02 33 AD", None),
        ("xor-bcc-8a", "8D 01 01 01 8C", ("auto-report", 1, True)),
        ("xor-bcc-8a", "82 01 00 44 C7", ("unique-id", 1)),
        ("xor-bcc-8a", "7E 01 02 03 7E", ("unlock-time", 1, 2, 3)),
        ("modbus-relay", "01 05 02 00 00 07 8D B0", ("pulse", 1, 1, 700)),
        ("modbus-relay", "01 05 00 FF 00 00 FD FA", ("all-off", 1)),
        ("modbus-relay", "01 01 00 00 00 08 3D CC", ("read", 1, 1, 0, 8)),
        ("modbus-relay", "01 02 00 00 00 08 79 CC", ("read", 1, 2, 0, 8)),
        ("modbus-relay", "01 06 10 00 00 01 4C CA", ("write", 1, 6, 0x1000, 1)),
        ("modbus-relay", "01 03 80 00 00 01 AD CA", ("read", 1, 3, 0x8000, 1)),
        ("modbus-relay", "01 05 02 00 00 07 8D B1", None),
        ("wkly", "57 4B 4C 59 09 00 82 01 83", ("unlock", 0, 1)),
        ("wkly", "57 4B 4C 59 08 00 86 87", ("unlock-all", 0)),
        ("wkly", "57 4B 4C 59 09 00 88 01 89", ("hold", 0, 1, True)),
        ("wkly", "57 4B 4C 59 0B 00 80 02 01 02 83", ("unlock-several", 0, b"\x01\x02", True)),
        ("wkly", "57 4B 4C 59 0B 00 80 02 01 02 82", None),
        ("winnsen-90", "90 06 05 01 05 03", ("unlock", 1, 5)),
        ("winnsen-90", "90 07 02 02 FF 0F 03", ("poll", 2, 0xFF, 0x0F)),
        ("winnsen-90", "90 06 12 01 05 03", ("read", 1, 5)),
        ("winnsen-90", "90 06 05 01 05 02", None),
        ("display-cd5220", "08", ("backspace",)),
        ("display-cd5220", "0D", ("carriage-return",)),
        ("display-cd5220", "1B 5F 00", ("cursor", 0)),
        ("display-cd5220", "1F 0D", ("us-line-end",)),
        ("kerong-cu16", "02 00 30 03 35", ("state", 0x00)),
        ("kerong-cu16", "02 F0 32 03 27", ("state-of-all", 0xF0)),
        ("kerong-cu16", "02 9F 31 03 D5", ("unlock", 9, 15)),
        ("kerong-cu16", "02 20 37 00 32 03 8E", ("unlock-time", 0x20, 500)),
        ("kerong-cu16", "02 20 37 03 5C", ("unlock-time", 0x20, None)),
        ("kerong-cu16", "02 23 39 05 03 66", ("delayed-unlock", 2, 3, 5)),
        ("kerong-cu16", "02 00 30 03 35 00", None),
        ("kerong-cu48", "02 03 2F 61 03 98", ("unlock", 3, 47)),
        ("kerong-cu48", "02 03 30 61 03 99", ("unlock", 3, 48)),
        ("kerong-cu48", "02 03 31 61 03 9A", None),
        ("kerong-cu48", "02 0A 00 60 03 6F", ("state", 10, 0)),
        ("kerong-cu48", "02 01 00 61 00 03 67", ("doubtful-unlock", 1, 0)),
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
