"""The rules for technicians at the local socket that are broken on purpose, one at a time."""

from tests.properties.sabotages import Sabotage

AT_SOCKET = (
    Sabotage(
        "a technician's look outlives another opening",
        "flows/doors.py",
        "    draft.put_look(label, None)\n    for keypad",
        "    for keypad",
    ),
    Sabotage(
        "a technician's look outlives a door that sprang open",
        "flows/doors.py",
        "    if door is not Door.SHUT:\n",
        "    if door is Door.UNKNOWN:\n",
    ),
    Sabotage(
        "technicians open two doors at once",
        "flows/maintain.py",
        '        return "another-under-way"\n',
        "        return None\n",
    ),
    Sabotage(
        "a box stays sound that a technician has opened",
        "flows/maintain.py",
        "    doubt(draft, label, NOT_JUDGED)\n    draft.put_look",
        "    draft.put_look",
    ),
    Sabotage(
        "a pick-up tells what lies in a box that a technician left without a word",
        "flows/pickup.py",
        "    elif draft.automat.compartments[label].reason == LOCK_FAILED_UNJUDGED:\n",
        "    elif draft.automat.compartments[label].reason is None:\n",
    ),
    Sabotage(
        "who fetches a parcel mends a damaged box",
        "flows/storing.py",
        "    if draft.automat.open_incident(IncidentKind.COMPARTMENT_DAMAGED, label) is None:\n",
        "    if draft.automat.compartments[label].blocked is None:\n",
    ),
    Sabotage(
        "a technician who has not looked says what lies inside",
        "flows/maintain.py",
        "    if look is None or look.by.technician != by.technician:\n",
        "    if look is None:\n",
    ),
    Sabotage(
        "a technician's opening does not tell whose wish it was",
        "flows/maintain.py",
        "        user=by.user,\n    )\n\n\ndef _door_refusal",
        "    )\n\n\ndef _door_refusal",
    ),
    Sabotage(
        "a word clears what only a look or the thing itself may",
        "flows/settle.py",
        "    if settling is not Settling.BY_WORD:\n",
        "    if settling is Settling.BY_LOOKING:\n",
    ),
    Sabotage(
        "a trial of keys begins in the middle of a code",
        "flows/trials.py",
        "    if isinstance(keypad.flow, Entering) or not ",
        "    if not ",
    ),
    Sabotage(
        "keys pressed in a trial are an entry",
        "flows/keys.py",
        "            trials.press(draft, name, flow, key)\n",
        "            trials.press(draft, name, flow, key)\n            _press_free(draft, keypad, key)\n",
    ),
)
