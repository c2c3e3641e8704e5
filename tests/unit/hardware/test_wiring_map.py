"""The map file: whole or refused; and what a proof does to the configured wiring."""

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from locker.hardware.rawcontacts import difference
from locker.hardware.wiring import BoardSpec, DoorSpec, PortSpec, Wiring
from locker.hardware.wiring_map import (
    MapRefused,
    ProvedBoard,
    ProvedDoor,
    WiringMap,
    configured,
    fingerprint,
    mismatches,
    proved,
    read_map,
    write_map,
)

FACTS = {"channels": "24", "serial": "AB12"}
SEVEN = DoorSpec("7", "A", 7)
NINE = DoorSpec("9", "A", 9)


def wiring(*doors: DoorSpec, line: str = "locks") -> Wiring:
    board = BoardSpec("A", line, "xor-bcc", {"address": 1, "channels": 24})
    ports = {"locks": PortSpec("/dev/a", 9600), "other": PortSpec("/dev/b", 9600)}
    return Wiring(ports, [board], doors, [], [])


def proof() -> WiringMap:
    """Door 7 was proved to be at output 9, its contact, which closes when open, at input 8."""
    seven = ProvedDoor(configured=configured(SEVEN), board="A", output=9, contact=8, closed_means_shut=False)
    board = ProvedBoard(
        line="locks", family="xor-bcc", address=1, facts=FACTS, fingerprint=fingerprint(FACTS)
    )
    return WiringMap(
        automat_id="fi-1",
        written_at=datetime(2026, 3, 2, 9, tzinfo=UTC),
        user="maija (1000)",
        technician="t-7",
        boards={"A": board},
        doors={"7": seven},
    )


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    assert read_map(path, "fi-1") is None
    write_map(path, proof())
    assert read_map(path, "fi-1") == proof()
    assert [file.name for file in tmp_path.iterdir()] == ["map.json"]


def test_a_map_of_another_automat_proves_nothing_here(tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    write_map(path, proof())
    with pytest.raises(MapRefused, match="proved at automat 'fi-1'"):
        read_map(path, "fi-2")


def test_any_byte_that_was_changed_or_lost_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    write_map(path, proof())
    whole = path.read_bytes()
    for index in range(0, len(whole), 7):
        for damaged in (
            whole[:index],
            whole[:index] + bytes([whole[index] ^ 0x04]) + whole[index + 1 :],
        ):
            path.write_bytes(damaged)
            with contextlib.suppress(MapRefused):
                assert read_map(path, "fi-1") == proof(), "only blanks may change without harm"


def test_a_refusal_names_the_file_and_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    path.write_text("{}")
    with pytest.raises(MapRefused, match=r"map\.json.*lockerctl commission"):
        read_map(path, "fi-1")


def test_a_map_of_a_later_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    write_map(path, proof())
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema": 2}))
    with pytest.raises(MapRefused, match="schema"):
        read_map(path, "fi-1")


def test_a_disk_that_does_not_take_it_leaves_the_map_before(tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    write_map(path, proof())
    path.with_name("map.json.unfinished").mkdir()
    with pytest.raises(MapRefused, match="the one before holds"):
        write_map(path, proof().model_copy(update={"user": "other (1)"}))
    assert read_map(path, "fi-1") == proof()


def test_without_a_proof_the_configuration_holds() -> None:
    assert proved(wiring(SEVEN), None) == wiring(SEVEN)


def test_a_proved_door_is_used_as_it_was_proved() -> None:
    (door,) = proved(wiring(SEVEN), proof()).doors
    assert (door.channel, door.contact_input, door.closed_means_shut, door.blocked) == (9, 8, False, None)


def test_another_door_may_not_use_a_proved_output() -> None:
    doors = {door.compartment: door for door in proved(wiring(SEVEN, NINE), proof()).doors}
    assert "that of 7" in (doors["9"].blocked or "")
    assert list(mismatches(proved(wiring(SEVEN, NINE), proof()))) == ["compartment 9"]


@pytest.mark.parametrize(
    "changed",
    [
        DoorSpec("7", "A", 8),
        DoorSpec("7", "A", 7, closed_means_shut=False),
        DoorSpec("7", "A", 7, contact_fitted=False),
    ],
)
def test_a_configuration_that_changed_since_the_proof_blocks_the_door(changed: DoorSpec) -> None:
    (door,) = proved(wiring(changed), proof()).doors
    assert "prove it" in (door.blocked or "")


def test_a_board_that_is_configured_elsewhere_is_not_the_proved_one() -> None:
    assert list(mismatches(proved(wiring(SEVEN, line="other"), proof()))) == ["board A"]
    assert mismatches(proved(wiring(SEVEN), proof())) == {}


def test_a_board_that_tells_something_else_is_named_with_the_difference() -> None:
    assert difference(FACTS, dict(FACTS)) is None
    said = difference(FACTS, {"channels": "24", "serial": "CD34"})
    assert said is not None
    assert "serial is CD34 and was AB12" in said
    assert "not told" in (difference(FACTS, {"channels": "24"}) or "")
