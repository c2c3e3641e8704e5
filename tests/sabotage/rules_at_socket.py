"""The rules for technicians at the local socket that are broken on purpose, one at a time."""

from tests.sabotage.twin import Twin

AT_SOCKET = (
    Twin(
        "a technician's look outlives another opening",
        "locker/domain/flows/doors.py",
        "    draft.put_look(label, None)\n    for keypad",
        "    for keypad",
    ),
    Twin(
        "a technician's look outlives a door that sprang open",
        "locker/domain/flows/doors.py",
        "    if door is not Door.SHUT:\n",
        "    if door is Door.UNKNOWN:\n",
    ),
    Twin(
        "technicians open two doors at once",
        "locker/domain/flows/maintain.py",
        '        return "another-under-way"\n',
        "        return None\n",
    ),
    Twin(
        "a box stays sound that a technician has opened",
        "locker/domain/flows/maintain.py",
        "    verdicts.await_word(draft, label, evidence, Role.TECHNICIAN)\n",
        "",
    ),
    Twin(
        "a pick-up tells what lies in a box that a technician left without a word",
        "locker/domain/flows/pickup.py",
        "    elif draft.automat.compartments[label].reason == LOCK_FAILED_UNJUDGED:\n",
        "    elif draft.automat.compartments[label].reason is None:\n",
    ),
    Twin(
        "who fetches a parcel mends a damaged box",
        "locker/domain/flows/storing.py",
        "    if draft.automat.open_incident(IncidentKind.COMPARTMENT_DAMAGED, label) is None:\n",
        "    if draft.automat.compartments[label].blocked is None:\n",
    ),
    Twin(
        "a technician who has not looked says what lies inside",
        "locker/domain/flows/maintain.py",
        "    if look is None or look.by.technician != by.technician:\n",
        "    if look is None:\n",
    ),
    Twin(
        "a technician's opening does not tell whose wish it was",
        "locker/domain/flows/maintain.py",
        "        user=by.user,\n    )\n\n\ndef _door_refusal",
        "    )\n\n\ndef _door_refusal",
    ),
    Twin(
        "a word clears what only a look or the thing itself may",
        "locker/domain/flows/settle.py",
        "    if settling is not Settling.BY_WORD:\n",
        "    if settling is Settling.BY_LOOKING:\n",
    ),
    Twin(
        "a trial of keys begins in the middle of a code",
        "locker/domain/flows/trials.py",
        "    if isinstance(keypad.flow, Entering) or not ",
        "    if not ",
    ),
    Twin(
        "keys pressed in a trial are an entry",
        "locker/domain/flows/keys.py",
        "            trials.press(draft, name, flow, key)\n",
        "            trials.press(draft, name, flow, key)\n            _press_free(draft, keypad, key)\n",
    ),
)
