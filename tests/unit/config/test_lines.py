"""Where a line may be: a serial device or a base unit in the network."""

from pathlib import Path

import pytest

from locker.blueprint import wiring
from locker.config import load
from locker.hardware.wiring import PortSpec
from tests.unit.config.sample import SAMPLE, only_fault_of, write

PORT = 'port = "locks.tty"'


def test_the_path_of_a_device_is_seen_from_the_file(tmp_path: Path) -> None:
    config = load(write(tmp_path))
    assert wiring(config).lines["locks"] == PortSpec(str(tmp_path / "locks.tty"), 9600)


def test_a_base_unit_is_no_path_and_no_device_that_must_be_there(tmp_path: Path) -> None:
    file = write(tmp_path, SAMPLE.replace(PORT, 'port = "tcp://192.168.1.20:5000"\nbaud = 19200'))
    config = load(file)
    assert wiring(config).lines["locks"] == PortSpec("tcp://192.168.1.20:5000", 19200)
    assert "lines" not in {table for table, _, _ in config.ports()}


def test_a_converter_that_needs_rts_is_told_so(tmp_path: Path) -> None:
    config = load(write(tmp_path, SAMPLE.replace(PORT, f'{PORT}\nrts = "raised-to-send"')))
    assert wiring(config).lines["locks"].rts == "raised-to-send"


@pytest.mark.parametrize(
    "keys",
    [
        'port = "tcp://192.168.1.20"',
        'port = "tcp://192.168.1.20:99999"',
        'port = "tcp:/192.168.1.20:5000"',
        'port = "TCP/192.168.1.20:5000"',
        'port = "http://192.168.1.20:5000"',
        'port = ""',
        "port = 5000",
        f'{PORT}\nrts = "on"',
        'port = "tcp://192.168.1.20:5000"\nrts = "raised-to-send"',
    ],
)
def test_what_is_neither_is_refused_by_name(tmp_path: Path, keys: str) -> None:
    told = only_fault_of(tmp_path, SAMPLE.replace(PORT, keys))
    assert "[[lines]]" in told.where
