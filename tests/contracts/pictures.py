"""Draws the transition tables of the code into ARCHITECTURE.md; `python -m tests.contracts.pictures` writes."""

import re
from collections.abc import Mapping
from pathlib import Path

from locker.domain import openings, parcels

ARCHITECTURE = Path(__file__).parents[2] / "ARCHITECTURE.md"


def parcel_states() -> str:
    """Draw the life of a parcel."""
    return _diagram("announced", parcels.TRANSITIONS, ending=())


def opening_stages() -> str:
    """Draw one opening of one door."""
    return _diagram("waiting", openings.TRANSITIONS, ending=("[*]",))


PICTURES = {"parcels": parcel_states, "openings": opening_stages}


def with_pictures(text: str) -> str:
    """Return a text whose marked places hold the pictures as the code has them."""
    for name, draw in PICTURES.items():
        place = re.compile(rf"(<!-- picture: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        text, count = place.subn(lambda match, made=draw(): f"{match[1]}{made}{match[2]}", text)
        if count != 1:
            raise ValueError(f"ARCHITECTURE.md has {count} places for the picture {name}, one is needed")
    return text


def _diagram(first: str, table: Mapping[tuple[str, str], str | None], ending: tuple[str, ...]) -> str:
    end = ending[0] if ending else ""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {_name(first)}"]
    for (state, happening), after in table.items():
        lines.append(f"    {_name(state)} --> {_name(after) if after is not None else end}: {happening}")
    return "\n".join([*lines, "```", ""])


def _name(state: str) -> str:
    return str(state).replace("-", "_")


if __name__ == "__main__":
    ARCHITECTURE.write_text(with_pictures(ARCHITECTURE.read_text(encoding="utf-8")), encoding="utf-8")
