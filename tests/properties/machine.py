"""Everyone at the automat, the back office, doors, clocks and the power, in any order."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from locker.domain.commands import (
    AuthorisePerson,
    Cause,
    ExpectDropOff,
    Mode,
    OpenCompartment,
    RefusedCommand,
    SetMode,
    WithdrawParcel,
)
from locker.domain.events import (
    CommandReceived,
    CommandUnreadable,
    Door,
    Event,
    ForkReported,
    GoodsSeen,
    JournalAcknowledged,
    KeypadFaulted,
    KeypadRecovered,
    LabelScanned,
    PartLost,
    PartRestored,
    StorageChanged,
    Woke,
)
from locker.domain.keypad import Idle, Naming
from locker.domain.openings import Purpose
from locker.domain.parcels import Role
from locker.domain.times import Trust
from tests.properties import audits, carers, maintainers, states, technicians
from tests.properties import strategies as draw
from tests.properties.disturbances import INTERRUPTIONS, PARTS, all_is_well, interrupt
from tests.properties.people import CODES_BY_WHO, go_on
from tests.properties.world import RUBBISH, World

MOST_STEPS = 14
PEOPLE = st.lists(
    st.tuples(
        st.sampled_from((0, 1, 2, 3, 0, 0)), st.integers(0, 3), st.lists(draw.steps, min_size=8, max_size=24)
    ),
    min_size=2,
    max_size=5,
)
"""Who comes, which of them, and what they do."""


class Automat(RuleBasedStateMachine):
    """People, doors, clocks, power cuts and the back office, at random."""

    honest = True
    world: World

    @initialize(
        rules=st.integers(0, len(draw.RULES) - 1),
        stored=st.integers(0, 4),
        withdrawn=st.booleans(),
        sent=st.booleans(),
        suspect=st.booleans(),
        people=PEOPLE,
    )
    def begin(
        self,
        rules: int,
        stored: int,
        people: list[tuple[int, int, list[int]]],
        *,
        withdrawn: bool,
        sent: bool,
        suspect: bool,
    ) -> None:
        """Begin with some parcels, rights and doubts; without any where examples are shrunk."""
        self.world = World(draw.RULES[rules], honest=self.honest)
        self.expect_everything(count=stored + 1)
        if stored:
            self.somebody_comes(1, 0, "front", [0] * (4 * stored + 2))
        if withdrawn and stored:
            self.world.command(WithdrawParcel(draw.INBOUND[0], Cause.CANCEL, "a reason"))
        if sent:
            self.somebody_comes(2, 0, "side", [0] * 4)
        if suspect:
            self.world.open_door("5")
            self.world.shut_door("5")
        self.a_day_passes(people, 0)

    # -- people

    @rule(count=st.integers(1, 7))
    def expect_everything(self, count: int) -> None:
        """The back office announces parcels that were not here yet, and gives everybody a right."""
        world, now_at = self.world, self.world.now.wall_at
        fresh = [parcel for parcel in draw.INBOUND if parcel not in world.announced]
        for parcel in fresh[:count]:
            world.announced.add(parcel)
            world.command(draw.announcement(parcel))
        fresh = [parcel for parcel in draw.OUTBOUND if parcel not in world.announced]
        for parcel in fresh[:2]:
            code, until = draw.DROP_OFF_CODE_OF[parcel], now_at + timedelta(days=7)
            if world.command(ExpectDropOff(parcel, draw.tag(code), now_at, until, "S")) is None:
                world.announced.add(parcel)
        for holder, code in (*draw.COURIERS.items(), *draw.TECHNICIANS.items()):
            role = Role.TECHNICIAN if holder in draw.TECHNICIANS else Role.COURIER
            until = now_at + timedelta(days=365)
            world.command(AuthorisePerson(holder, role, draw.tag(code), now_at, until))

    @rule(
        who=st.integers(0, 4),
        which=st.integers(0, 3),
        keypad=draw.keypads,
        todo=st.lists(draw.steps, max_size=MOST_STEPS),
    )
    def somebody_comes(self, who: int, which: int, keypad: str, todo: list[int]) -> None:
        """Somebody types a code and goes through all that follows."""
        codes = CODES_BY_WHO[who]
        code = codes[which % len(codes)]
        if self.world.useless(code):  # somebody comes for whom there is something
            code = next((other for other in codes if not self.world.useless(other)), code)
        self.world.press(f"C {code} OK", keypad)
        self.somebody_goes_on(keypad, todo)

    @rule(
        mode=draw.modes,
        who=st.integers(0, 3),
        which=st.integers(0, 3),
        todo=st.lists(draw.steps, min_size=4, max_size=MOST_STEPS),
    )
    def somebody_comes_in_a_mode(self, mode: Mode, who: int, which: int, todo: list[int]) -> None:
        """The mode changes for as long as somebody is there."""
        self.expect_everything(count=1)
        self.world.press("C C C")
        self.world.command(SetMode(mode, "op-1", "a reason"))
        self.somebody_comes(who, which, "front", todo)
        self.world.command(SetMode(Mode.NORMAL, "op-1", "a reason"))

    @rule(keypad=draw.keypads, todo=st.lists(draw.steps, min_size=1, max_size=MOST_STEPS))
    def somebody_goes_on(self, keypad: str, todo: list[int]) -> None:
        """Whoever stands at a keypad does what comes next there, unless something comes in between."""
        for step in todo:
            if step >= INTERRUPTIONS:
                interrupt(self.world, keypad, step - INTERRUPTIONS)
            elif not go_on(self.world, keypad, step):
                return

    @rule(
        people=PEOPLE,
        hours=st.sampled_from((0, 0, 1, 24, 8 * 24)),
    )
    def a_day_passes(self, people: list[tuple[int, int, list[int]]], hours: int) -> None:
        """All is well again, and people come one after another."""
        all_is_well(self.world)
        self.expect_everything(count=3)
        self.somebody_comes(1, 0, "front", [0] * 12)
        for who, which, todo in people:
            keypad = draw.KEYPADS[which % 2]
            self.world.press("C C C", keypad)
            self.somebody_comes(who, which, keypad, todo)
            self.world.wait(3_600 * hours)

    @rule(
        kind=st.sampled_from(("1", "2", "5")),
        keypad=draw.keypads,
        todo=st.lists(draw.steps, min_size=3, max_size=MOST_STEPS),
    )
    def somebody_makes_a_round(self, kind: str, keypad: str, todo: list[int]) -> None:
        """A courier collects or looks into boxes, or a technician does."""
        self.world.press("C C 9999 OK 5" if kind == "5" else f"C C 7777 OK {kind} OK", keypad)
        self.somebody_goes_on(keypad, todo)

    @rule(keypad=draw.keypads, keys=st.lists(st.sampled_from(("OK", "C", *"0123579")), max_size=5))
    def somebody_presses_keys(self, keypad: str, keys: list[str]) -> None:
        """Somebody presses what comes to hand; honest people do not name a parcel that way."""
        for key in keys:
            known = self.world.automat.keypads.get(keypad)
            if not (self.honest and known is not None and isinstance(known.flow, Naming)):
                self.world.press(key, keypad)

    @rule(
        keypad=draw.keypads, count=st.integers(1, 12), keys=st.sampled_from(("0000", "5678", "1111", "9999"))
    )
    def somebody_guesses(self, keypad: str, count: int, keys: str) -> None:
        """Somebody types codes until the keypad has enough of it, then the right one."""
        for number in range(count):
            self.world.press(f"C {6000 + number} OK", keypad)
        self.world.press(f"C {keys} OK", keypad)

    @rule(keypad=draw.keypads, parcel=draw.parcels)
    def somebody_scans(self, keypad: str, parcel: str) -> None:
        """Somebody holds a label to the scanner."""
        known = self.world.automat.keypads.get(keypad)
        if not (self.honest and known is not None and isinstance(known.flow, Naming)):
            self.world.do(LabelScanned(keypad, parcel))

    # -- doors

    @rule(label=st.sampled_from(draw.LABELS), how=draw.choices)
    def a_pulse_comes_to_something(self, label: str, how: int) -> None:
        """A lock does, or does not do, what it was pulsed for."""
        self.world.pulse(label, how)

    @rule(label=st.sampled_from(draw.LABELS), shut=st.booleans(), forget=st.booleans())
    def a_door_moves(self, label: str, *, shut: bool, forget: bool) -> None:
        """A door springs open, or somebody shuts it."""
        if shut:
            self.world.shut_door(label, forget=forget)
        else:
            self.world.open_door(label)

    @rule(label=st.sampled_from(draw.LABELS), what=st.sampled_from((None, RUBBISH, *draw.PARCELS)))
    def hands_at_an_open_door(self, label: str, what: str | None) -> None:
        """Somebody takes or leaves something at a door that nobody fetches a parcel from."""
        opening = self.world.automat.openings.get(label)
        if opening is None or opening.purpose not in (Purpose.PICKUP, Purpose.REOPEN):
            if what is None:
                self.world.take(label)
            elif opening is None or opening.purpose is not Purpose.COLLECT:
                self.world.put(label, what)

    @rule(label=st.sampled_from(draw.LABELS), silent=st.booleans())
    def a_contact_falls_silent_or_answers(self, label: str, *, silent: bool) -> None:
        """A board does not answer, or does again."""
        self.world.silence(label, silent=silent)

    @rule(present=st.sampled_from((True, None, False)))
    def a_sensor_sees_what_is_not_there(self, *, present: bool | None) -> None:
        """A goods sensor is dirty, or silent, or clean again; it never misses what lies inside."""
        truly = bool(self.world.inside[draw.SENSED])
        self.world.do(GoodsSeen(draw.SENSED, truly if present is False else present))

    # -- wiring

    @rule(
        todo=st.lists(st.tuples(st.integers(0, technicians.KINDS), st.integers(0, 35)), max_size=8),
        ends=st.sampled_from(("write", "write", "end", "late", "leave")),
    )
    def a_technician_proves_wiring(self, todo: list[tuple[int, int]], ends: str) -> None:
        """Locks are tried at the local socket, well or badly; whatever comes in between."""
        technicians.begin(self.world)
        technicians.go_through(self.world, todo, ends)

    @rule(
        label=st.sampled_from(draw.LABELS),
        todo=st.lists(st.integers(0, maintainers.KINDS), min_size=3, max_size=12),
    )
    def a_technician_looks_into_a_box(self, label: str, todo: list[int]) -> None:
        """A door opens at the local socket, and somebody says what lies inside; or something else happens."""
        maintainers.look(self.world, label, todo)

    @rule(
        todo=st.lists(
            st.tuples(st.integers(0, carers.KINDS - 1), st.integers(0, 35)), min_size=2, max_size=10
        )
    )
    def technicians_look_after_incidents_and_keypads(self, todo: list[tuple[int, int]]) -> None:
        """Incidents are acknowledged and cleared, keypads released and tried; codes are typed meanwhile."""
        carers.look_after(self.world, todo)

    @rule(todo=st.lists(st.integers(0, audits.KINDS - 1), max_size=10))
    def a_round_of_all_compartments_goes_on(self, todo: list[int]) -> None:
        """Technicians look into one box after another, skip some, begin afresh, and end it."""
        audits.walk(self.world, todo)

    @rule(one=st.sampled_from(draw.LABELS), other=st.sampled_from(draw.LABELS))
    def cables_are_crossed(self, one: str, other: str) -> None:
        """Somebody swaps the cables of two locks."""
        opened_by = self.world.opened_by
        opened_by[one], opened_by[other] = opened_by[other], opened_by[one]

    @rule(mismatched=st.booleans())
    def a_board_is_another_or_the_right_one(self, *, mismatched: bool) -> None:
        """A board is replaced, or brought back."""
        self.world.mismatch(mismatched=mismatched)

    # -- the back office

    @rule(data=st.data(), envelope=draw.envelopes)
    def a_command_arrives(self, data: st.DataObject, envelope: str) -> None:
        """The back office wants something, good or bad; an old command may come again."""
        world, now_at = self.world, self.world.now.wall_at
        body = data.draw(draw.commands(now_at))
        match envelope:
            case "late":
                world.command(body, issued_at=now_at - timedelta(hours=2))
            case "foreign":
                world.command(body, automat_id="fi-9999")
            case "retained":
                world.command(body, retained=True)
            case "future":
                world.command(body, issued_at=now_at + timedelta(days=1))
            case "long":
                world.command(body, not_after=now_at + timedelta(days=31))
            case "repeated" if world.last_command is not None:
                world.do(world.last_command)
            case "reused" if world.last_command is not None:
                world.do(CommandReceived(replace(world.last_command.command, body=body, digest="f" * 64)))
            case _:
                world.command(body)

    @rule(label=draw.labels, count=st.integers(1, 4), how=draw.choices, empty=st.booleans())
    def the_back_office_opens_doors(self, label: str, count: int, how: int, *, empty: bool) -> None:
        """Customer service opens a door again and again; somebody on the spot may empty it."""
        for _ in range(count):
            self.world.command(OpenCompartment(label, "op-1", "a reason"))
            if label in self.world.pending:
                self.world.pulse(label, how)
                if empty:
                    self.world.take(label)
                self.world.shut_door(label)

    @rule(label=st.sampled_from(draw.LABELS), choice=draw.choices)
    def the_back_office_opens_a_door_all_day(self, label: str, choice: int) -> None:
        """More often than it may by itself, though never too often within ten minutes."""
        all_is_well(self.world)
        for _ in range(self.world.automat.rules.remote_openings_long + 1):
            self.world.command(OpenCompartment(label, "op-1", "a reason"))
            go_on(self.world, "front", choice)
            self.world.pulse(label, 0)
            self.world.shut_door(label)
            self.world.wait(301)

    @rule(mode=draw.modes)
    def the_mode_changes(self, mode: Mode) -> None:
        """The back office changes what the automat may do."""
        self.world.command(SetMode(mode, "op-1", "a reason"))

    @rule(data=st.data())
    def a_parcels_fate_changes(self, data: st.DataObject) -> None:
        """Withdrawn, registered, released, lengthened, or given another code."""
        self.world.command(data.draw(draw.changes(self.world.now.wall_at, tuple(self.world.automat.parcels))))

    @rule()
    def something_unreadable_arrives(self) -> None:
        """What cannot be a command is refused."""
        self.world.do(CommandUnreadable(RefusedCommand("malformed", "not JSON", "0" * 64)))

    @rule(fork=st.booleans())
    def the_back_office_takes_nothing(self, *, fork: bool) -> None:
        """It refuses every entry, or holds others."""
        world = self.world
        before = end = world.automat.journal_end
        for _ in range(3):
            refused = tuple((number, "no") for number in range(max(1, end - 9), end + 1))
            world.do(ForkReported(0, max(1, end)) if fork else JournalAcknowledged(0, end, refused))
            end = world.automat.journal_end
        # an alarm each at most, and what the clock brings
        assert end <= before + 2 + 2 * len(world.automat.parcels) + 4, "alarms breed alarms"

    @rule(beside_s=st.sampled_from((None, 0, 299, 301, -86_400)))
    def the_back_office_acknowledges(self, beside_s: int | None) -> None:
        """It has committed everything, and says what time it is there."""
        now_at = self.world.now.wall_at
        sent_at = None if beside_s is None else now_at + timedelta(seconds=beside_s)
        self.world.do(JournalAcknowledged(0, self.world.automat.journal_end, sent_at=sent_at))

    # -- time, power, hardware

    @rule(seconds=draw.seconds)
    def time_passes(self, seconds: int) -> None:
        """Both clocks run on."""
        self.world.wait(seconds)

    @rule(seconds=draw.long_seconds)
    def days_pass(self, seconds: int) -> None:
        """Both clocks run on for days."""
        self.world.wait(seconds)

    @rule(
        step_s=st.sampled_from((0, 0, 0, 59, 61, 3_600, 3_601, -61, 86_400, -86_400, 400 * 86_400)),
        trust=st.sampled_from(Trust),
    )
    def the_clock_jumps(self, step_s: int, trust: Trust) -> None:
        """The wall clock steps, or is believed more or less."""
        self.world.set_clock(self.world.now.wall_at + timedelta(seconds=step_s), trust)
        self.world.do(Woke())

    @rule(
        off_s=draw.off_s,
        powered_s=st.sampled_from((0, 0, 0, 30, 7_200)),
        trust=st.sampled_from((Trust.TRUSTED, Trust.TRUSTED, Trust.UNTRUSTED, Trust.HOLDOVER)),
        shut=st.booleans(),
        opens=st.booleans(),
        hands=st.sampled_from(("put", "take", "nothing")),
    )
    def the_power_is_cut(
        self, off_s: int, powered_s: int, trust: Trust, *, shut: bool, opens: bool, hands: str
    ) -> None:
        """All memory is lost; a lock pulsed last may open, and people finish what they were at."""
        world = self.world

        def meanwhile() -> None:
            for label in sorted(world.pending) if opens else ():
                world.open_door(label)
            for label, opening in sorted(world.automat.openings.items()):
                if hands == "put" and opening.purpose in (Purpose.DEPOSIT, Purpose.DROP_OFF):
                    world.put(label, str(opening.tracking_id))
                elif hands == "take":
                    world.take(label)
            for label in draw.LABELS if shut else ():
                world.shut_door(label)

        world.restart(off_s=off_s, powered_s=powered_s, trust=trust, meanwhile=meanwhile)

    @rule(
        box=st.sampled_from((None, None, "1", "3")),
        keypad=st.sampled_from((None, None, "front", "door-1")),
        contact=st.sampled_from((None, None, "1", "5")),
    )
    def the_configuration_changes(self, box: str | None, keypad: str | None, contact: str | None) -> None:
        """Another configuration, and a start with it."""
        no_contact = {*draw.BLIND, *([contact] if contact else [])}
        self.world.configure(without_box=box, without_keypad=keypad, no_contact=no_contact)
        self.world.restart(parts=frozenset(PARTS))

    @rule(part=st.sampled_from(PARTS), lost=st.booleans())
    def a_part_is_lost_or_restored(self, part: str, *, lost: bool) -> None:
        """A line, a board or a scanner."""
        outage = not part.startswith("scanner")
        self.world.do(PartLost(part, "silent", outage) if lost else PartRestored(part))

    @rule(keypad=st.sampled_from(("front", "side", "nowhere")), faulty=st.booleans())
    def a_keypad_fails_or_works_again(self, keypad: str, *, faulty: bool) -> None:
        """A key is stuck, or no longer."""
        event: Event = KeypadFaulted(keypad, "stuck") if faulty else KeypadRecovered(keypad)
        self.world.do(event)

    @rule(low=st.booleans())
    def the_disk_fills_or_empties(self, *, low: bool) -> None:
        """There is no room for entries, or there is again."""
        self.world.do(StorageChanged(low))

    @precondition(lambda self: self.world.automat.openings)
    @rule()
    def everybody_leaves(self) -> None:
        """All doors are shut and every flow times out: the truth and the journal must agree."""
        self.world.everybody_leaves()
        self.world.assert_nothing_is_lost()

    # -- what always holds

    @invariant()
    def all_that_must_hold_holds(self) -> None:
        """See `states`."""
        if hasattr(self, "world"):
            states.check(self.world)

    def teardown(self) -> None:
        """Give back every part and let an hour pass: nobody is left waiting, nothing open, nothing lost."""
        if not hasattr(self, "world"):
            return
        world = self.world
        if world.mismatched:
            world.mismatch(mismatched=False)
        if len(world.automat.compartments) < len(draw.LABELS) or world.no_contact != set(draw.BLIND):
            world.configure(without_box=None, without_keypad=None, no_contact=set(draw.BLIND))
            world.restart()
        world.everybody_leaves()
        states.check(world)
        world.assert_nothing_is_lost()
        automat = world.automat
        assert not automat.openings
        assert not automat.facts.commission, "nobody is served any more"
        assert all(isinstance(keypad.flow, Idle) for keypad in automat.keypads.values())
        assert all(box.door is not Door.OPEN for box in automat.compartments.values())
