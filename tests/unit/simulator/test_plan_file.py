"""A plan that a person wrote is built as written, or every mistake in it is named."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from locker.config import load
from simulator.boards.families import BOARDS
from simulator.cli import MISUSED, main
from simulator.configuration import write_bench_configuration
from simulator.locker_sim import plan_from
from simulator.plan import PlanError
from simulator.plan_file import read_plan
from tests.contracts.pictures import README

PLAN = """
id = "fi-test-1"
name = "Torikatu 1"
lines = [{ id = "one" }, { id = "two", baud = 19200, tcp = true }]
displays = [{ id = "front" }]

[[boards]]
id = "A"
line = "one"
family = "xor-bcc"
address = 1
channels = 8
settings = { edition = "kecheng" }

[[boards]]
id = "B"
line = "two"
family = "kerong-cu16"
address = 1
channels = 16
serial = 77

[[compartments]]
label = "1"
board = "A"
channel = 1

[[compartments]]
label = "2"
board = "B"
channel = 3
size = "M"
contact = "closed-when-open"

[[compartments]]
label = "3"
board = "B"
channel = 4
column = 2
contact = "missing"
"""


@pytest.fixture(name="plan")
def _plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.toml"
    path.write_text(PLAN, encoding="utf-8")
    return path


def _without_clock(path: Path) -> Mapping[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def test_lines_boards_and_compartments_are_as_written(plan: Path) -> None:
    made = read_plan(plan)
    assert made.ports() == ("one", "two", "keypad-front", "display-front")
    assert [(line.baud, line.tcp) for line in made.lines] == [(9600, False), (19200, True)]
    assert [(board.family, board.address, board.serial) for board in made.boards] == [
        ("xor-bcc", 1, 0xAB),
        ("kerong-cu16", 1, 77),
    ]
    assert [(box.label, box.row, box.contact, box.polarity) for box in made.compartments] == [
        ("1", 1, "present", "closes-when-shut"),
        ("2", 2, "present", "closes-when-open"),
        ("3", 1, "missing", "closes-when-shut"),
    ]


def test_the_written_configuration_is_one_that_the_daemon_takes(plan: Path, tmp_path: Path) -> None:
    made, path = read_plan(plan), tmp_path / "lockerd.toml"
    write_bench_configuration(made, path, port_of={name: f"/dev/sim-{name}" for name in made.ports()})
    assert len(load(path, {}).compartments) == 3
    (first, second) = _without_clock(path)["boards"]
    assert (first["edition"], second["address"]) == ("kecheng", 1)
    write_bench_configuration(made, path, port_of={name: f"/dev/other-{name}" for name in made.ports()})
    assert _without_clock(path)["lines"][0]["port"] == "/dev/other-one"


def test_a_file_of_somebody_else_is_not_overwritten(plan: Path, tmp_path: Path) -> None:
    path = tmp_path / "lockerd.toml"
    path.write_text("[automat]\n", encoding="utf-8")
    with pytest.raises(FileExistsError, match="written by somebody else; name another file"):
        write_bench_configuration(read_plan(plan), path, port_of={})
    assert path.read_text(encoding="utf-8") == "[automat]\n"


def test_the_fixture_takes_the_same_file(plan: Path) -> None:
    assert plan_from(plan=plan) == plan_from(plan=str(plan)) == read_plan(plan)


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('"xor-bcc"', '"xorbcc"', "board A is of family xorbcc; there are .*xor-bcc"),
        ("address = 1\nchannels = 8", "channels = 8", '[[boards]] "A" `address` is missing'),
        ('line = "two"', 'line = "one"', "boards A and B are both at address 1 of line one"),
        ('line = "two"', 'line = "too"', "board B is on line too, which does not exist"),
        ("channel = 3", "channel = 17", "compartment 2: board B has no channel 17"),
        ("channels = 16", "chanels = 16", '"B" `chanels` is not known; did you mean `channels`?'),
        ("channels = 8", 'channels = "8"', "\"A\" `channels`: input should be a valid integer, not '8'"),
        ('"M"', '"XXL"', '[[compartments]] "2" `size`: input should be'),
        ("[[boards]]", "[[board]]", "`board` is not known; did you mean `boards`?"),
        ('label = "2"', 'label = "1"', "compartment 1 is there twice"),
        ("[[boards]]", "[[boards", "it is no TOML"),
        ('displays = [{ id = "front" }]', "displays = 3", "[[displays]]: input should be a valid list"),
        (
            'displays = [{ id = "front" }]',
            'keypads = [{ id = "a", bound_to = "9" }]',
            "keypad a is bound to compartment 9, which does not exist",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(plan: Path, right: str, wrong: str, said: str) -> None:
    plan.write_text(PLAN.replace(right, wrong), encoding="utf-8")
    with pytest.raises(PlanError) as refusal:
        read_plan(plan)
    parts = said.split(".*")
    assert all(part in str(refusal.value) for part in parts), refusal.value
    assert all(line.startswith(f"{plan}: ") for line in str(refusal.value).splitlines())


def test_the_plan_of_the_readme_is_one_and_its_configuration_is_taken(plan: Path, tmp_path: Path) -> None:
    shown = re.search(r"<!-- plan -->\n```toml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None
    plan.write_text(shown[1], encoding="utf-8")
    made, path = read_plan(plan), tmp_path / "lockerd.toml"
    write_bench_configuration(made, path, port_of={name: f"/dev/sim-{name}" for name in made.ports()})
    assert [box.label for box in load(path, {}).compartments] == ["1", "2"]


def test_every_family_may_be_named(plan: Path) -> None:
    for family in BOARDS:
        plan.write_text(PLAN.replace('"xor-bcc"', f'"{family}"'), encoding="utf-8")
        assert read_plan(plan).boards[0].family == family


@pytest.mark.parametrize("command", [("run", "--directory", "x"), ("demo",)])
def test_the_commands_refuse_a_wrong_plan_before_anything_starts(
    command: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--plan", str(tmp_path / "none.toml")]) == MISUSED
    assert "none.toml: the plan cannot be read (No such file or directory)" in capsys.readouterr().err


def test_a_story_brings_its_own_automat(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--story", "power-cut", "--plan", str(plan)]) == MISUSED
    assert "leave out --plan" in capsys.readouterr().err
