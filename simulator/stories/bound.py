"""Stories of automats with a keypad on each door, and of what displays say to a wrong code."""

import asyncio
from dataclasses import replace

from simulator.people import new_code
from simulator.plan import CabinetPlan, DisplayPlan, KeypadPlan
from simulator.stories.crew import announce, bring, hire
from simulator.stories.plans import small_plan
from simulator.stories.stage import LIMIT_S, Stage

FRONT = "front"
SIDE_BY_SIDE = (FRONT, "left", "right")
REOPEN_WINDOW_S = 180
TRIES = 2
SAME_CLASS_S = 0.15
"""How far apart the quickest answers may be, on a busy machine; a decision takes far less."""
WRONG_CODE = ("Code not recognised. This is {}", "Tuntematon koodi. Tämä on {}", "Okänd kod. Här är {}")
LANGUAGES = ("en", "fi", "sv")


def keypad_a_door() -> CabinetPlan:
    """An automat of two doors with a keypad and a display each, and one keypad for couriers."""
    plan = small_plan("1", "2")
    doors = [f"door-{box.label}" for box in plan.compartments]
    bound = [KeypadPlan(f"door-{box.label}", compartment=box.label) for box in plan.compartments]
    return replace(
        plan,
        keypads=(KeypadPlan(FRONT), *bound),
        displays=tuple(DisplayPlan(name) for name in (FRONT, *doors)),
    )


async def own_door_only(stage: Stage) -> None:
    """A code opens at its own door's keypad, and at no other door's; a courier's at neither."""
    courier = await hire(stage, "courier")
    first, second = await bring(stage, courier, await announce(stage), await announce(stage))
    opened = len(stage.openings)
    stage.say("the recipients stand at each other's doors")
    for parcel, other in ((first, second), (second, first)):
        stage.stand_at(f"door-{other.compartment}")
        await stage.type(f"C {parcel.code} OK")
        await stage.see_display("Code not recognised.")
        await stage.expect_entry("code.missed", keypad=f"door-{other.compartment}")
    stage.say("the courier tries to sign in there")
    await stage.type(f"C {courier.code} OK")
    await stage.see_display("Code not recognised.")
    await stage.expect_entry("code.missed", keypad=stage.keypad)
    stage.check(len(stage.openings) == opened, "no door opened")
    stage.say("each at their own door")
    for parcel in (first, second):
        stage.stand_at(f"door-{parcel.compartment}")
        await stage.pick_up(parcel)
        await stage.expect_entry("code.accepted", subject=parcel.tracking_id, keypad=stage.keypad)


def keypads_side_by_side() -> CabinetPlan:
    """An automat at which three people can type at once."""
    return replace(
        small_plan("1"),
        keypads=tuple(KeypadPlan(name) for name in SIDE_BY_SIDE),
        displays=tuple(DisplayPlan(name) for name in SIDE_BY_SIDE),
    )


async def wrong_code_in_each_language(stage: Stage) -> None:
    """A code that is unknown, used or of a parcel still to come: the same words, in as much time."""
    used = await stage.deliver()
    await stage.pick_up(used)
    stage.move_clock(REOPEN_WINDOW_S, "the code has done what it was for")
    coming = await announce(stage)
    codes = [new_code(stage.demo.people, stage.dice), used.code, coming.code]
    opened = len(stage.openings)
    stage.say("three people type a code that nobody has, one that is used, and one of a parcel on its way")
    for keypad, code in zip(SIDE_BY_SIDE, codes, strict=True):
        await stage.automat.type(keypad, f"C {code} OK")
    await asyncio.gather(*(_see_every_language(stage, keypad) for keypad in SIDE_BY_SIDE))
    stage.say("the same at one keypad, with a watch")
    quickest_s = [min([await _answer_s(stage, code) for _ in range(TRIES)]) for code in codes]
    apart_s = max(quickest_s) - min(quickest_s)
    told = f"{apart_s * 1000:.0f} ms apart, of {SAME_CLASS_S * 1000:.0f} ms allowed"
    stage.check(apart_s <= SAME_CLASS_S, f"each is answered as quickly as the others: {told}")
    await stage.in_step()
    stage.check(stage.count("code.missed") == len(codes) * (TRIES + 1), "each of them is a miss")
    stage.check(len(stage.openings) == opened, "no door opened")


async def _see_every_language(stage: Stage, display: str) -> None:
    """Expect the answer to a wrong code on a display in one language after the other."""
    view = stage.automat.display(display)
    for words in WRONG_CODE:
        page = words.format(stage.demo.plan.name)

        def shown(page: str = page) -> bool:
            return " ".join(view.text().split()) == page

        await stage.automat.until(shown, LIMIT_S, f"{page!r} on display {display}")
        stage.seen(f"display {display} says {page!r}")


async def _answer_s(stage: Stage, code: str) -> float:
    """Type a wrong code; how long after OK the answer came."""
    await stage.type(f"C {code}")
    await stage.see_display("*" * len(code))
    await stage.type("OK")
    pressed_s = asyncio.get_running_loop().time()
    await stage.see_display("Code not recognised.")
    return asyncio.get_running_loop().time() - pressed_s
