"""A small sound configuration, and its faults when it is changed."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from locker.config import load
from locker.errors import Fault, WrongConfiguration

SAMPLE = """
[automat]
id = "test-1"
name = "Kauppatori 1"
customer_service = "0200 71000"

[paths]
database = "automat.db"
keys = "keys"
socket = "lockerd.sock"

[uplink]
host = "127.0.0.1"
port = 1883

[[lines]]
id = "locks"
port = "locks.tty"

[[boards]]
id = "A"
line = "locks"
family = "xor-bcc"
address = 1
channels = 24

[[displays]]
id = "front"
port = "display-front.tty"
family = "cd5220"

[[keypads]]
id = "front"
port = "keypad-front.tty"
family = "serial-ascii"
display = "front"

[[compartments]]
label = "1"
board = "A"
channel = 1
size = "S"
width_mm = 380
height_mm = 140
depth_mm = 600

[[compartments]]
label = "7"
board = "A"
channel = 7
size = "M"
width_mm = 380
height_mm = 290
depth_mm = 600
contact = "missing"
"""

# Appended to the sample: its keypad's scanner.
SCANNER = """
[[scanners]]
id = "front"
port = "scanner-front.tty"
family = "text"
keypad = "front"
"""


def write(directory: Path, text: str = SAMPLE) -> Path:
    """Write a configuration and return its path."""
    file = directory / "lockerd.toml"
    file.write_text(text, encoding="utf-8")
    return file


def faults_of(directory: Path, text: str, environ: Mapping[str, str] | None = None) -> tuple[Fault, ...]:
    """Return the faults of a configuration that must have some."""
    file = write(directory, text)
    with pytest.raises(WrongConfiguration) as caught:
        load(file, environ or {})
    assert caught.value.file == file
    assert str(file) in str(caught.value)
    return caught.value.faults


def only_fault_of(directory: Path, text: str, environ: Mapping[str, str] | None = None) -> Fault:
    """Return the one fault of a configuration that must have exactly one."""
    faults = faults_of(directory, text, environ)
    assert len(faults) == 1, faults
    return faults[0]
