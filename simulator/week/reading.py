"""What people read on a display in another language, told in English, so that all behave alike before it."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from string import Formatter

from locker.domain.messages import Text
from locker.words import texts_in

SPACES = re.compile(r"\s+")
Pattern = tuple[re.Pattern[str], str]


def reader(language: str) -> Callable[[str], str]:
    """Return who understands a page of that language, its words in one line, and says it in English."""
    if language == "en":
        return lambda text: text
    patterns = _patterns(language)

    def read(text: str) -> str:
        for pattern, english in patterns:
            if found := pattern.fullmatch(text):
                return english.format_map(found.groupdict())
        return text

    return read


@cache
def _patterns(language: str) -> tuple[Pattern, ...]:
    """Return every page of a language and its English twin; those that say most come first."""
    said: Mapping[Text, tuple[str, ...]] = texts_in(language)
    pairs = {
        _flat(page): _flat(english)
        for text, pages in said.items()
        for page, english in zip(pages, texts_in("en")[text], strict=True)
    }
    ordered = sorted(pairs.items(), key=lambda pair: -len(re.sub(r"\{\w+\}", "", pair[0])))
    return tuple((_pattern(page), english) for page, english in ordered)


def _pattern(page: str) -> re.Pattern[str]:
    pieces = []
    for literal, name, _, _ in Formatter().parse(page):
        pieces.append(re.escape(literal))
        if name is not None:
            pieces.append(f"(?P<{name}>.*?)")
    return re.compile("".join(pieces))


def _flat(text: str) -> str:
    return SPACES.sub(" ", text).strip()
