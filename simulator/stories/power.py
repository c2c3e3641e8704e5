"""Stories of power that goes at the worst moment."""

import asyncio

from simulator.events import CoilPulsed, SimulatorEvent
from simulator.stories.stage import Stage, Stored

PICKUP_TAKES_S = 1.6
"""A random cut falls anywhere within about as long as a quick pick-up takes."""


async def power_cut(stage: Stage) -> None:
    """Power goes between the lock's pulse and the door: after the restart there is one receipt, no more."""
    parcel = await stage.deliver()
    stage.say("the power goes in the moment in which the lock is pulsed")

    def cut(event: SimulatorEvent) -> None:
        if isinstance(event, CoilPulsed):
            stage.demo.cut_power()

    forget = stage.automat.subscribe(cut)
    try:
        await stage.type(f"C {parcel.code} OK")
        await stage.see_door(parcel.compartment, "open")
    finally:
        forget()
    await stage.kill_daemon()
    stage.check(not stage.demo.daemon_running, "the daemon is gone, the door stands open")
    stage.check(stage.count("parcel.handed-over") == 0, "there is no receipt yet")
    stage.say("the power comes back")
    await stage.start_daemon()
    await stage.expect_entry("door.opened", subject=parcel.tracking_id, purpose="pickup")
    await stage.take_out(parcel)
    stage.check(stage.count("parcel.handed-over", parcel.tracking_id) == 1, "there is one receipt")


async def power_cut_at_random(stage: Stage) -> None:
    """Power goes at a random moment of a pick-up; whatever came of it, the parcel gets out, once."""
    first = await stage.in_step()
    parcel = await stage.deliver()
    after_s = stage.dice.uniform(0.0, PICKUP_TAKES_S)
    slow, in_the_dark = stage.dice.random() < 0.5, stage.dice.random() < 0.5
    stage.say(f"the power will go {after_s:.3f} s after the recipient begins")
    recipient = asyncio.create_task(_collect(stage, parcel, slow=slow), name="recipient")
    cut = asyncio.get_running_loop().call_later(after_s, stage.demo.cut_power)
    try:
        await stage.see_daemon_end()
    finally:
        cut.cancel()
        recipient.cancel()
        await asyncio.gather(recipient, return_exceptions=True)
    await stage.kill_daemon()
    await stage.see_doors_rest()
    door = stage.automat.door(parcel.compartment)
    if in_the_dark and door.open:
        stage.say("the recipient takes the parcel and shuts the door while nobody watches")
        stage.hand.take(parcel.compartment)
        stage.hand.push_shut(parcel.compartment)
        await stage.see_door(parcel.compartment, "shut")
    stage.say("the power comes back")
    await stage.start_daemon()
    await stage.expect_entry("started", where=lambda entry: entry.sequence > first)
    await stage.in_step()
    await _finish(stage, parcel)
    stage.check(stage.count("parcel.handed-over", parcel.tracking_id) == 1, "there is one receipt")


async def _collect(stage: Stage, parcel: Stored, *, slow: bool) -> None:
    """Do what a recipient does, with eyes on the door only; a slow one leaves the door open meanwhile."""
    await stage.type(f"C {parcel.code} OK")
    await stage.see_door(parcel.compartment, "open")
    stage.hand.take(parcel.compartment)
    if not slow:
        stage.hand.push_shut(parcel.compartment)
        await stage.see_door(parcel.compartment, "shut")


async def _finish(stage: Stage, parcel: Stored) -> None:
    """Bring the pick-up to its end, wherever it stands."""
    label = parcel.compartment
    if stage.automat.door(label).open:
        stage.say("the door stands open: the recipient takes what is in it and shuts it")
    elif stage.count("parcel.handed-over", parcel.tracking_id) == 0:
        stage.say("there is no receipt: the code is typed again")
        await stage.type(f"C {parcel.code} OK")
        await stage.see_door(label, "open")
    else:
        stage.say("the receipt was made before the cut, or out of the evidence after it")
        return
    stage.hand.take(label)
    stage.hand.push_shut(label)
    await stage.see_door(label, "shut")
    await stage.expect_entry("parcel.handed-over", subject=parcel.tracking_id)
