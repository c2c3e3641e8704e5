"""What the Kerong codecs refuse, and what a technician is told. Laws are in tests/vectors."""

from collections.abc import Callable

import pytest

from drivers.errors import CallerMistake
from drivers.kerong.codec import cu16, cu48
from drivers.kerong.codec.frames import StateReply
from drivers.registry import LOCK_BOARDS


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: cu16.encode_unlock(10, 0),
        lambda: cu16.encode_unlock(15, 0),
        lambda: cu16.encode_unlock(-1, 0),
        lambda: cu16.encode_unlock(1, 16),
        lambda: cu16.encode_unlock(1, -1),
        lambda: cu16.encode_state(10),
        lambda: cu16.encode_unlock_all(10),
        lambda: cu16.encode_unlock_time(1, 505),
        lambda: cu16.encode_unlock_time(1, 60_010),
        lambda: cu16.encode_delayed_unlock(1, 1, 251),
        lambda: cu16.encode_baud_rate(1, 4800),
        lambda: cu16.encode_command(0, 0x34),
        lambda: cu16.encode_command(0, cu16.STATE, b"\0"),
        lambda: cu16.encode_command(256, cu16.STATE),
        lambda: cu48.encode_unlock(10, 0),
        lambda: cu48.encode_unlock(1, 48),
        lambda: cu48.encode_unlock(1, -1),
        lambda: cu48.encode_state(10),
        lambda: cu48.encode_command(1, 0, 0x75),
        lambda: cu48.encode_command(1, 0, cu48.STATE, doubtful=True),
        lambda: cu48.encode_command(1, 0x31, cu48.UNLOCK),
    ],
)
def test_what_no_board_can_have_is_refused(wrong: Callable[[], bytes]) -> None:
    with pytest.raises(CallerMistake):
        wrong()


def test_no_unlock_of_one_lock_is_a_broadcast() -> None:
    everybody = {cu16.encode_unlock_all(board) for board in range(10)} | {cu16.encode_state_of_all()}
    everybody |= {cu48.encode_unlock_all(board) for board in range(10)}
    for board in range(10):
        assert everybody.isdisjoint(cu16.encode_unlock(board, lock) for lock in range(16))
        assert all(cu16.encode_unlock(board, lock)[1] != cu16.EVERY_BOARD for lock in range(16))
        assert all(cu48.encode_unlock(board, lock)[1] != cu48.EVERY_BOARD for lock in range(48))
        assert all(cu48.encode_unlock(board, lock)[2] != cu48.EVERY_LOCK for lock in range(48))


@pytest.mark.parametrize("board", range(10))
def test_the_one_unlock_time_that_reads_like_a_query_is_refused(board: int) -> None:
    refused = [steps for steps in range(6001) if not _can_be_set(board, steps * 10)]
    query = cu16.encode_unlock_time(board)
    assert refused == [0x0300 | query[-1]]


def test_a_channel_beyond_the_frame_is_missing() -> None:
    reply = StateReply(0, cu16.STATE_TOLD, b"\x01\x80", b"\x00\x80")
    assert set(reply.contacts(48, items=False)) == set(range(1, 17))
    assert set(reply.contacts(12, items=True)) == {*range(1, 13), *range(17, 33)}


@pytest.mark.parametrize("frame", ["02 20 35 FF FF 00 00 04 59", "03 20 35 FF FF 00 00 03 59"])
def test_a_frame_without_its_first_or_last_mark_is_none_though_its_sum_is_right(frame: str) -> None:
    assert cu16.parse_reply(bytes.fromhex(frame)) is None
    assert cu16.ReplyDecoder().feed(bytes.fromhex(frame)) == []


def test_a_state_whose_end_looks_like_a_head_costs_no_frame() -> None:
    """Its first byte is lost; its last three and the first six of the next would be a frame of address 03."""
    frame = bytes.fromhex("02 10 35 B1 03 35 02 03 35")
    wrong = frame[6:] + frame[:6]
    assert cu16.parse_reply(frame) is not None
    assert cu16.parse_reply(wrong) is not None
    assert cu16.ReplyDecoder().feed(frame[1:] + frame) == [cu16.parse_reply(frame)]


def test_an_address_that_no_board_has_begins_no_frame() -> None:
    frame = bytes.fromhex("02 0B 00 75 00 00 00 00 00 00 00 00 00 00 00 00 03 85")
    assert cu48.parse_reply(frame) is not None
    assert cu48.ReplyDecoder().feed(frame) == []


@pytest.mark.parametrize(
    ("family", "sent", "frame", "said"),
    [
        ("kerong-cu16", True, "02 23 31 03 59", ["unlock: board 2, channel 4"]),
        ("kerong-cu16", True, "02 20 30 03 55", ["read the state: board 2"]),
        ("kerong-cu16", True, "02 F0 32 03 27", ["read the state of all boards: every board"]),
        ("kerong-cu16", True, "02 20 37 03 5C", ["read the unlock time: board 2"]),
        ("kerong-cu16", True, "02 20 37 00 32 03 8E", ["set the unlock time to 500 ms: board 2"]),
        ("kerong-cu16", True, "02 23 39 05 03 66", ["unlock after 5 s: board 2, channel 4"]),
        ("kerong-cu16", True, "02 20 40 01 03 66", ["set the baud rate to code 1: board 2"]),
        ("kerong-cu16", True, "02 10 30 03 3E", ["no frame of this family: 02 10 30 03 3E"]),
        ("kerong-cu16", True, "02", ["no frame of this family: 02"]),
        ("kerong-cu16", False, "02 20 35 05 00 00 80 03 DF", ["board 2: contacts closed 1 3; items at 16"]),
        ("kerong-cu16", False, "02 20 38 00 32 03 8F", ["board 2: unlock time 500 ms"]),
        (
            "kerong-cu16",
            False,
            "FB 02 20 38 00 32 03 8F",
            ["no frame of this family: FB", "board 2: unlock time 500 ms"],
        ),
        (
            "kerong-cu16",
            False,
            "02 20 37 03 5C 02 20 38 00 32 03 8F",
            ["echo of a request: read the unlock time: board 2", "board 2: unlock time 500 ms"],
        ),
        ("kerong-cu16", False, "02 20", ["no frame of this family: 02 20"]),
        ("kerong-cu48", True, "02 02 03 61 03 6B", ["unlock: board 2, channel 4"]),
        ("kerong-cu48", True, "02 02 30 61 03 98", ["unlock: board 2, all channels"]),
        ("kerong-cu48", True, "02 0A 00 60 03 6F", ["read the state: every board"]),
        (
            "kerong-cu48",
            True,
            "02 01 00 61 00 03 67",
            ["unlock: board 1, channel 1, in a form that only one source has"],
        ),
        ("kerong-cu48", True, "02 02 03 62 03 6C", ["no frame of this family: 02 02 03 62 03 6C"]),
        (
            "kerong-cu48",
            False,
            "02 01 00 75 00 78",
            ["board 1: answer without ETX that only one source has, not acted on"],
        ),
        (
            "kerong-cu48",
            False,
            "02 02 03 61 03 6B",
            ["echo of a request: unlock: board 2, channel 4"],
        ),
        ("kerong-cu48", False, "", ["no frame of this family"]),
        (
            "kerong-cu48",
            False,
            "02 02 0A 77 03 88",
            ["board 2: answer 77, of unknown meaning, not acted on"],
        ),
        (
            "kerong-cu48",
            False,
            "02 00 00 75 00 20 00 00 00 00 01 00 00 00 00 00 03 9B",
            ["board 0: contacts closed 14; items at 1"],
        ),
    ],
)
def test_a_technician_is_told_what_a_frame_means(
    family: str,
    sent: bool,  # noqa: FBT001 - drawn by parametrize, no caller writes it
    frame: str,
    said: list[str],
) -> None:
    assert LOCK_BOARDS[family].explain(bytes.fromhex(frame), sent) == said


def _can_be_set(board: int, unlock_time_ms: int) -> bool:
    try:
        return bool(cu16.encode_unlock_time(board, unlock_time_ms))
    except CallerMistake:
        return False
