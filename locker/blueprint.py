"""What the configuration says of the automat, in the words of the domain and of the hardware."""

from collections.abc import Iterable
from dataclasses import replace

from immutables import Map

from locker.config import Config
from locker.domain.automat import Automat
from locker.domain.codes import CodeKey
from locker.domain.compartments import Compartment, ContactKind, Fixture
from locker.domain.draft import restore
from locker.domain.intents import Tone
from locker.domain.journal import ChainHead
from locker.domain.keypad import Keypad
from locker.hardware.wiring import (
    BoardSpec,
    DisplaySpec,
    DoorSpec,
    KeypadSpec,
    Pattern,
    PortSpec,
    ScannerSpec,
    Wiring,
)


def blank_automat(config: Config, code_key: CodeKey, head: ChainHead) -> Automat:
    """Return an automat of which only the configuration is known, in the journal's epoch."""
    return Automat(
        identity=config.identity(),
        rules=config.domain_rules(),
        code_key=code_key,
        keypads=keypads_of(config),
        epoch=head.epoch,
        journal_end=head.sequence,
    )


def with_boxes(blank: Automat, fixtures: Iterable[Fixture]) -> Automat:
    """Return a blank automat with its boxes as they were built, of which nothing else is known."""
    return restore(
        blank,
        compartments=map(Compartment, fixtures),
        parcels=(),
        credentials=(),
        attempts=(),
        openings=(),
        incidents=(),
        commands=(),
        parked=(),
        seen=(),
        facts=blank.facts,
        last_seen=blank.last_seen,
    )


def fixtures_of(config: Config, in_use: Wiring) -> dict[str, Fixture]:
    """Return the boxes as they were built, with the contacts that were proved."""
    fitted = {door.compartment: door.contact_fitted for door in in_use.doors}
    return {
        label: replace(
            fixture, contact=ContactKind.FITTED if fitted.get(label, True) else ContactKind.MISSING
        )
        for label, fixture in config.fixtures().items()
    }


def keypads_of(config: Config) -> Map[str, Keypad]:
    """Tell of each keypad what it serves and what belongs to it."""
    scanned = {scanner.keypad for scanner in config.scanners}
    return Map(
        {
            pad.id: Keypad(
                pad.id,
                bound_to=pad.bound_to,
                has_display=pad.display is not None,
                has_scanner=pad.id in scanned,
            )
            for pad in config.keypads
        }
    )


def wiring(config: Config) -> Wiring:
    """Translate the configuration's tables into what the hardware has to open."""
    polarity = {board.id: board.contact for board in config.boards}
    return Wiring(
        lines={line.id: PortSpec(line.port, line.baud, line.rts) for line in config.lines},
        boards=[
            BoardSpec(
                board.id,
                board.line,
                board.family,
                board.family_settings(),
            )
            for board in config.boards
        ],
        doors=[
            DoorSpec(
                box.label,
                box.board,
                box.channel,
                closed_means_shut=(box.contact or polarity[box.board]) != "closed-when-open",
                contact_fitted=box.contact != "missing",
                goods_channel=box.goods_channel,
            )
            for box in config.compartments
        ],
        keypads=[
            KeypadSpec(
                pad.id,
                PortSpec(str(pad.port), pad.baud),
                pad.family,
                pad.display,
                {Tone(name): _pattern(beeps) for name, beeps in pad.tones},
                pad.family_settings(),
            )
            for pad in config.keypads
        ],
        displays=[
            DisplaySpec(
                display.id,
                PortSpec(str(display.port), display.baud),
                display.family,
                display.family_settings(),
            )
            for display in config.displays
        ],
        scanners=[
            ScannerSpec(
                scanner.id,
                PortSpec(str(scanner.port), scanner.baud),
                scanner.family,
                scanner.keypad,
                scanner.family_settings(),
            )
            for scanner in config.scanners
        ],
    )


def _pattern(beeps: str) -> Pattern:
    return tuple("bell" for _ in beeps.split()) if beeps != "none" else ()
