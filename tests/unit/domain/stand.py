"""An automat on the test stand: the pure core with an argument for a clock, and people who use it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from immutables import Map

from locker.domain.attempts import Attempts
from locker.domain.automat import Automat, Change, Decision, Forgotten
from locker.domain.codes import Code, CodeKey
from locker.domain.commands import (
    AnnounceParcel,
    AuthorisePerson,
    Body,
    Command,
    CommandRecord,
    ExpectDropOff,
)
from locker.domain.compartments import Compartment, ContactKind, Fixture
from locker.domain.decide import decide
from locker.domain.draft import restore
from locker.domain.events import (
    CommandReceived,
    Door,
    DoorSeen,
    Event,
    Key,
    KeyPressed,
    PulseSent,
    Started,
    Woke,
)
from locker.domain.health import LockHealth
from locker.domain.incidents import Incident
from locker.domain.intents import Intent, Show, Unlock
from locker.domain.journal import Checkpoint, EarlierEpoch, Entry, EntryKind, Parked
from locker.domain.keypad import Keypad
from locker.domain.maintenance import Audit, Finding
from locker.domain.messages import Message, Text
from locker.domain.openings import Opening
from locker.domain.parcels import Credential, Parcel, Role, Seen
from locker.domain.rules import Identity, Rules
from locker.domain.times import NEVER_BEFORE, LastSeen, Now, Trust

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LONG_S = 2 * 86_400
IDENTITY = Identity("fi-0001", "Kallio 3", "0200 71000")
CODE_KEY = CodeKey(bytes(range(32)))


def fixtures(*, blind: Iterable[str] = ()) -> list[Fixture]:
    """Four small boxes, two large ones."""
    missing = frozenset(blind)
    return [
        Fixture(
            str(number),
            "S" if number <= 4 else "L",
            350,
            110 if number <= 4 else 400,
            600,
            column=0,
            row=number,
            contact=ContactKind.MISSING if str(number) in missing else ContactKind.FITTED,
        )
        for number in range(1, 7)
    ]


class Stand:
    """Plays events against `decide` and keeps everything that came out of it."""

    def __init__(
        self,
        rules: Rules | None = None,
        *,
        blind: Iterable[str] = (),
        bound_to: str | None = None,
        doors_with_keypads: Iterable[str] = (),
        boxes: list[Fixture] | None = None,
    ) -> None:
        self.now = Now(MONDAY, Trust.TRUSTED, 1_000.0)
        self.entries: list[Entry] = []
        self.intents: list[Intent] = []
        self.shown: list[Message] = []
        self.shown_at: dict[str, list[Message]] = {}
        self.unlocks: list[Unlock] = []
        self.stored: dict[tuple[type, str], Change] = {}
        self.commands = 0
        keypads = {"front": Keypad("front", bound_to=bound_to), "side": Keypad("side")}
        keypads |= {f"door-{label}": Keypad(f"door-{label}", bound_to=label) for label in doors_with_keypads}
        self.blank = Automat(IDENTITY, rules or Rules(), CODE_KEY, Map(keypads))
        self.boxes = self.all_boxes = boxes or fixtures(blind=blind)
        self.all_keypads = self.blank.keypads
        self.automat = restore(
            self.blank,
            compartments=[Compartment(box) for box in self.boxes],
            parcels=[],
            credentials=[],
            attempts=[],
            openings=[],
            incidents=[],
            commands=[],
            parked=[],
            seen=[],
            facts=self.blank.facts,
            last_seen=LastSeen(NEVER_BEFORE, trusted=False, powered_s=0.0),
        )
        self.doors = {box.label: Door.SHUT for box in self.boxes if box.contact is ContactKind.FITTED}
        self.do(Started(dict(self.doors)))

    # -- what happens

    def do(self, event: Event) -> Decision:
        """Decide one event and keep its consequences."""
        decision = decide(self.automat, event, self.now)
        self.automat = decision.automat
        self.entries += decision.entries
        self.intents += decision.intents
        for change in decision.changes:
            key = (
                (change.what, change.key) if isinstance(change, Forgotten) else (type(change), key_of(change))
            )
            self.stored[key] = change
        for intent in decision.intents:
            if isinstance(intent, Show):
                self.shown_at.setdefault(intent.keypad, []).append(intent.message)
                if intent.keypad == "front":
                    self.shown.append(intent.message)
            elif isinstance(intent, Unlock):
                self.unlocks.append(intent)
        return decision

    def says(self, text: Text, keypad: str = "front") -> bool:
        """Tell whether a keypad's display says this now."""
        return self.shown_at[keypad][-1].text is text

    def press(self, keys: str, keypad: str = "front") -> None:
        """Press keys written as "C 0242 OK"."""
        for word in keys.split():
            for key in [word] if word in ("C", "OK") else list(word):
                self.do(KeyPressed(keypad, Key(key)))

    def door(self, label: str, door: Door) -> None:
        """Let a door's contact say something."""
        self.doors[label] = door
        self.do(DoorSeen(label, door))

    def pulse_sent(self) -> str:
        """Let the last pulse leave the port; return its compartment."""
        last = self.unlocks[-1]
        self.do(PulseSent(last.compartment, last.number))
        return last.compartment

    def opens(self) -> str:
        """Let the last pulse leave and its door spring open; return its label."""
        label = self.pulse_sent()
        self.door(label, Door.OPEN)
        return label

    def opens_and_shuts(self) -> str:
        """Let the last pulsed door open and be shut again."""
        label = self.opens()
        self.door(label, Door.SHUT)
        return label

    def wait(self, seconds: float) -> None:
        """Let both clocks run on, waking the automat whenever it asked for it.

        Through days the clocks are written down once an hour, or a test would take half a minute.
        """
        rules = self.automat.rules
        if seconds > LONG_S:
            self.automat = replace(self.automat, rules=replace(rules, heartbeat_s=3600.0))
        self._wait(seconds)
        self.automat = replace(self.automat, rules=rules)

    def _wait(self, seconds: float) -> None:
        until_s = self.now.powered_s + seconds
        while True:
            due_s = self.automat.seconds_until_due(self.now)
            left_s = until_s - self.now.powered_s
            if due_s is None or due_s > left_s:
                self._run(left_s)
                return
            self._run(due_s)
            self.do(Woke())

    def set_clock(self, wall_at: datetime, trust: Trust = Trust.TRUSTED) -> None:
        """Set the wall clock without letting time pass."""
        self.now = replace(self.now, wall_at=wall_at, trust=trust)

    def power_cut(self, *, off_s: float = 0.0, trust: Trust = Trust.TRUSTED, started: bool = True) -> None:
        """Lose all memory; keep what was committed; come up again after `off_s` without power."""
        self.now = replace(self.now, wall_at=self.now.wall_at + timedelta(seconds=off_s), trust=trust)
        self.automat = self.reloaded()
        if started:
            labels = {box.label for box in self.boxes}
            gone = tuple(sorted(box.label for box in self._all(Compartment) if box.label not in labels))
            doors = {label: door for label, door in self.doors.items() if label in labels}
            self.do(Started(doors, not_configured=gone))

    def reconfigured(self, *, without_box: str | None = None, without_keypad: str | None = None) -> None:
        """Restart with a box or a keypad taken out of the configuration; without either, with all of them."""
        self.boxes = [box for box in self.all_boxes if box.label != without_box]
        keypads = self.all_keypads if without_keypad is None else self.all_keypads.delete(without_keypad)
        self.blank = replace(self.blank, keypads=keypads)
        self.power_cut()

    def reloaded(self) -> Automat:
        """Return the state as it would be read back from what was committed."""
        seen = self._one(LastSeen) or LastSeen(NEVER_BEFORE, trusted=False, powered_s=0.0)
        boxes = {box.label: box for box in self._all(Compartment)}
        labels = {box.label for box in self.boxes}
        return restore(
            replace(self.blank, epoch=self.automat.epoch, journal_end=self.automat.journal_end),
            compartments=[boxes.get(box.label, Compartment(box)) for box in self.boxes],
            parcels=self._all(Parcel),
            credentials=self._all(Credential),
            attempts=self._all(Attempts),
            openings=[each for each in self._all(Opening) if each.compartment in labels],
            incidents=self._all(Incident),
            commands=self._all(CommandRecord),
            parked=[each for each in self._all(Parked) if each.epoch == self.automat.epoch],
            earlier_epochs=self._all(EarlierEpoch),
            checkpoints=self._all(Checkpoint),
            seen=self._all(Seen),
            locks=self._all(LockHealth),
            audit=self._one(Audit),
            findings=self._all(Finding),
            facts=self._one(type(self.automat.facts)) or self.blank.facts,
            last_seen=seen,
        )

    # -- people and the back office

    def command(self, body: Body, **envelope: Any) -> str | None:
        """Send a command; return the reason if it was refused."""
        self.commands += 1
        issued_at = envelope.pop("issued_at", self.now.wall_at)
        command = Command(
            command_id=envelope.pop("command_id", f"command-{self.commands}"),
            kind=type(body).__name__,
            automat_id=envelope.pop("automat_id", IDENTITY.automat_id),
            issued_at=issued_at,
            not_after=envelope.pop("not_after", issued_at + timedelta(hours=1)),
            digest=envelope.pop("digest", f"{self.commands:064d}"),
            body=body,
            **envelope,
        )
        decision = self.do(CommandReceived(command))
        refusals = [entry for entry in decision.entries if entry.kind is EntryKind.COMMAND_REFUSED]
        return refusals[0].data["reason"] if refusals else None

    def announce(
        self, tracking_id: str, code: str | None = "024204", *, size: str = "S", recipient: str | None = None
    ) -> str | None:
        """Announce a parcel."""
        tag = CODE_KEY.tag(Code(code)) if code is not None else None
        return self.command(AnnounceParcel(tracking_id, size, tag, recipient))

    def expect_drop_off(
        self,
        tracking_id: str = "JJFI65432110000070774",
        code: str = "515151",
        *,
        size: str = "S",
        valid_for: timedelta = timedelta(days=7),
    ) -> str | None:
        """Let a sender leave a parcel from now on."""
        now_at = self.now.wall_at
        tag = CODE_KEY.tag(Code(code))
        return self.command(ExpectDropOff(tracking_id, tag, now_at, now_at + valid_for, size))

    def drop_off(
        self,
        tracking_id: str = "JJFI65432110000070774",
        code: str = "515151",
        *,
        size: str = "S",
        keypad: str = "front",
    ) -> str:
        """Expect a parcel of a sender and let the sender leave it; return the label."""
        assert self.expect_drop_off(tracking_id, code, size=size) is None
        self.press(f"C {code} OK", keypad)
        if self.unlocks[-1].compartment in self.doors:
            label = self.opens_and_shuts()
        else:
            label = self.pulse_sent()
            self.press("OK", keypad)
        self.press("OK", keypad)
        return label

    def sign_in_courier(self, code: str = "7777", *, keypad: str = "front") -> None:
        """Authorise a courier, if need be, and let her sign in."""
        if "c-1" not in self.automat.credentials:
            body = AuthorisePerson(
                "c-1",
                Role.COURIER,
                CODE_KEY.tag(Code(code)),
                self.now.wall_at,
                self.now.wall_at + timedelta(days=365),
            )
            assert self.command(body) is None
        self.press(f"C {code} OK", keypad)

    def sign_in_technician(
        self,
        code: str = "9999",
        *,
        holder: str = "t-1",
        keypad: str = "front",
        lasts: timedelta = timedelta(days=365),
    ) -> None:
        """Authorise a technician, if need be, and let him sign in."""
        if holder not in self.automat.credentials:
            until = self.now.wall_at + lasts
            tag = CODE_KEY.tag(Code(code))
            assert (
                self.command(AuthorisePerson(holder, Role.TECHNICIAN, tag, self.now.wall_at, until)) is None
            )
        self.press(f"C {code} OK", keypad)

    def deliver(
        self,
        tracking_id: str = "JJFI65432110000070773",
        code: str = "024204",
        *,
        recipient: str | None = None,
        size: str = "S",
        keypad: str = "front",
    ) -> str:
        """Announce a parcel and put it into a compartment; return the label."""
        assert self.announce(tracking_id, code, recipient=recipient, size=size) is None
        self.sign_in_courier(keypad=keypad)
        self.press(f"{tracking_id[-8:]} OK", keypad)
        if self.unlocks[-1].compartment in self.doors:
            label = self.opens_and_shuts()
        else:
            label = self.pulse_sent()
            self.press("OK", keypad)
        self.press("OK C", keypad)
        self.wait(31)
        return label

    # -- what became of it

    def kinds(self) -> list[EntryKind]:
        """The kinds of all entries so far."""
        return [entry.kind for entry in self.entries]

    def last(self, kind: EntryKind) -> Entry:
        """The last entry of a kind."""
        return next(entry for entry in reversed(self.entries) if entry.kind is kind)

    def count(self, kind: EntryKind) -> int:
        """How many entries of a kind there are."""
        return self.kinds().count(kind)

    def parcel(self, tracking_id: str = "JJFI65432110000070773") -> Parcel:
        """A parcel as it is now."""
        return self.automat.parcels[tracking_id]

    def box(self, label: str) -> Compartment:
        """A compartment as it is now."""
        return self.automat.compartments[label]

    def _run(self, seconds: float) -> None:
        self.now = Now(
            self.now.wall_at + timedelta(seconds=seconds), self.now.trust, self.now.powered_s + seconds
        )

    def _all(self, what: type[Any]) -> list[Any]:
        return [value for (kind, _), value in self.stored.items() if kind is what and isinstance(value, what)]

    def _one(self, what: type[Any]) -> Any:
        return next(iter(self._all(what)), None)


def key_of(change: Any) -> str:
    """The key under which a durable thing is kept."""
    for name in ("tracking_id", "holder", "keypad", "command_id", "number", "sequence", "tag", "epoch"):
        if not isinstance(change, Compartment | Opening | Finding) and hasattr(change, name):
            return str(getattr(change, name))
    if isinstance(change, Compartment):
        return change.label
    return change.compartment if isinstance(change, Opening | LockHealth | Finding) else ""


def value_shown(stand: Stand, name: str) -> str:
    """A value of what the front display says now."""
    return dict(stand.shown[-1].values)[name]


def guarded(*keypads: str) -> Stand:
    """Return an automat whose keypads have seen too many wrong codes; one token is left at each."""
    stand = Stand(Rules(misses_guard=3, tokens=4, misses_alarm=1))
    stand.deliver(code="024204")
    for keypad in keypads:
        stand.press("C 1111 OK C 2222 OK C 3333 OK", keypad)
        assert stand.automat.attempts[keypad].guarded
    return stand
