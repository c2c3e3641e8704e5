"""Stories of parts that go away and come back: the broker, the back office, a serial adapter."""

from simulator.stories.spy import Spy
from simulator.stories.stage import LIMIT_S, Stage

BACK_WITHIN_S = 5.0


async def broker_down(stage: Stage) -> None:
    """The broker is away during a pick-up: nobody at the automat notices; the receipt arrives later."""
    parcel = await stage.deliver()
    stage.say("the broker goes down")
    await stage.demo.broker.stop()
    await stage.type(f"C {parcel.code} OK")
    await stage.take_out(parcel, receipt=False)
    await stage.see_display("Thank you.")
    stage.expect_no_entry("parcel.handed-over")
    stage.say("the broker comes back")
    await stage.demo.broker.restart()
    await stage.expect_entry("parcel.handed-over", subject=parcel.tracking_id, grade="A", limit_s=2 * LIMIT_S)


async def broker_killed(stage: Stage) -> None:
    """The broker acknowledges a receipt, is killed and forgets it; the automat sends it again."""
    parcel = await stage.deliver()
    stage.say("the back office is closed; the broker still takes what the automat sends")
    await stage.demo.stop_backoffice()
    async with Spy(stage.demo.broker) as spy:
        await stage.type(f"C {parcel.code} OK")
        await stage.take_out(parcel, receipt=False)
        await spy.until(
            lambda message: b"automat.parcel.handed-over" in message.payload,
            LIMIT_S,
            "the receipt at the broker",
        )
    stage.seen("the broker has taken the receipt")
    stage.say("SIGKILL: the broker loses everything it had acknowledged")
    await stage.demo.broker.kill()
    await stage.demo.broker.restart(lose_everything=True)
    stage.say("the back office opens again")
    await stage.demo.start_backoffice()
    await stage.expect_entry("parcel.handed-over", subject=parcel.tracking_id, grade="A", limit_s=2 * LIMIT_S)


async def usb_unplugged(stage: Stage) -> None:
    """The adapter of the locks is pulled out and put back: the same process goes on within 5 s."""
    parcel = await stage.deliver()
    pid = stage.demo.daemon_pid
    line = stage.demo.plan.lines[0].id
    stage.say("somebody pulls the adapter of the locks out")
    stage.hand.unplug(line)
    await stage.expect_entry("incident.raised", incident="part-lost", about=f"line {line}")
    stage.say("the keypad still answers")
    await stage.type("C")
    await stage.see_display("Type the code and press OK.")
    stage.say("and puts it back")
    stage.hand.replug(line)
    await stage.expect_entry(
        "incident.cleared", incident="part-lost", about=f"line {line}", limit_s=BACK_WITHIN_S
    )
    stage.check(stage.demo.daemon_pid == pid, "it is the same process")
    await stage.pick_up(parcel)
    keypad = f"keypad-{stage.keypad}"
    stage.say("the same with the keypad's adapter")
    stage.hand.unplug(keypad)
    await stage.expect_entry("incident.raised", incident="keypad-faulty", about=stage.keypad)
    stage.hand.replug(keypad)
    await stage.expect_entry(
        "incident.cleared", incident="keypad-faulty", about=stage.keypad, limit_s=BACK_WITHIN_S
    )
    await stage.type("C")
    await stage.see_display("Type the code and press OK.")
