"""What is really so: what lies in each box, which doors stand open, and whether people tell the truth.

The automat never sees this. A key that says something untrue is not pressed by honest people; where others
press it, the box and the parcel it speaks of are `tainted`, and nothing is asked of the automat for them.
"""

from collections.abc import Callable
from dataclasses import replace

from locker.domain.automat import Decision
from locker.domain.compartments import Compartment, Condition, ContactKind
from locker.domain.events import (
    CommandReceived,
    Door,
    DoorSeen,
    Event,
    GoodsSeen,
    Key,
    KeyPressed,
    LockTimed,
    PulseNotSent,
    PulseRefused,
    PulseSent,
    Started,
    WiringMatched,
    WiringMismatched,
)
from locker.domain.intents import StopTrying, TryLock, Unlock
from locker.domain.journal import EntryKind
from locker.domain.keypad import (
    Choice,
    Confirming,
    ConfirmingRemoval,
    ConfirmingSending,
    Depositing,
    Judging,
    Sending,
)
from locker.domain.openings import Purpose, Stage
from locker.domain.parcels import Direction, ParcelState
from locker.domain.rules import Rules
from locker.domain.times import Trust
from tests.properties.invariants import EVIDENCED, Judge
from tests.properties.strategies import BLIND, LABELS, SENSED, tag

RUBBISH = "rubbish"
SAYS_EMPTY = (Choice.BIGGER, Choice.CANCEL)
FOUND = (EntryKind.PARCEL_STORED, EntryKind.PARCEL_DROPPED_OFF, EntryKind.PARCEL_FOUND)


class World(Judge):
    """An automat, its boxes as they are, and the hands of people."""

    down = False

    def __init__(self, rules: Rules, *, honest: bool) -> None:
        """Begin with every box empty and every door shut."""
        self.honest = honest
        self.inside: dict[str, list[str]] = {label: [] for label in LABELS}
        self.ajar: dict[str, bool] = dict.fromkeys(LABELS, False)
        self.silent: set[str] = set()
        self.no_contact = set(BLIND)
        self.pending: dict[str, int] = {}
        self.jammed: set[str] = set()
        self.dead: set[str] = set()
        self.in_hand: set[str] = set()
        self.tainted: set[str] = set()
        self.announced: set[str] = set()
        self.output_of = {label: label for label in LABELS}
        self.opened_by = {label: label for label in LABELS}
        self.misled: dict[str, str] = {}
        self.unlooked: set[str] = set()
        self.trial: TryLock | None = None
        self.mismatched = False
        self.last_command: CommandReceived | None = None
        super().__init__(rules)

    # -- the automat

    def do(self, event: Event) -> Decision:
        """Decide one event; see what of it can be false by what people do."""
        decision = super().do(event)
        if isinstance(event, CommandReceived):
            self.last_command = event
        for intent in decision.intents:
            if isinstance(intent, Unlock):
                self.pending[intent.compartment] = intent.number
            elif isinstance(intent, TryLock):
                self.trial = intent
            elif isinstance(intent, StopTrying):
                self.trial = None
        self._judge_wiring(decision)
        for entry in decision.entries:
            label = entry.data.get("compartment", "")
            if entry.kind is EntryKind.PARCEL_HANDED_OVER and self.inside[label]:
                assert label != SENSED or self.automat.compartments[label].goods is not True
                self.taint(label)  # the recipient left it there, or no contact saw that nothing opened
            if entry.kind in FOUND and entry.data.get("found") and entry.subject not in self.inside[label]:
                self.taint(label, str(entry.subject))
        self._nothing_offered_holds_anything()
        return decision

    def _judge_wiring(self, decision: Decision) -> None:
        """See that no other door is evidence, and that boxes opened in a commission are looked into."""
        for entry in decision.entries:
            label = entry.data.get("compartment", "")
            if entry.kind is EntryKind.PULSE_INTENDED and entry.data["purpose"] != "commission":
                self.unlooked.discard(label)
                if entry.data["number"] == 1:
                    self.misled.pop(label, None)
            if entry.kind in EVIDENCED:
                assert label not in self.misled, f"a receipt, though {self.misled[label]} opened instead"
        for label in self.unlooked.intersection(self.automat.compartments):
            box = self.automat.compartments[label]
            assert box.condition is not Condition.SOUND, f"{label} was opened, and nobody has looked"

    def _nothing_offered_holds_anything(self) -> None:
        for label, box in self.automat.compartments.items():
            if box.free and self.inside[label] and not self.doubtless_false(label):
                raise AssertionError(f"{label} is offered and holds {self.inside[label]}")

    def doubtless_false(self, label: str) -> bool:
        """Whether somebody has said something untrue about a box or what lies in it."""
        return label in self.tainted or bool(self.tainted.intersection(self.inside[label]))

    # -- people at keypads

    def press(self, keys: str, keypad: str = "front") -> None:
        """Press keys; honest people do not press one that says something untrue."""
        for word in keys.split():
            for key in [word] if word in ("C", "OK") else list(word):
                self.key(keypad, Key(key))

    def key(self, keypad: str, key: Key) -> None:
        """Press one key."""
        if keypad in self.automat.keypads:
            false = self.untrue(keypad, key)
            if false is not None and self.honest:
                return
            if false is not None:
                self.taint(*false)
        self.do(KeyPressed(keypad, key))

    def untrue(self, keypad: str, key: Key) -> tuple[str, ...] | None:
        """Return the box and the parcels of which this key would say something untrue, else None."""
        flow = self.automat.keypads[keypad].flow
        label = getattr(flow, "compartment", "") or ""
        if label not in self.inside:
            return None
        inside = self.inside[label]
        match flow, key:
            case ((Confirming() | ConfirmingSending()), Key.OK) if flow.tracking_id not in inside:
                return (label, flow.tracking_id)
            case ((Confirming() | ConfirmingSending()), Key.D1) if inside:
                return (label, *inside)
            case ConfirmingRemoval(), (Key.OK | Key.D1) if inside:
                return (label, *inside)
            case ConfirmingRemoval(), Key.D2 if flow.tracking_id not in inside:
                return (label, flow.tracking_id)
            case Judging(), Key.D1 if inside:
                return (label, *inside)
            case Judging(), Key.D2:
                parcel = self.automat.parcels.get(self.automat.compartments[label].tracking_id or "")
                expected = parcel is not None and parcel.inside
                if expected and parcel is not None and parcel.tracking_id not in inside:
                    return (label, parcel.tracking_id)
                return (label, *inside) if expected and len(inside) > 1 else None
            case ((Depositing() | Sending()), Key.OK) if flow.choice in SAYS_EMPTY and inside:
                opening = self.automat.openings.get(label)
                return (label, *inside) if opening is not None and opening.stage is Stage.BLIND else None
            case _:
                return None

    def useless(self, code: str) -> bool:
        """Whether nothing is known here for which somebody would type this code."""
        waits = {
            Direction.INBOUND: (ParcelState.STORED, ParcelState.OVERDUE, ParcelState.COLLECTED),
            Direction.OUTBOUND: (ParcelState.ANNOUNCED,),
        }
        key = tag(code)
        opens = any(parcel.state in waits[parcel.direction] for parcel in self.automat.parcels_with(key))
        return not opens and key not in self.automat.holder_of_tag

    # -- hands, doors and locks

    def put(self, label: str, what: str) -> None:
        """Put something into a box whose door stands open; a parcel is in one place only."""
        witness = self.witnesses.get(label)
        # Nobody sees a door that stands ajar without a contact: nothing is put where no lock was pulsed.
        pulsed = witness is not None and witness.sent and label in self.automat.openings
        if label in self.no_contact and not self.down and not pulsed:
            return
        if self.automat.facts.commission and self.ajar[label] and not self.down:
            self.taint(label)  # the technician who stands there has let it happen
        if self.ajar[label] and not any(what in inside for inside in self.inside.values()):
            self.inside[label].append(what)
            self.in_hand.discard(what)
            self._sense(label)

    def take(self, label: str) -> None:
        """Take everything out of a box whose door stands open."""
        if self.ajar[label]:
            self.in_hand.update(self.inside[label])
            self.inside[label] = []
            self._sense(label)

    def open_door(self, label: str) -> None:
        """Let a door open, by its lock, by force or by age."""
        self.ajar[label] = True
        self.misled.pop(label, None)  # it opened as well
        seen = label in self.doors and label not in self.silent and not self.mismatched and not self.down
        self._tell(label)
        box = self.automat.compartments.get(label)
        if seen and box is not None and box.tracking_id is not None and self.automat.facts.commission:
            self.unlooked.add(label)
            assert box.condition is not Condition.SOUND, f"{label} was opened while its wiring was proved"

    def shut_door(self, label: str, *, forget: bool = False) -> None:
        """Push a door shut; who has said that the box is empty has emptied it, recipients take their parcel.

        Who forgets to leaves it there, and then what they said, or what they came for, was untrue.
        """
        if not self.ajar[label]:
            return
        opening = self.automat.openings.get(label)
        fetched = opening is not None and opening.purpose in (Purpose.PICKUP, Purpose.REOPEN)
        if (fetched and not forget) or (self._said_empty(label) and (self.honest or not forget)):
            self.take(label)
        self.ajar[label] = False
        self._tell(label)

    def pulse(self, label: str, how: int) -> None:
        """Let a lock be pulsed: 6 it jams; 7 no pulse left; 8 it opens before it is told; else it opens."""
        number = self.pending.pop(label, None)
        if number is None:
            return
        if how == 7 or (label in self.dead and number > 1) or self.mismatched:
            self.dead.add(label)
            self.do(PulseNotSent(label, number, "the line is down"))
            return
        self.dead.discard(label)
        if how == 8 and label not in self.jammed:
            self._spring(label)
        self.do(PulseSent(label, number))
        if how == 9:
            self.do(PulseRefused(label, number, "cooling down"))
        if how == 6:
            self.jammed.add(label)
        elif how != 8 and label not in self.jammed:
            self._spring(label)
        elif how < 4 and number == self.automat.rules.pulses:
            self.jammed.discard(label)  # until the next time

    def _spring(self, label: str) -> None:
        """Let the lock that is wired to a door's output open its door, whichever that is."""
        opened = self.opened_by[self.output_of[label]]
        was = self.automat.compartments.get(opened)
        opening = self.automat.openings.get(label)
        seen = (
            opened != label
            and was is not None
            and was.door is Door.SHUT
            and opened in self.doors
            and opened not in self.automat.openings
            and not self.automat.facts.commission
            and self._contact(opened) is Door.SHUT
            and opening is not None
            and opening.stage in (Stage.WAITING, Stage.BLIND)
            and opening.pulses_sent > 0
        )
        if seen and not self.ajar[label]:
            self.misled[label] = opened
        self.open_door(opened)
        if opened == label and self._contact(label) is Door.OPEN and label in self.automat.compartments:
            self.do(LockTimed(label, 0.2 + self.now.powered_s % 1))

    def mismatch(self, *, mismatched: bool) -> None:
        """Let the board be another than was proved: nobody knows what its contacts mean; or the right one."""
        self.mismatched = mismatched
        self.do(WiringMismatched("board A", "another serial") if mismatched else WiringMatched("board A"))
        for label in LABELS:
            self._tell(label)

    def silence(self, label: str, *, silent: bool) -> None:
        """Let a door's contact stop answering, or answer again."""
        if silent:
            self.silent.add(label)
        else:
            self.silent.discard(label)
        self._tell(label)

    # -- power and configuration

    def restart(
        self,
        *,
        off_s: float = 0.0,
        powered_s: float = 0.0,
        trust: Trust = Trust.TRUSTED,
        parts: frozenset[str] | None = None,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> None:
        """Lose all memory; doors and hands go on unseen; come up again and read every door."""
        before = len(self.unlocks)
        self.storage.went_down(self.automat, self.now)
        self.now = replace(self.now, powered_s=self.now.powered_s + powered_s)
        self.down = True
        meanwhile()
        self.down = False
        self.pending.clear()
        self.trial = None
        for label in self.doors:
            self.doors[label] = self._contact(label)
        self.power_cut(off_s=off_s + powered_s, trust=trust, started=False)
        kept = {box.label for box in self._all(Compartment)}
        gone = tuple(sorted(kept.difference(self.automat.compartments)))
        doors = {label: self._contact(label) for label in self.automat.compartments if label in self.doors}
        self.do(Started(doors, not_configured=gone, parts=parts, wiring_map="ab" * 32))
        assert len(self.unlocks) == before, "a pulse at start-up"
        self._sense(SENSED)

    def configure(self, *, without_box: str | None, without_keypad: str | None, no_contact: set[str]) -> None:
        """Write another configuration; it holds from the next start on."""
        self.no_contact = no_contact
        self.boxes = [
            replace(box, contact=ContactKind.MISSING if box.label in self.no_contact else ContactKind.FITTED)
            for box in self.all_boxes
            if box.label != without_box
        ]
        keypads = self.all_keypads if without_keypad is None else self.all_keypads.delete(without_keypad)
        self.blank = replace(self.blank, keypads=keypads)
        for box in self._all(Compartment):  # the database has no fixtures: they are the configuration's
            known = {fixture.label: fixture for fixture in self.boxes}.get(box.label, box.fixture)
            self.stored[Compartment, box.label] = replace(box, fixture=known)
        self.doors = {label: self._contact(label) for label in LABELS if label not in self.no_contact}

    def everybody_leaves(self) -> None:
        """All contacts answer, every door is shut, and an hour passes."""
        for label in LABELS:
            self.silence(label, silent=False)
            self.shut_door(label)
        self.wait(3_600)
        for label in LABELS:  # late doors may have opened once more
            self.shut_door(label)
        self.wait(3_600)

    # -- the truth

    def assert_nothing_is_lost(self) -> None:
        """What lies in a box is known to, what is known to lie there does, or somebody must look."""
        for label, inside in self.inside.items():
            box = self.automat.compartments.get(label)
            if box is None or self.doubtful(label) or self.doubtless_false(label):
                continue
            known = self.automat.parcels.get(box.tracking_id or "")
            expected = [known.tracking_id] if known is not None and known.inside else []
            if set(expected) & self.tainted:
                continue
            assert inside == expected, f"{label} holds {inside}, the automat believes {expected}"

    def doubtful(self, label: str) -> bool:
        """Whether somebody has to look, or is told to."""
        about = any(where == label for _, where in self.automat.open_matters)
        return about or self.automat.compartments[label].condition is not Condition.SOUND

    def taint(self, label: str, *parcels: str) -> None:
        """Ask nothing of the automat any more for a box and what lies in it: somebody told an untruth."""
        self.tainted.update({label, *self.inside[label], *parcels})

    def _said_empty(self, label: str) -> bool:
        """Whether somebody in front of this door has chosen what leaves it empty."""
        opening = self.automat.openings.get(label)
        keypad = None if opening is None else self.automat.keypads.get(opening.keypad)
        flow = None if keypad is None else keypad.flow
        at_it = isinstance(flow, Depositing | Sending) and flow.compartment == label
        return at_it and isinstance(flow, Depositing | Sending) and flow.choice in SAYS_EMPTY

    def _contact(self, label: str) -> Door:
        if label in self.silent or self.mismatched:
            return Door.UNKNOWN
        return Door.OPEN if self.ajar[label] else Door.SHUT

    def _tell(self, label: str) -> None:
        door = self._contact(label)
        if label in self.doors:
            self.doors[label] = door
        if door is Door.SHUT and self._said_empty(label) and self.inside[label]:
            self.taint(label)
        if not self.down and label in self.doors and label in self.automat.compartments:
            self.do(DoorSeen(label, door))

    def _sense(self, label: str) -> None:
        if label == SENSED and not self.down:
            self.do(GoodsSeen(label, bool(self.inside[label])))
