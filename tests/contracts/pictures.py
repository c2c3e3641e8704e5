"""What the documents show of the code: tables as pictures, the example configuration. `make docs` writes."""

from collections.abc import Iterable
from pathlib import Path

from locker.domain import openings, parcels

ROOT = Path(__file__).parents[2]
ARCHITECTURE = ROOT / "ARCHITECTURE.md"
README = ROOT / "README.md"
EXAMPLE = ROOT / "docs" / "lockerd.toml"


def parcel_states() -> str:
    """Draw the life of a parcel."""
    moves = ((state, move, after) for (state, move), after in parcels.TRANSITIONS.items())
    return _diagram("announced", moves)


def opening_stages() -> str:
    """Draw one opening of one door."""
    moves = ((stage, what, after or "[*]") for (stage, what), after in openings.TRANSITIONS.items())
    return _diagram("waiting", moves)


PICTURES = {"parcels": parcel_states, "openings": opening_stages}


def with_pictures(text: str) -> str:
    """Return a text whose marked places hold the pictures as the code has them."""
    for name, draw in PICTURES.items():
        text = _filled(text, f"picture: {name}", draw())
    return text


def with_example(text: str) -> str:
    """Return a text whose marked place holds the example configuration."""
    return _filled(text, "example", f"```toml\n{EXAMPLE.read_text(encoding='utf-8')}```\n")


def _filled(text: str, name: str, content: str) -> str:
    begin, end = f"<!-- {name} -->\n", "<!-- end -->"
    if text.count(begin) != 1:
        raise ValueError(f"there are {text.count(begin)} places for {name!r}, one is needed")
    before, after = text.split(begin)
    return before + begin + content + end + after.split(end, 1)[1]


def _diagram(first: str, moves: Iterable[tuple[str, str, str]]) -> str:
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {_name(first)}"]
    lines += [f"    {_name(state)} --> {_name(after)}: {what}" for state, what, after in moves]
    return "\n".join([*lines, "```", ""])


def _name(state: str) -> str:
    return state if state == "[*]" else state.replace("-", "_")


if __name__ == "__main__":
    ARCHITECTURE.write_text(with_pictures(ARCHITECTURE.read_text(encoding="utf-8")), encoding="utf-8")
    README.write_text(with_example(README.read_text(encoding="utf-8")), encoding="utf-8")
