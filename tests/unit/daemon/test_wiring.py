"""The configuration's tables become exactly the hardware that is opened."""

from pathlib import Path

from locker.blueprint import wiring
from locker.config import load
from locker.domain.intents import Tone

EXAMPLE = Path(__file__).parents[3] / "docs" / "lockerd.toml"


def test_the_example_is_wired_as_it_is_written() -> None:
    made = wiring(load(EXAMPLE))
    assert set(made.lines) == {"locks"}
    assert made.lines["locks"].baud == 9600
    (board,) = made.boards
    assert (board.line, board.family, board.settings["address"]) == ("locks", "xor-bcc", 1)
    assert board.settings["byte_order"] == "last-byte-first"
    assert [(door.compartment, door.board, door.channel) for door in made.doors] == [
        ("1", "A", 1),
        ("2", "A", 2),
    ]
    assert all(door.contact_fitted and door.closed_means_shut for door in made.doors)
    assert made.keypads[0].display == made.displays[0].name
    assert {tone: len(pattern) for tone, pattern in made.keypads[0].tones.items()} == {
        Tone.KEY: 0,
        Tone.RIGHT: 1,
        Tone.WRONG: 2,
        Tone.REMIND: 3,
        Tone.TICK: 1,
    }
    (scanner,) = made.scanners
    assert (scanner.family, scanner.keypad, scanner.port.baud) == ("text", "front", 9600)
    assert scanner.settings["terminator"] == "line-end"


def test_polarity_missing_contacts_and_goods_sensors_are_carried_over(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    text = text.replace("channel = 2\n", 'channel = 2\ncontact = "closed-when-open"\ngoods_channel = 12\n')
    text = text.replace("channel = 1  ", 'contact = "missing"\nchannel = 1  ')
    file = tmp_path / "lockerd.toml"
    file.write_text(text, encoding="utf-8")
    first, second = wiring(load(file)).doors
    assert not first.contact_fitted
    assert not second.closed_means_shut
    assert second.goods_channel == 12
