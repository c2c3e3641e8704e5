"""The words of the screens: both languages say everything, in the room there is, refusals too."""

import string

import pytest

from locker.api import client
from locker.api.client import DaemonUnreachable
from locker.api.maintenance import REFUSALS
from locker.commissioning import REFUSALS as OF_A_COMMISSION
from locker.errors import LockerError
from tui.screens.base import unanswered
from tui.words import LANGUAGES, Language, Words, texts_in

SAID_IN_ENGLISH = ("refusal.", "refusal-do.", "commission-refusal.", "commission-refusal-do.", "unanswered.")
"""Tables that only another language than the daemon's has to have."""
BOTTOM_CELLS = 78


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_say_the_same_things_with_the_same_values() -> None:
    told = {
        language: {
            key: placeholders(text)
            for key, text in texts_in(language).items()
            if not key.startswith(SAID_IN_ENGLISH)
        }
        for language in LANGUAGES
    }
    assert told["en"] == told["fi"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_bottom_lines_are_seen_whole_at_80_columns(language: Language) -> None:
    lines = {key: text for key, text in texts_in(language).items() if key.endswith(".keys")}
    assert len(lines) == 9
    assert {key: len(text) for key, text in lines.items() if len(text) > BOTTOM_CELLS} == {}


def test_finnish_says_every_refusal_and_what_to_do() -> None:
    said = texts_in("fi")
    wanted = {f"{table}.{reason}" for table in ("refusal", "refusal-do") for reason in REFUSALS}
    for table in ("commission-refusal", "commission-refusal-do"):
        wanted |= {f"{table}.{reason}" for reason in OF_A_COMMISSION}
    assert wanted - said.keys() == set()


def test_finnish_says_why_nobody_answers() -> None:
    reasons = [
        each
        for each in vars(client).values()
        if isinstance(each, type)
        and issubclass(each, LockerError)
        and each.__module__ == client.__name__
        and each.__name__ != "RequestRefused"
    ]
    assert DaemonUnreachable in reasons
    said = texts_in("fi")
    assert {each.__name__ for each in reasons} == {
        key.removeprefix("unanswered.") for key in said if key.startswith("unanswered.")
    }
    assert "ohjain ei ole käynnissä" in unanswered(DaemonUnreachable("nobody listens"), Words("fi"))
    assert unanswered(DaemonUnreachable("nobody listens"), Words("en")) == "nobody listens"
