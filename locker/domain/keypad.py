"""A keypad and the person at it: what was typed, and which flow the keys belong to. Never durable."""

from dataclasses import dataclass

from locker.domain.events import Key


@dataclass(frozen=True, slots=True, repr=False)
class Typed:
    """Digits typed after C; `overflow` when there were more than any code has."""

    digits: str = ""
    overflow: bool = False

    def __repr__(self) -> str:
        """Show how many digits there are and nothing more."""
        return f"Typed({len(self.digits)} digits)"

    def with_digit(self, key: Key, most: int) -> "Typed":
        """Return the entry with one digit more, bounded."""
        if len(self.digits) >= most:
            return Typed(self.digits, overflow=True)
        return Typed(self.digits + key.value, self.overflow)


@dataclass(frozen=True, slots=True)
class Idle:
    """Nobody is known to stand here."""


@dataclass(frozen=True, slots=True)
class Entering:
    """C was pressed: a code is being typed."""

    typed: Typed = Typed()


@dataclass(frozen=True, slots=True)
class Answering:
    """An answer is on the display; C starts anew at any moment."""


@dataclass(frozen=True, slots=True)
class PickingUp:
    """A recipient's doors open one after another; `waiting` are the parcels still to come."""

    compartment: str
    waiting: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivering:
    """A courier is signed in and types tracking ids."""

    courier_id: str
    typed: Typed = Typed()


@dataclass(frozen=True, slots=True)
class Depositing:
    """A courier's parcel is on its way into a compartment."""

    courier_id: str
    compartment: str
    tracking_id: str


@dataclass(frozen=True, slots=True)
class Confirming:
    """The door was shut again: the courier says with OK that the parcel lies inside."""

    courier_id: str
    compartment: str
    tracking_id: str


Flow = Idle | Entering | Answering | PickingUp | Delivering | Depositing | Confirming


@dataclass(frozen=True, slots=True)
class Keypad:
    """One keypad; `bound_to` is the only compartment whose codes match here, None for the whole automat.

    `due_s` is the powered time at which the present flow gives up; `misses_in_a_row` counts the wrong
    codes since the last right one, for the customer-service number.
    """

    name: str
    bound_to: str | None = None
    flow: Flow = Idle()
    due_s: float | None = None
    misses_in_a_row: int = 0
    fault: str | None = None
