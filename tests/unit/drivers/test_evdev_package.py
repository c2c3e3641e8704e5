"""What is asked of the package evdev, shown with a stand-in, and with the package itself where it is."""

import errno
import importlib.util
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from drivers.errors import CallTechnician, PortForbidden, PortInUse, PortMissing, PortUnusable
from drivers.keypad_evdev.codec import CODES, DOWN, EV_KEY
from drivers.keypad_evdev.device import open_device

PATH = "/dev/input/by-id/usb-pad-event-kbd"


@dataclass
class Machine:
    """What is plugged in, and what happened to it."""

    keys: tuple[int, ...] = (CODES["KEY_KP1"], CODES["KEY_KPENTER"])
    open_errno: int = 0
    grab_errno: int = 0
    read_errno: int = 0
    grabbed: bool = False
    is_open: bool = False
    events: tuple[tuple[int, int, int], ...] = ()


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()

    class InputDevice:
        fd = 99

        def __init__(self, path: str) -> None:
            assert path == PATH
            _raise(machine.open_errno)
            machine.is_open = True

        def capabilities(self) -> dict[int, list[int]]:
            return {EV_KEY: list(machine.keys)}

        def grab(self) -> None:
            _raise(machine.grab_errno)
            machine.grabbed = True

        def ungrab(self) -> None:
            machine.grabbed = False

        def read(self) -> Iterator[Any]:
            _raise(machine.read_errno)
            for kind, code, value in machine.events:
                yield SimpleNamespace(type=kind, code=code, value=value)

        def close(self) -> None:
            machine.is_open = False

    monkeypatch.setitem(sys.modules, "evdev", SimpleNamespace(InputDevice=InputDevice))
    return machine


def test_a_device_is_grabbed_read_and_let_go(machine: Machine) -> None:
    device = open_device(PATH)
    assert (machine.grabbed, device.fileno()) == (True, 99)
    machine.events = ((EV_KEY, CODES["KEY_KP1"], DOWN), (0, 0, 0))
    assert list(device.read()) == [(EV_KEY, CODES["KEY_KP1"], DOWN), (0, 0, 0)]
    device.close()
    assert (machine.grabbed, machine.is_open) == (False, False)


def test_nothing_to_read_is_no_loss_and_a_device_that_is_gone_is(machine: Machine) -> None:
    device = open_device(PATH)
    machine.read_errno = errno.EAGAIN
    assert list(device.read()) == []
    machine.read_errno = errno.ENODEV
    with pytest.raises(OSError, match="No such device"):
        device.read()


@pytest.mark.parametrize(
    ("number", "problem", "why"),
    [
        (errno.ENOENT, PortMissing, "no device there"),
        (errno.EACCES, PortForbidden, "the group input"),
        (errno.ENOTTY, PortUnusable, "not usable as an input device"),
    ],
)
def test_a_device_that_cannot_be_opened_says_what_to_do(
    machine: Machine, number: int, problem: type[Exception], why: str
) -> None:
    machine.open_errno = number
    with pytest.raises(problem, match=why):
        open_device(PATH)


def test_a_device_that_another_process_holds_is_closed_again(machine: Machine) -> None:
    machine.grab_errno = errno.EBUSY
    with pytest.raises(PortInUse, match="another process has grabbed the keys"):
        open_device(PATH)
    assert not machine.is_open


def test_the_node_without_digits_is_refused_with_a_hint_to_the_other(machine: Machine) -> None:
    machine.keys = (113, 114, 115)  # mute and volume
    with pytest.raises(CallTechnician, match="event-kbd"):
        open_device(PATH)
    assert not machine.is_open


def test_our_numbers_are_those_of_the_package() -> None:
    if importlib.util.find_spec("evdev") is None:
        pytest.skip("NOT RUN: needs the package evdev")
    import evdev  # an extra

    assert {name: evdev.ecodes.ecodes[name] for name in CODES} == dict(CODES)


def _raise(number: int) -> None:
    if number:
        raise OSError(number, os.strerror(number))
