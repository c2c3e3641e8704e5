"""People read every language alike."""

import re

import pytest

from locker.domain.messages import Message, Text
from locker.words import pages, texts_in
from simulator.week.reading import reader

VALUES = {"name": "Asematori 3", "label": "12", "phone": "0200 71000", "minutes": "7", "incident": "3"}


def _flat(page: tuple[str, str]) -> str:
    return re.sub(r"\s+", " ", " ".join(page)).strip()


@pytest.mark.parametrize("language", ["fi", "sv"])
@pytest.mark.parametrize(
    "text", [Text.TAKE_PARCEL, Text.NOT_RECOGNISED, Text.NOT_OPENED, Text.IDLE, Text.CONFIRM_DEPOSIT]
)
def test_what_is_said_in_another_language_reads_as_in_english(language: str, text: Text) -> None:
    wanted = {name for name in VALUES if any(f"{{{name}}}" in page for page in texts_in("en")[text])}
    message = Message(text, tuple((name, VALUES[name]) for name in sorted(wanted)))
    read = reader(language)
    assert [read(_flat(page)) for page in pages(message, [language])] == [
        _flat(page) for page in pages(message, ["en"])
    ]


def test_what_nobody_knows_is_read_as_it_stands() -> None:
    assert reader("fi")("qwerty") == "qwerty"
