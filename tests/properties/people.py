"""What people do next: each reads the display, that is the flow, looks at the door, and acts.

`choice` is 0 for the good way and up to 9 for everything else that somebody may do there; who tells the
truth is up to the world.
"""

from locker.domain.events import LabelScanned
from locker.domain.keypad import (
    BeingTried,
    ChoosingDoor,
    ChoosingSize,
    Collecting,
    Confirming,
    ConfirmingRemote,
    ConfirmingRemoval,
    ConfirmingSending,
    Delivering,
    Depositing,
    Inspecting,
    Judging,
    Naming,
    PickingUp,
    ReadingIncidents,
    Sending,
    Serving,
    TryingKeys,
)
from locker.domain.openings import Stage
from locker.domain.parcels import ParcelState
from tests.properties.strategies import (
    CODE_OF,
    COURIERS,
    DROP_OFF_CODE_OF,
    INBOUND,
    LABELS,
    NEVER_ANNOUNCED,
    PARCELS,
    STRANGER,
    TECHNICIANS,
)
from tests.properties.world import World

CODES_BY_WHO = (
    tuple(dict.fromkeys(CODE_OF.values())),
    tuple(COURIERS.values()),
    tuple(DROP_OFF_CODE_OF.values()),
    tuple(TECHNICIANS.values()),
    (STRANGER, "12", "1234567890123", "4444"),
)


def go_on(world: World, keypad: str, choice: int) -> bool:  # noqa: C901  (one flat table of who stands there)
    """Let the person at a keypad do one more thing; False if nobody is known to stand there."""
    known = world.automat.keypads.get(keypad)
    match None if known is None else known.flow:
        case Delivering():
            _choose_parcel(world, keypad, choice)
        case ChoosingSize() as flow:
            world.press(
                "9" if choice == 8 else "C" if choice == 9 else str(choice % len(flow.sizes) + 1), keypad
            )
        case (Depositing() | Sending()) as flow:
            _at_door_with_parcel(world, keypad, flow.compartment, flow.tracking_id, choice)
        case Confirming() | ConfirmingSending():
            # who is honest and has nothing inside does not say OK: the door is opened again
            world.press(("OK 3", "OK", "OK", "OK", "3", "1", "2", "C", "7", "")[choice], keypad)
            if choice == 9:
                world.wait(61)
        case PickingUp() | Collecting() | Inspecting() as flow if not flow.compartment:
            if choice < 5:
                world.wait(9)
            else:
                world.press("C" if choice == 9 else "OK", keypad)
        case PickingUp() as flow:
            _at_door_with_nothing(world, keypad, flow.compartment, choice, takes=True)
        case Collecting() as flow:
            _at_door_with_nothing(world, keypad, flow.compartment, choice, takes=choice != 4)
        case Inspecting() as flow:
            _at_door_with_nothing(world, keypad, flow.compartment, choice, takes=choice == 4)
        case ConfirmingRemoval() as flow:
            _say_what_was_taken(world, keypad, flow, choice)
        case Judging() as flow:
            _say_what_lies_inside(world, keypad, flow, choice)
        case Naming() as flow:
            _name(world, keypad, flow, choice)
        case Serving() | ChoosingDoor() | TryingKeys() | ReadingIncidents() as flow:
            _serve(world, keypad, flow, choice)
        case BeingTried():
            world.press("C C" if choice < 6 else "1 5 OK", keypad)
        case ConfirmingRemote():
            world.press(("OK", "OK", "OK", "OK", "OK", "OK", "5", "C", "C", "")[choice], keypad)
            if choice == 9:
                world.wait(121)
        case _:
            return False
    return True


def _choose_parcel(world: World, keypad: str, choice: int) -> None:
    """A courier names a parcel, or goes collecting or looking."""
    expected = [
        parcel
        for parcel in INBOUND
        if parcel in world.automat.parcels and world.automat.parcels[parcel].state is ParcelState.ANNOUNCED
    ]
    parcel = expected[0] if expected else NEVER_ANNOUNCED[0]
    digits = "".join(filter(str.isdigit, parcel))
    room = any(box.free for box in world.automat.compartments.values())
    if (choice == 0 and not (expected and room)) or choice in (1, 2):
        # first what is to be taken away, then what is to be looked into
        if choice == 0 and not world.automat.to_collect and not world.automat.suspects:
            world.press("C", keypad)
        else:
            world.press("1 OK" if world.automat.to_collect or choice == 1 else "2 OK", keypad)
    elif choice == 0:
        if len(digits) >= 8:
            world.press(f"{digits[-8:]} OK", keypad)
        else:
            world.do(LabelScanned(keypad, parcel))
    elif choice == 3:
        world.press("2 OK", keypad)
    elif choice == 4:
        world.do(LabelScanned(keypad, f" {parcel.lower()}"))
    elif choice == 5:
        world.do(LabelScanned(keypad, NEVER_ANNOUNCED[1]))
    elif choice == 6:
        world.press(f"{digits[:17]} OK", keypad)
    elif choice == 7:
        world.do(LabelScanned(keypad, PARCELS[int(world.now.powered_s) % len(PARCELS)]))
    elif choice == 8:
        world.do(LabelScanned(keypad, "ä no label"))
        world.press("123 OK 4 C", keypad)
    else:
        world.press("C", keypad)


def _at_door_with_parcel(world: World, keypad: str, label: str, parcel: str, choice: int) -> None:
    """A courier or sender: the door, the parcel, the door; or a choice."""
    opening = world.automat.openings[label]
    if label in world.pending:
        world.pulse(label, choice)
        return
    if not world.ajar[label]:
        if opening.stage is Stage.BLIND and opening.pulses_sent and choice < 6:
            world.press("OK", keypad)
        elif choice in (6, 7):
            world.press("C" if choice == 6 else "1", keypad)
        else:
            world.wait(6)
        return
    said = getattr(world.automat.keypads[keypad].flow, "choice", None)
    if choice in (5, 6, 7):
        world.press({5: "1", 6: "2", 7: "C"}[choice], keypad)
    elif choice == 8:
        world.wait(21 if world.automat.openings[label].reminded is False else 61)
        return
    elif choice < 4 and said is None:
        world.put(label, parcel)
    world.shut_door(label, forget=choice == 9)
    if opening.stage is Stage.BLIND and label not in world.pending and label in world.automat.openings:
        world.press("OK", keypad)


def _at_door_with_nothing(world: World, keypad: str, label: str, choice: int, *, takes: bool) -> None:
    """Somebody who takes what lies inside, or only looks."""
    opening = world.automat.openings.get(label)
    if opening is None:
        world.press("OK", keypad)
        return
    if label in world.pending:
        world.pulse(label, choice)
        return
    if not world.ajar[label]:
        if opening.stage is Stage.BLIND and opening.pulses_sent and choice < 6:
            world.press("OK", keypad)
        elif choice == 9:
            world.press("C", keypad)
        else:
            world.wait(6)
        return
    if choice == 8:
        world.wait(61 if opening.reminded else 21)
        return
    if choice == 7:
        world.press("C", keypad)
    if takes:
        world.take(label)
    world.shut_door(label, forget=choice in (5, 6))
    if opening.stage is Stage.BLIND and label in world.automat.openings:
        world.press("OK", keypad)


def _say_what_was_taken(world: World, keypad: str, flow: ConfirmingRemoval, choice: int) -> None:
    inside = world.inside.get(flow.compartment, [])
    if choice == 9:
        world.wait(61)
    elif choice == 8:
        world.press("C", keypad)
    elif choice == 7:
        world.do(LabelScanned(keypad, NEVER_ANNOUNCED[0]))
    elif flow.tracking_id in inside:
        world.press("2", keypad)
    elif flow.tracking_id in world.in_hand and choice == 1 and not inside:
        world.do(LabelScanned(keypad, flow.tracking_id))
    elif flow.tracking_id in world.in_hand:
        world.press("OK", keypad)
    else:
        world.press("1" if choice != 6 else "5", keypad)


def _say_what_lies_inside(world: World, keypad: str, flow: Judging, choice: int) -> None:
    inside = world.inside.get(flow.compartment, [])
    if choice == 9:
        world.wait(61)
    elif choice in (7, 8):
        world.press("3" if choice == 7 else "C", keypad)
    elif choice == 6:
        world.press("0", keypad)
    else:
        world.press("2" if inside else "1", keypad)
        still = world.automat.keypads.get(keypad)
        if still is not None and still.flow == flow:
            world.press("C", keypad)  # neither would be true


def _name(world: World, keypad: str, flow: Naming, choice: int) -> None:
    inside = world.inside.get(flow.compartment, [])
    parcel = inside[0] if inside else ""
    digits = "".join(filter(str.isdigit, parcel))
    if choice == 9:
        world.wait(61)
    elif choice == 8 or not inside:
        world.press("1 C C", keypad)
    elif choice == 7:
        world.press("12 OK", keypad)
    elif choice in (0, 1, 2) and len(digits) >= 8 and world.automat.parcels.get(parcel):
        world.press(f"{digits[-8:]} OK", keypad)
    elif choice in (3, 4) and len(digits) == 17:
        world.press(f"{digits} OK", keypad)
    elif choice == 5:
        world.do(LabelScanned(keypad, "no label"))
    else:
        world.do(LabelScanned(keypad, parcel))


def _serve(
    world: World, keypad: str, flow: Serving | ChoosingDoor | TryingKeys | ReadingIncidents, choice: int
) -> None:
    match flow:
        case Serving():
            wanted = ("5", "5", "1", "1", "2", "3", "4", "4", "7", "C")[choice]
            world.press(wanted, keypad)
            if wanted == "1":
                label = LABELS[int(world.now.powered_s) % len(LABELS)]
                world.press(f"{label} OK", keypad)
        case ChoosingDoor():
            world.press(
                ("1 OK", "3 OK", "2 OK", "5 OK", "6 OK", "4 OK", "99 OK", "1 C", "C", "C")[choice], keypad
            )
        case TryingKeys():
            world.press("C C" if choice < 6 else "5 OK", keypad)
        case ReadingIncidents():
            world.press("OK" if choice < 6 else "C", keypad)
