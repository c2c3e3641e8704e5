"""Arbitrary bytes for every decoder of both halves: `python -m tests.laws.random_bytes --million 10`.

Half of the bytes are dice, half are published frames with a few bits turned, so that the deeper branches are
reached. After each piece is looked how much each of them still holds.
"""

import argparse
import random
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, get_args

from drivers.bus import Bus, Question
from drivers.keypad_serial.codec import KeyDecoder, keys_of
from drivers.keypad_serial.driver import SerialKeypadSettings
from drivers.registry import LOCK_BOARDS
from drivers.scanner_serial.codec import LabelDecoder, Terminator
from simulator.boards.families import BOARDS
from simulator.displays.families import DISPLAYS
from simulator.keypads.serial_ascii import SerialAsciiKeypad
from simulator.scanners.serial_text import SerialTextScanner
from simulator.virtual_loop import run
from tests.laws.stand import Locks, Stand
from tests.vectors.loading import DEFAULT_FILE, load_vectors

CHUNK_BYTES = 1000
HELD_LIMIT_BYTES = 2000
"""No decoder needs more: the longest frame has some 260 bytes; queues of answers are bounded by count."""


@dataclass(frozen=True)
class Target:
    """Something that is fed; `also` is what it may need between chunks, `root` is what is weighed."""

    name: str
    feed: Callable[[bytes], object]
    also: Callable[[], object]
    root: object


@dataclass
class Finding:
    """How one target fared."""

    name: str
    fed_bytes: int = 0
    most_held_bytes: int = 0


def targets() -> Iterator[Target]:
    """Every decoder that a driver uses, and every device half; new families come by themselves."""
    for family in sorted(LOCK_BOARDS):
        for number, decoder in enumerate(run(_decoders_of(family))):
            yield Target(f"host {family} {number}", decoder.feed, decoder.silence, decoder)
    for family in sorted(BOARDS):
        board = run(_board_of(family))
        yield Target(f"device {family}", board.feed, partial(board.advance, 3600), board)
    dice = random.Random(1)
    pads = SerialKeypadSettings().keys
    for settings in ({}, {"buffered": True}, {"buffered": True, "checksum": True}):
        pad: Any = KeyDecoder(keys_of(pads), **settings)
        yield Target(f"host keypad {sorted(settings)}", pad.feed, lambda: None, pad)
    for terminator in get_args(Terminator):
        reader = LabelDecoder(terminator)
        yield Target(f"host scanner {terminator}", reader.feed, reader.silence, reader)
    devices: list[tuple[str, Any]] = [
        ("device keypad", SerialAsciiKeypad(dice)),
        ("device scanner", SerialTextScanner(dice)),
        *((f"device display {name}", make(20, 2, {})) for name, make in DISPLAYS.items()),
    ]
    for name, device in devices:
        yield Target(name, device.feed, partial(device.advance, 3600), device)


def try_all(bytes_each: int, seed: int) -> list[Finding]:
    """Feed each target so many bytes; whatever it raises is raised, AssertionError if it hoards."""
    frames = [part for one in load_vectors(DEFAULT_FILE) for part in (one.request, one.reply) if part]
    return [_try(target, bytes_each, frames, random.Random(seed + n)) for n, target in enumerate(targets())]


def held_bytes(thing: object, seen: set[int] | None = None) -> int:
    """How many bytes and entries a decoder keeps, in all that hangs on it and belongs to this project."""
    seen = set() if seen is None else seen
    if id(thing) in seen:
        return 0
    seen.add(id(thing))
    if isinstance(thing, bytes | bytearray | str):
        return len(thing)
    if isinstance(thing, list | tuple | set | frozenset | deque):
        return len(thing) + sum(held_bytes(one, seen) for one in thing)
    if isinstance(thing, dict):
        return len(thing) + sum(held_bytes(one, seen) for one in thing.values())
    if not type(thing).__module__.startswith(("drivers.", "simulator.")):
        return 0
    names = {*getattr(thing, "__dict__", {}), *getattr(type(thing), "__slots__", ())}
    return sum(held_bytes(getattr(thing, name, None), seen) for name in names)


def main() -> int:
    """Print one line a target."""
    parser = argparse.ArgumentParser(prog="python -m tests.laws.random_bytes", description=__doc__)
    parser.add_argument("--million", type=float, default=1.0, metavar="N", help="bytes in all, in millions")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    count = len(list(targets()))
    began_s = time.perf_counter()
    found = try_all(int(chosen.million * 1_000_000 / count) + 1, chosen.seed)
    for one in found:
        sys.stdout.write(f"{one.name:28} {one.fed_bytes:>9} bytes, held at most {one.most_held_bytes}\n")
    total = sum(one.fed_bytes for one in found)
    sys.stdout.write(f"{total} bytes, {count} targets, {time.perf_counter() - began_s:.0f} s, no crash\n")
    return 0


def _try(target: Target, bytes_each: int, frames: list[bytes], dice: random.Random) -> Finding:
    found = Finding(target.name)
    at_rest = held_bytes(target.root)
    while found.fed_bytes < bytes_each:
        chunk = _chunk(frames, dice)[: bytes_each - found.fed_bytes]
        found.fed_bytes += len(chunk)
        for piece in _pieces(chunk, dice):
            target.feed(piece)
            found.most_held_bytes = max(found.most_held_bytes, held_bytes(target.root) - at_rest)
        assert found.most_held_bytes < HELD_LIMIT_BYTES, f"{target.name} hoards"
        if dice.random() < 0.5:
            target.also()
    return found


def _chunk(frames: list[bytes], dice: random.Random) -> bytes:
    if dice.random() < 0.5:
        return dice.randbytes(CHUNK_BYTES)
    chunk = bytearray()
    while len(chunk) < CHUNK_BYTES:
        frame = bytearray(dice.choice(frames))
        if dice.random() < 0.5:
            frame[dice.randrange(len(frame))] ^= 1 << dice.randrange(8)
        chunk += frame
    return bytes(chunk)


def _pieces(data: bytes, dice: random.Random) -> Iterator[bytes]:
    while data:
        size = dice.choice((1, 2, 3, 7, 64, 500))
        yield data[:size]
        data = data[size:]


class _Spy(Bus):
    """A bus that remembers the decoders of what is asked and listened for."""

    def __init__(self, line: Any, settings: Any = None) -> None:
        super().__init__(line, settings)
        self.decoders: list[Any] = []

    def listen(self, decoder: Any, on_frame: Callable[[Any], None]) -> None:
        self.decoders.append(decoder)
        super().listen(decoder, on_frame)

    async def ask(self, question: Question[Any]) -> Any:
        self.decoders.append(question.decoder())
        return await super().ask(question)


async def _decoders_of(family: str) -> list[Any]:
    stand = Stand(family, {}, bus=_Spy)
    spy: Any = stand.bus
    for ask in (stand.driver.read_contacts, stand.driver.identify, stand.driver.rest_outputs):
        await ask()
    for silent in (False, True):
        stand.set_fault("no-answer", silent)
        await stand.driver.unlock(1)
    stand.heal()
    for address in (stand.address, stand.address + 1):
        await LOCK_BOARDS[family].search(stand.bus, address)
    await stand.stop()
    return list({_kind(one): one for one in spy.decoders}.values())


def _kind(decoder: Any) -> str:
    names = {*getattr(decoder, "__dict__", {}), *getattr(type(decoder), "__slots__", ())}
    return f"{type(decoder)} {sorted((name, repr(getattr(decoder, name, None))) for name in names)}"


async def _board_of(family: str) -> Any:
    stand = Stand(family, {})
    await stand.stop()
    stand.locks.on_moved = lambda _: None
    stand.board.wiring = _Unwired()
    return stand.board


class _Unwired(Locks):
    def pulse(self, channel: int, seconds: float) -> None:
        """Nothing hangs here."""

    def hold(self, channel: int, *, energised: bool) -> None:
        """Nothing hangs here."""


if __name__ == "__main__":
    raise SystemExit(main())
