"""Stories of customer service: what the back office changes on the way."""

from datetime import timedelta

from simulator.backoffice.orders import Mode
from simulator.people import new_code
from simulator.stories.crew import (
    announce,
    applied,
    bring,
    digits_of,
    hire,
    is_free,
    look_into,
    parcel_of,
    put_in,
    sign_in,
    sign_out,
)
from simulator.stories.sending import drop_off, expect_sender
from simulator.stories.spy import Spy
from simulator.stories.stage import LIMIT_S, Stage, Stored
from simulator.stories.waiting import without_power

OPERATOR = "Aino"
HOUR_S = 3600
REMOTE_OPENINGS = 3
ANSWER_S = 10
SPOT_CONFIRM_S = 120
REOPEN_WINDOW_S = 180
ASKED = "asked for by phone"
IDLE = "Press C, code, OK"


async def code_replaced(stage: Stage) -> None:
    """A code was seen by somebody else: it dies at once, and the new one opens."""
    parcel = await stage.deliver()
    code = new_code(stage.demo.people, stage.dice)
    await applied(stage, await stage.demo.backoffice.replace_code(parcel.tracking_id, code=code))
    await type_wrong(stage, parcel.code)
    stage.say("the recipient has got a new one")
    await stage.pick_up(Stored(parcel.tracking_id, code, parcel.compartment))


async def cash_on_delivery(stage: Stage) -> None:
    """The right code of an unpaid parcel says so and opens nothing; paid, it opens."""
    courier, recipient = await hire(stage, "courier"), await announce(stage, services=("cash-on-delivery",))
    (parcel,) = await bring(stage, courier, recipient)
    opened = len(stage.openings)
    await stage.type(f"C {parcel.code} OK")
    await stage.see_display("This parcel is not paid yet.")
    await stage.expect_entry("code.unpaid", subject=parcel.tracking_id)
    stage.expect_no_entry("code.missed")
    stage.check(len(stage.openings) == opened, "no door opened")
    stage.say("the recipient pays")
    await applied(stage, await stage.demo.backoffice.release(parcel.tracking_id))
    await stage.pick_up(parcel)


async def remote_opening(stage: Stage) -> None:
    """Three doors in ten minutes open from afar; the fourth only at the word of somebody on the spot."""
    labels = [box.label for box in stage.demo.plan.compartments][: REMOTE_OPENINGS + 2]
    for label in labels[:REMOTE_OPENINGS]:
        await _open_remotely(stage, label)
        await _see_opened_remotely(stage, label, spot=False)
    _, _, _, confirmed, lapsed = labels
    stage.say("the fourth")
    await _see_idle(stage)
    await _open_remotely(stage, confirmed)
    await stage.see_display(f"OK opens door {confirmed}. C leaves it shut.")
    await stage.expect_entry("opened.to-confirm", compartment=confirmed, operator=OPERATOR, reason=ASKED)
    stage.check(stage.automat.door(confirmed).pulses == 0, f"lock {confirmed} was not pulsed")
    stage.say("somebody stands there and wants it")
    await stage.type("OK")
    await _see_opened_remotely(stage, confirmed, spot=True)
    stage.say("and the fifth, with nobody there")
    await _see_idle(stage)
    await _open_remotely(stage, lapsed)
    await stage.see_display(f"OK opens door {lapsed}. C leaves it shut.")
    stage.move_clock(SPOT_CONFIRM_S, "nobody comes")
    await stage.see_display(f"Door {lapsed} stays shut.")
    await stage.expect_entry("opened.lapsed", compartment=lapsed, operator=OPERATOR)
    stage.check(stage.automat.door(lapsed).pulses == 0, f"lock {lapsed} was not pulsed")


async def block(stage: Stage) -> None:
    """A blocked compartment is offered to nobody; what lies in it can be collected; unblocked, it is used."""
    office, label = stage.demo.backoffice, stage.demo.plan.compartments[0].label
    courier = await hire(stage, "courier")
    (inside,) = await bring(stage, courier, await announce(stage))
    await applied(stage, await office.block_compartment(label, operator=OPERATOR, reason="graffiti"))
    await stage.expect_entry("compartment.blocked", compartment=label, operator=OPERATOR, reason="graffiti")
    await stage.pick_up(inside)
    stage.move_clock(REOPEN_WINDOW_S, "the compartment is empty for good")
    later = await announce(stage)
    await sign_in(stage, courier)
    stage.scan(parcel_of(later))
    await stage.see_display("No free compartment")
    await stage.expect_entry("deposit.refused", subject=later.tracking_id, reason="no-compartment")
    await applied(stage, await office.unblock_compartment(label, operator=OPERATOR))
    await stage.expect_entry("compartment.unblocked", compartment=label, operator=OPERATOR)
    stage.check(await is_free(stage, label), f"compartment {label} is free again")
    stored = await put_in(stage, later, typed=True)
    await sign_out(stage)
    await stage.pick_up(stored)


async def drain(stage: Stage) -> None:
    """An automat that is to run empty takes nothing and hands everything over."""
    await _takes_nothing_and_hands_over(stage, "drain")


async def evacuate_hands_over(stage: Stage) -> None:
    """An automat that is being emptied takes nothing, and still hands over what a recipient comes for."""
    await _takes_nothing_and_hands_over(stage, "evacuate")


async def frozen(stage: Stage) -> None:
    """A frozen automat opens for nobody but a technician; its time lengthens every deadline."""
    office = stage.demo.backoffice
    technician = await hire(stage, "technician")
    parcel = await stage.deliver()
    free = next(box.label for box in stage.demo.plan.compartments if box.label != parcel.compartment)
    await set_mode(stage, "frozen")
    opened = len(stage.openings)
    stage.say("the right code, and a right one of a courier")
    for code in (parcel.code, (await hire(stage, "courier", "courier 2")).code):
        await stage.type(f"C {code} OK")
        await stage.see_display("This automat is out of service.")
        await stage.expect_entry("code.refused", reason="frozen")
    command = await office.open_compartment(free, operator=OPERATOR, reason=ASKED)
    await stage.expect_entry("command.refused", id=command, reason="frozen")
    stage.check(len(stage.openings) == opened, "no door opened")
    stage.say("a technician opens a door")
    await sign_in(stage, technician)
    await stage.type("1")
    await stage.see_display("Type the number of the door, then OK.")
    await stage.type(f"{free} OK")
    await look_into(stage, free)
    await stage.type("1")
    await stage.expect_entry("opened.by-person", compartment=free, technician=technician.name)
    await sign_out(stage)
    stage.move_clock(HOUR_S, "it stays so for an hour")
    await set_mode(stage, "normal")
    longer = await stage.expect_entry("deadline.lengthened", subject=parcel.tracking_id)
    stage.check("mode frozen" in longer.data["reason"], f"its deadline is later: {longer.data['reason']}")
    await stage.pick_up(parcel)


async def redirect_once(stage: Stage) -> None:
    """A parcel that was redirected to this automat is not redirected again; another one is, once."""
    office = stage.demo.backoffice
    courier = await hire(stage, "courier")
    parcel, redirected = await bring(
        stage, courier, await announce(stage), await announce(stage, redirected=True)
    )
    command = await office.withdraw(redirected.tracking_id, ASKED, cause="redirect")
    await stage.expect_entry("command.refused", id=command, reason="already-redirected")
    await stage.pick_up(redirected)
    await applied(stage, await office.withdraw(parcel.tracking_id, ASKED, cause="redirect"))
    stage.say("a second wish comes too late")
    command = await office.withdraw(parcel.tracking_id, ASKED, cause="redirect")
    await stage.expect_entry("command.refused", id=command, reason="already-redirected")
    await type_wrong(stage, parcel.code)


async def withdrawn(stage: Stage) -> None:
    """The sender wants a parcel back: its code is one like any other; so is the code of one still to come."""
    parcel, coming = await stage.deliver(), await announce(stage)
    for tracking_id in (parcel.tracking_id, parcel_of(coming)):
        await applied(stage, await stage.demo.backoffice.withdraw(tracking_id, "the sender asked for it"))
    for code in (parcel.code, coming.code):
        await type_wrong(stage, code)
    courier = await hire(stage, "courier", "courier 2")
    stage.say("the courier brings it all the same")
    await sign_in(stage, courier)
    stage.scan(parcel_of(coming))
    await stage.see_display("Parcel withdrawn. Take it back.")
    await stage.expect_entry("deposit.refused", subject=coming.tracking_id)
    await sign_out(stage)


async def command_twice(stage: Stage) -> None:
    """A command that comes twice has one effect; one that comes too late has none."""
    office = stage.demo.backoffice
    once, late = (box.label for box in stage.demo.plan.compartments[:2])
    async with Spy(stage.demo.broker) as spy:
        command = await office.open_compartment(once, operator=OPERATOR, reason=ASKED)
        await _see_opened_remotely(stage, once, spot=False)
        stage.say("the same command comes again")
        await spy.repeat(await spy.until(lambda heard: heard.topic.endswith("/commands"), LIMIT_S, "it"))
    await stage.expect_entry("command.refused", id=command, reason="repeated")
    stage.check(stage.automat.door(once).pulses == 1, f"lock {once} was pulsed once")
    stage.say("the automat is switched off; a command for the next hour waits at the broker")
    await stage.kill_daemon()
    said = {"compartment": late, "operator": OPERATOR, "reason": ASKED}
    until = stage.demo.steering.now() + timedelta(seconds=HOUR_S)
    command = await office.command("compartment.open", said, not_after=until)
    await office.until(lambda office: office.sent(command), LIMIT_S, "the command at the broker")
    without_power(stage, 2 * HOUR_S)
    await stage.start_daemon()
    await stage.expect_entry("command.refused", id=command, reason="late")
    stage.check(stage.automat.door(late).pulses == 0, f"lock {late} was not pulsed")
    await stage.type("C")
    await stage.see_display("Type the code")


async def lengthening_refused(stage: Stage) -> None:
    """A recipient would like more time: the operator's terms do not allow it, and the deadline stands."""
    parcel = await stage.deliver()
    until = stage.demo.steering.now() + timedelta(days=20)
    command = await stage.demo.backoffice.lengthen(parcel.tracking_id, until)
    await stage.expect_entry("command.refused", id=command, reason="not-allowed-here")
    stage.expect_no_entry("deadline.lengthened")
    stage.move_clock(8 * 86_400, "nobody comes")
    await stage.expect_entry("parcel.overdue", subject=parcel.tracking_id)


async def set_mode(stage: Stage, mode: Mode) -> None:
    """Let customer service say what the automat may do."""
    stage.say(f"customer service sets the mode: {mode}")
    await applied(stage, await stage.demo.backoffice.set_mode(mode, operator=OPERATOR, reason=ASKED))
    await stage.expect_entry("mode.changed", after=mode, operator=OPERATOR)


async def type_wrong(stage: Stage, code: str) -> None:
    """Type a code that is one like any other; no door opens."""
    opened = len(stage.openings)
    await stage.type(f"C {code} OK")
    await stage.see_display("Code not recognised.")
    await stage.expect_entry("code.missed")
    stage.check(len(stage.openings) == opened, "no door opened")


async def _open_remotely(stage: Stage, label: str) -> None:
    stage.say(f"{OPERATOR} opens door {label} from afar")
    office = stage.demo.backoffice
    await applied(stage, await office.open_compartment(label, operator=OPERATOR, reason=ASKED))


async def _see_opened_remotely(stage: Stage, label: str, *, spot: bool) -> None:
    """Expect that a door opens from afar, with who and why; somebody shuts it."""
    await stage.expect_entry("opened.remotely", compartment=label, operator=OPERATOR, reason=ASKED, spot=spot)
    await stage.see_door(label, "open")
    stage.hand.push_shut(label)
    await stage.see_door(label, "shut")
    await stage.expect_entry("door.closed", purpose="remote", compartment=label)


async def _see_idle(stage: Stage) -> None:
    """Let the time pass in which a keypad shows news; it can be asked for a word then."""
    view = stage.automat.display(stage.display)
    stage.move_clock(ANSWER_S, "nobody stands there")
    await stage.automat.until(lambda: IDLE in view.text(), LIMIT_S, "the idle screen")


async def _takes_nothing_and_hands_over(stage: Stage, mode: Mode) -> None:
    courier = await hire(stage, "courier")
    (stored,) = await bring(stage, courier, await announce(stage))
    recipient, sender = await announce(stage), await expect_sender(stage)
    await set_mode(stage, mode)
    opened = len(stage.openings)
    await sign_in(stage, courier)
    await stage.type(f"{digits_of(recipient)} OK")
    await stage.see_display("No parcels can be left here now.")
    await stage.expect_entry("deposit.refused", subject=recipient.tracking_id, reason=mode)
    await sign_out(stage)
    await stage.type(f"C {sender.code} OK")
    await stage.see_display("No parcels can be left here now.")
    await stage.expect_entry("deposit.refused", subject=sender.tracking_id, reason=f"mode-{mode}")
    stage.check(len(stage.openings) == opened, "no door opened")
    stage.say("a recipient comes")
    await stage.pick_up(stored)
    await set_mode(stage, "normal")
    await drop_off(stage, sender)
