"""Pictures of the main screens, made by the application itself: `make pictures` writes docs/screens/*.svg.

The automat is a simulated one with a day behind it: parcels, a jammed door, a box out of use.
"""

import asyncio
import html
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from simulator.locker_sim import LockerSim
from tests.screens.tui.stand import seen

FOLDER = Path(__file__).parents[3] / "docs" / "screens"
SIZE = (100, 30)
SETTLE_S = 3.0
"""After so long a screen has asked for whatever does not come by itself."""
JAM_LIMIT_S = 60.0
FONT = re.compile(r"@font-face\s*\{[^}]*\}\s*")
"""Fonts that a picture would have loaded from elsewhere; every computer has one of equal widths."""
JAMMED, BLOCKED = "6", "9"

PICTURES: Mapping[str, str] = {
    "commission": "commission",
    "overview": "overview",
    "wall": "wall",
    "compartment": "wall",
    "incidents": "incidents",
    "journal": "journal",
    "lines": "lines",
    "tests": "tests",
    "audit": "audit",
}
"""Each picture, and the matter on which it begins; the first one wants an automat at rest."""


def live_a_day(automat: LockerSim) -> None:
    """Let parcels come and go, a door jam, and a box be taken out of use."""
    parcels = [automat.deliver(size=size) for size in ("S", "S", "M", "L")]
    automat.collect(parcels[0])
    automat.command("block_compartment", BLOCKED, operator="maija", reason="hinge is bent")
    automat.fault("jam", JAMMED, "stuck")
    automat.command("open_compartment", JAMMED, operator="maija", reason="a customer asks")
    automat.expect("incident.raised", about=JAMMED, limit_s=JAM_LIMIT_S)


async def draw(automat: LockerSim, name: str) -> str:
    """Return one picture as SVG."""
    async with seen(automat.socket, size=SIZE, matter=PICTURES[name], technician="maija") as screen:
        if name == "compartment":
            screen.app.show_compartment(JAMMED)
        words = screen.app.words
        await screen.shows(words(f"{name}.keys"))
        if name == "commission":
            await screen.press("b")
            await screen.shows("UNDER WAY")
            await screen.press("s")
            await screen.shows("32 of 32", "configured as")
        await asyncio.sleep(SETTLE_S)
        await screen.pilot.pause()
        drawn = screen.app.export_screenshot(title=f"locker-tui: {words(f'{name}.title')}")
        if name == "commission":
            await screen.press("x")
            await screen.shows(words("commission.end-question")[:20])
            await screen.press("y")
            await screen.shows(words("commission.do-begin"))
    return FONT.sub("", drawn) + "\n"


def words_in(picture: str) -> str:
    """Return what a picture shows, as text."""
    texts = re.findall(r"<text[^>]*>(.*?)</text>", picture)
    return html.unescape("".join(texts)).replace("\xa0", " ")


def main() -> int:
    """Write every picture."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    automat = LockerSim(seed=1).start()
    try:
        for name in PICTURES:
            picture = asyncio.run(draw(automat, name))
            (FOLDER / f"{name}.svg").write_text(picture, encoding="utf-8")
            if name == "commission":
                live_a_day(automat)
    finally:
        automat.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
