"""The words of the technician's screens, by key: one file a language, one table a screen."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Literal, get_args

Language = Literal["en", "fi"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


class Words:
    """Says everything in one language."""

    def __init__(self, language: Language) -> None:
        """Read the language's file; ValueError if it is not what it should be."""
        self.language = language
        self._texts = texts_in(language)

    def __call__(self, key: str, **values: object) -> str:
        """Say one thing, with its values put in; KeyError for a key that no file has."""
        return self._texts[key].format(**values)

    def term(self, table: str, word: str, otherwise: str | None = None) -> str:
        """Translate a word of the contract, such as a kind of incident; what has no translation stays."""
        return self._texts.get(f"{table}.{word}", word if otherwise is None else otherwise)


@cache
def texts_in(language: Language) -> dict[str, str]:
    """Return every text of a language under `table.key`."""
    file = Path(__file__).parent / "texts" / f"{language}.toml"
    tables = tomllib.loads(file.read_text(encoding="utf-8"))
    return {f"{table}.{key}": text for table, texts in tables.items() for key, text in texts.items()}


def language_of(locale: str) -> Language:
    """Return the language that a locale such as `fi_FI.UTF-8` asks for; English for every other."""
    return "fi" if locale.lower().startswith("fi") else "en"
