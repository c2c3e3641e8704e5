"""The counter of customer service: what somebody there may do, and who gets which code by it.

Every deed is one command of the back office; the journal tells what became of it.
"""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import get_args

from simulator.backoffice.entries import Entry
from simulator.backoffice.office import BackOffice
from simulator.backoffice.orders import Cause, Mode
from simulator.people import Person, new_code, new_tracking_id

CAUSES: dict[str, Cause] = {cause: cause for cause in get_args(Cause)}
MODES: dict[str, Mode] = {mode: mode for mode in get_args(Mode)}
CASH_ON_DELIVERY = "cash-on-delivery"


class Counter:
    """Everything returns as soon as the command is written down, with the command's id.

    A cause or mode that there is not raises KeyError.
    """

    def __init__(
        self,
        office: Callable[[], BackOffice],
        people: list[Person],
        dice: random.Random,
        changed: Callable[[], None],
    ) -> None:
        """`people` is kept up to date in place, and `changed` is called then."""
        self._office = office
        self._people = people
        self._dice = dice
        self._changed = changed
        self._new_codes: dict[str, tuple[str, str]] = {}  # command id -> (tracking id, code)

    @property
    def registering(self) -> bool:
        """Whether the back office registers what senders leave, as soon as it hears of it."""
        return self._office().conduct.register_drop_offs

    # -- parcels

    async def announce(
        self,
        size: str,
        *,
        services: tuple[str, ...] = (),
        tracking_id: str | None = None,
        name: str | None = None,
        code: str | None = None,
        recipient: str | None = None,
    ) -> str:
        """Announce a parcel to a new recipient; one that stands here already gets its code so."""
        tracking_id = tracking_id or new_tracking_id(self._people)
        code = code or new_code(self._people, self._dice)
        name = name or self._next_name("recipient")
        command = await self._office().announce(
            tracking_id, size, code=code, recipient=recipient, services=services
        )
        unpaid = CASH_ON_DELIVERY in services
        self._add(Person("recipient", name, code, tracking_id, f"C {code} OK", unpaid=unpaid))
        return command

    async def expect_drop_off(self, size: str, *, name: str | None = None) -> str:
        """Give a new sender a drop-off code."""
        tracking_id, code = new_tracking_id(self._people), new_code(self._people, self._dice)
        command = await self._office().expect_drop_off(tracking_id, size, code=code)
        self._add(Person("sender", name or self._next_name("sender"), code, tracking_id, f"C {code} OK"))
        return command

    async def replace_code(self, tracking_id: str) -> str:
        """Give a parcel another code; its person has it once the automat has applied that."""
        code = new_code(self._people, self._dice)
        command = await self._office().replace_code(tracking_id, code=code)
        self._new_codes[command] = tracking_id, code
        return command

    async def pay(self, tracking_id: str) -> str:
        """Take the cash that was to be paid on delivery."""
        return await self._office().release(tracking_id)

    async def withdraw(self, tracking_id: str, cause: str) -> str:
        """Send a parcel elsewhere, or back."""
        return await self._office().withdraw(tracking_id, "somebody asked for it", cause=CAUSES[cause])

    async def let_register(self, *, on: bool) -> None:
        """Let the back office register drop-offs again, what it has missed too, or no more."""
        self._office().let_register(on=on)

    # -- the automat

    async def open(self, label: str, operator: str, reason: str) -> str:
        """Open one compartment from afar."""
        return await self._office().open_compartment(label, operator=operator, reason=reason)

    async def block(self, label: str, operator: str, reason: str) -> str:
        """Take a compartment out of use."""
        return await self._office().block_compartment(label, operator=operator, reason=reason)

    async def unblock(self, label: str, operator: str) -> str:
        """Take it into use again."""
        return await self._office().unblock_compartment(label, operator=operator)

    async def set_mode(self, mode: str, operator: str, reason: str) -> str:
        """Say what the automat may do."""
        return await self._office().set_mode(MODES[mode], operator=operator, reason=reason)

    async def release_guard(self, keypad: str, operator: str) -> str:
        """Take a keypad out of guard mode."""
        return await self._office().release_guard(keypad, operator)

    # -- people

    async def authorise_courier(self, name: str | None = None) -> str:
        """Let a courier sign in."""
        name, code = name or self._next_name("courier"), new_code(self._people, self._dice)
        command = await self._office().authorise_courier(name, code=code)
        self._add(Person("courier", name, code, None, f"C {code} OK, then a parcel's last 8 digits and OK"))
        return command

    async def authorise_technician(self, name: str | None = None) -> str:
        """Let a technician sign in."""
        name, code = name or self._next_name("technician"), new_code(self._people, self._dice)
        command = await self._office().authorise_technician(name, code=code)
        self._add(Person("technician", name, code, None, f"C {code} OK, then choose from the menu"))
        return command

    async def revoke_courier(self, name: str) -> str:
        """Let a courier sign in no more; the code stays in the list, to try that it is dead."""
        return await self._office().revoke_courier(name)

    def note(self, entry: Entry) -> None:
        """Learn from the journal what became of a command."""
        new = self._new_codes.get(str(entry.data.get("id")))
        if new is None or entry.type not in ("automat.command.applied", "automat.command.refused"):
            return
        tracking_id, code = new
        if entry.type == "automat.command.applied":
            self._people[:] = [
                replace(person, code=code, hint=f"C {code} OK")
                if person.tracking_id == tracking_id
                else person
                for person in self._people
            ]
            self._changed()
        self._new_codes.pop(str(entry.data.get("id")))

    # -- inside

    def _add(self, person: Person) -> None:
        self._people.append(person)
        self._changed()

    def _next_name(self, role: str) -> str:
        names = {person.name for person in self._people}
        return next(name for number in range(1, len(names) + 2) if (name := f"{role} {number}") not in names)
