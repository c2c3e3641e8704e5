"""A stock of blank automats that several processes fill at once."""

import asyncio
from pathlib import Path

from simulator.configuration import Place
from simulator.stock import Stock


def furnished(directory: Path, stock: Stock) -> Place:
    """Lay what `lockerd init` and `migrate` would have made into an automat's place, and on the shelf."""
    place = Place(directory)
    place.keys.mkdir(parents=True)
    (place.keys / "device.key").write_text(directory.name)
    place.database.write_text("blank")
    enrolment = directory / "enrolment.json"
    enrolment.write_text(directory.name)
    stock._keep(stock.directory / "demo-1", place, enrolment)
    return place


def test_whoever_comes_second_leaves_what_the_first_kept_and_no_rest(tmp_path: Path) -> None:
    stock = Stock(tmp_path / "stock")
    for name in ("first", "second"):
        furnished(tmp_path / name, stock)

    assert [path.name for path in stock.directory.iterdir()] == ["demo-1"]
    third = Place(tmp_path / "third")
    third.directory.mkdir()
    asyncio.run(stock.furnish(third, "demo-1", tmp_path / "third" / "enrolment.json"))
    assert (third.keys / "device.key").read_text() == "first"
    assert (tmp_path / "third" / "enrolment.json").read_text() == "first"
    assert third.database.read_text() == "blank"
