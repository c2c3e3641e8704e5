"""Messages in words: pages of two lines of 20 cells, in the languages of the automat, in their order.

The words are in `locker/texts/*.toml`. Lines break between words; a word longer than a line is divided.
"""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from string import Formatter

from locker.domain.messages import Message, Text

LANGUAGES = ("fi", "sv", "en")
CELLS = 20
LINES = 2
LONGEST_VALUE = 40
NO_BREAK = "\u00a0"
"""Stands for a space at which a line must not break; becomes a space in the end."""

MAY_BREAK = frozenset({"name", "about"})
"""Values whose spaces may break a line; a telephone number stays in one piece."""

VALUES: Mapping[Text, frozenset[str]] = {
    Text.IDLE: frozenset({"name"}),
    Text.STARTING: frozenset(),
    Text.OUT_OF_ORDER: frozenset({"phone"}),
    Text.PRESS_C_FIRST: frozenset(),
    Text.TYPE_CODE: frozenset(),
    Text.TYPING_CODE: frozenset({"stars"}),
    Text.WRONG_LENGTH: frozenset(),
    Text.NOT_RECOGNISED: frozenset({"name"}),
    Text.NOT_RECOGNISED_CALL: frozenset({"name", "phone"}),
    Text.LOCKED_OUT: frozenset({"minutes"}),
    Text.GUARD_MODE: frozenset({"phone"}),
    Text.OVERDUE: frozenset({"phone"}),
    Text.UNPAID: frozenset({"phone"}),
    Text.FROZEN: frozenset({"phone"}),
    Text.BEING_SERVICED: frozenset({"phone"}),
    Text.OPENING: frozenset({"label"}),
    Text.PRESS_DOOR: frozenset({"label"}),
    Text.TAKE_PARCEL: frozenset({"label"}),
    Text.TAKE_PARCEL_NO_CONTACT: frozenset({"label"}),
    Text.CLOSE_DOOR: frozenset({"label"}),
    Text.LEFT_OPEN: frozenset({"label"}),
    Text.NOT_OPENED: frozenset({"label", "incident", "phone"}),
    Text.STILL_INSIDE: frozenset({"label"}),
    Text.THANK_YOU: frozenset(),
    Text.COURIER_WELCOME: frozenset(),
    Text.COURIER_COLLECT: frozenset({"collect"}),
    Text.COURIER_CHECK: frozenset({"check"}),
    Text.COURIER_MENU: frozenset({"collect", "check"}),
    Text.TYPING_TRACKING: frozenset({"typed"}),
    Text.TRACKING_LENGTH: frozenset(),
    Text.PARCEL_UNKNOWN: frozenset({"typed"}),
    Text.PARCEL_AMBIGUOUS: frozenset(),
    Text.BAD_LABEL: frozenset(),
    Text.CHOOSE_SIZE: frozenset({"sizes"}),
    Text.ALREADY_INSIDE: frozenset({"label"}),
    Text.BEING_DEPOSITED: frozenset(),
    Text.SEEN_BEFORE: frozenset(),
    Text.PARCEL_WITHDRAWN: frozenset(),
    Text.REFUSED_OVERSIZE: frozenset(),
    Text.REFUSED_STORAGE_EXTENSION: frozenset(),
    Text.REFUSED_LETTER_REMINDER: frozenset(),
    Text.REFUSED_PERSONAL_HANDOVER: frozenset(),
    Text.REFUSED_REGISTERED: frozenset(),
    Text.REFUSED_TOO_LARGE: frozenset(),
    Text.REFUSED_TOO_SMALL: frozenset(),
    Text.REFUSED_TOO_HEAVY: frozenset(),
    Text.REFUSED_OTHER: frozenset(),
    Text.NO_COMPARTMENT: frozenset(),
    Text.NO_DEPOSITS: frozenset(),
    Text.PUT_PARCEL: frozenset({"label"}),
    Text.PUT_PARCEL_NO_CONTACT: frozenset({"label"}),
    Text.CONFIRM_DEPOSIT: frozenset(),
    Text.STORED: frozenset({"label"}),
    Text.DEPOSIT_CANCELLED: frozenset({"label"}),
    Text.COLLECT_OPENING: frozenset({"label", "typed"}),
    Text.COLLECT_TAKE: frozenset({"label", "typed"}),
    Text.COLLECT_TAKE_NO_CONTACT: frozenset({"label", "typed"}),
    Text.CONFIRM_REMOVAL: frozenset(),
    Text.ANOTHER_PARCEL: frozenset({"typed"}),
    Text.COLLECT_DONE: frozenset({"taken", "left"}),
    Text.NOTHING_TO_COLLECT: frozenset(),
    Text.LOOK_INSIDE: frozenset({"label"}),
    Text.LOOK_INSIDE_NO_CONTACT: frozenset({"label"}),
    Text.JUDGE: frozenset(),
    Text.JUDGE_EXPECTED: frozenset({"typed"}),
    Text.NAME_PARCEL: frozenset(),
    Text.NAME_REFUSED: frozenset(),
    Text.INSPECT_DONE: frozenset({"left"}),
    Text.NOTHING_TO_INSPECT: frozenset(),
    Text.DOOR_IN_USE: frozenset({"label"}),
    Text.SERVICE_MENU: frozenset(),
    Text.CHOOSE_DOOR: frozenset(),
    Text.CONFIRM_DOOR: frozenset({"label"}),
    Text.NO_SUCH_DOOR: frozenset({"typed"}),
    Text.TRY_KEYS: frozenset(),
    Text.KEY_TRIED: frozenset({"key"}),
    Text.KEYS_ON_TRIAL: frozenset(),
    Text.KEY_ON_TRIAL: frozenset({"key"}),
    Text.SCAN_ON_TRIAL: frozenset({"count"}),
    Text.GUARD_RELEASED: frozenset({"count"}),
    Text.NO_INCIDENTS: frozenset(),
    Text.INCIDENT_DOOR_DID_NOT_OPEN: frozenset({"about", "number"}),
    Text.INCIDENT_DOOR_LEFT_OPEN: frozenset({"about", "number"}),
    Text.INCIDENT_DOOR_OPENED_UNASKED: frozenset({"about", "number"}),
    Text.INCIDENT_OPENING_INTERRUPTED: frozenset({"about", "number"}),
    Text.INCIDENT_DEPOSIT_UNCONFIRMED: frozenset({"about", "number"}),
    Text.INCIDENT_COMPARTMENT_EMPTY: frozenset({"about", "number"}),
    Text.INCIDENT_COMPARTMENT_OCCUPIED: frozenset({"about", "number"}),
    Text.INCIDENT_COMPARTMENT_DIRTY: frozenset({"about", "number"}),
    Text.INCIDENT_COMPARTMENT_DAMAGED: frozenset({"about", "number"}),
    Text.INCIDENT_PARCEL_STUCK: frozenset({"about", "number"}),
    Text.INCIDENT_REMOVAL_UNCONFIRMED: frozenset({"about", "number"}),
    Text.INCIDENT_LOCK_WEAK: frozenset({"about", "number"}),
    Text.INCIDENT_PART_LOST: frozenset({"about", "number"}),
    Text.INCIDENT_SCANNER_LOST: frozenset({"about", "number"}),
    Text.INCIDENT_DISPLAY_LOST: frozenset({"about", "number"}),
    Text.INCIDENT_BOARD_MISMATCH: frozenset({"about", "number"}),
    Text.INCIDENT_WRONG_DOOR: frozenset({"about", "number"}),
    Text.INCIDENT_KEYPAD_FAULTY: frozenset({"about", "number"}),
    Text.INCIDENT_GUARD_MODE: frozenset({"about", "number"}),
    Text.INCIDENT_STORAGE_LOW: frozenset({"number"}),
    Text.INCIDENT_JOURNAL_FORKED: frozenset({"number"}),
    Text.INCIDENT_ENTRY_REFUSED: frozenset({"number"}),
    Text.INCIDENT_CONFIGURATION_MISMATCH: frozenset({"about", "number"}),
    Text.SIGNED_OUT: frozenset(),
    Text.CONFIRM_REMOTE: frozenset({"label"}),
    Text.REMOTE_LAPSED: frozenset({"label"}),
    Text.REMOTE_NOT_OPENED: frozenset({"label", "incident"}),
    Text.SENDING_PUT_PARCEL: frozenset({"label"}),
    Text.SENDING_PUT_PARCEL_NO_CONTACT: frozenset({"label"}),
    Text.SENDING_CONFIRM: frozenset(),
    Text.SENDING_RECEIVED: frozenset(),
    Text.SENDING_REGISTERED: frozenset(),
    Text.SENDING_CANCELLED: frozenset(),
    Text.SENDING_NO_COMPARTMENT: frozenset(),
    Text.SENDING_WITHDRAWN: frozenset({"phone"}),
}
"""The values that each message must bring; what it brings beside them is not shown."""

Page = tuple[str, str]


def pages(message: Message, languages: Sequence[str]) -> list[Page]:
    """Return what a display shows, page after page; never raises for values.

    What comes first is said in every language before any goes on, so that nobody waits long for the main
    thing. A value that is missing shows as "?", a very long one is cut.
    """
    values = _Values({name: _shown(name, value) for name, value in message.values})
    said = [texts_in(language)[message.text] for language in languages]
    templates = [each[0] for each in said] + [template for each in said for template in each[1:]]
    shown = [page for template in templates for page in _pages_of(template.format_map(values))]
    return [page for index, page in enumerate(shown) if index == 0 or page != shown[index - 1]]


@cache
def texts_in(language: str) -> Mapping[Text, tuple[str, ...]]:
    """Return the page templates of a language; ValueError if its file does not fit the program."""
    file = Path(__file__).parent / "texts" / f"{language}.toml"
    written = tomllib.loads(file.read_text(encoding="utf-8"))
    texts: dict[Text, tuple[str, ...]] = {}
    for name, templates in written.items():
        text = Text(name)
        texts[text] = tuple(templates)
        used = {value for template in templates for value in placeholders(template)}
        if used != VALUES[text]:
            raise ValueError(f"{file.name}: {name} shows {sorted(used)}, not {sorted(VALUES[text])}")
    missing = set(Text) - set(texts)
    if missing:
        raise ValueError(f"{file.name}: nothing is said for {', '.join(sorted(missing))}")
    return texts


def placeholders(template: str) -> set[str]:
    """Return the names of the values that a template has room for."""
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


class _Values(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "?"


def _shown(name: str, value: str) -> str:
    printable = "".join(letter if letter.isprintable() else " " for letter in value)
    words = " ".join(printable.split())
    if len(words) > LONGEST_VALUE:
        words = words[: LONGEST_VALUE - 2].rstrip() + ".."
    return words if name in MAY_BREAK or len(words) > CELLS else words.replace(" ", NO_BREAK)


def _pages_of(text: str) -> list[Page]:
    lines = [line for paragraph in text.split("\n") for line in _wrapped(paragraph)]
    lines += [""] * (-len(lines) % LINES)
    return [(lines[index], lines[index + 1]) for index in range(0, len(lines), LINES)]


def _wrapped(paragraph: str) -> list[str]:
    lines = [""]
    for word in paragraph.split(" "):
        joined = f"{lines[-1]} {word}".lstrip(" ")
        if len(joined) <= CELLS:
            lines[-1] = joined
            continue
        pieces = _divided(word)
        if lines[-1] == "":
            lines.pop()
        lines.extend(pieces)
    return [line.replace(NO_BREAK, " ") for line in lines]


def _divided(word: str) -> list[str]:
    pieces = []
    while len(word) > CELLS:
        hyphen = word.rfind("-", 1, CELLS) + 1
        pieces.append(word[: hyphen or CELLS])
        word = word[len(pieces[-1]) :]
    return [*pieces, word]
