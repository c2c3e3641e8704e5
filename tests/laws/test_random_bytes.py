"""Arbitrary bytes crash no decoder and fill no memory; `python -m tests.laws.random_bytes` tries more."""

from drivers.registry import LOCK_BOARDS
from simulator.boards.families import BOARDS
from tests.laws.random_bytes import HELD_LIMIT_BYTES, held_bytes, targets, try_all

BYTES_EACH = 200_000


def test_no_decoder_of_either_half_crashes_or_hoards() -> None:
    found = try_all(BYTES_EACH, seed=1)
    assert all(one.fed_bytes == BYTES_EACH for one in found)
    assert max(one.most_held_bytes for one in found) < HELD_LIMIT_BYTES


def test_both_halves_of_every_family_are_tried() -> None:
    names = [target.name for target in targets()]
    for family in LOCK_BOARDS:
        assert sum(name.startswith(f"host {family} ") for name in names) >= 1
    for family in BOARDS:
        assert f"device {family}" in names
    assert len(set(names)) == len(names)


def test_what_a_decoder_keeps_is_weighed() -> None:
    decoder = next(target for target in targets() if target.name.startswith("host xor-bcc"))
    before = held_bytes(decoder.root)
    decoder.feed(b"\x80\x01\x00")
    assert held_bytes(decoder.root) == before + 3
