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
        "    if mended(draft, label, evidence) or sound:\n",
        "    if mended(draft, label, evidence):\n",
    ),
    Sabotage(
        "a technician's opening does not tell whose wish it was",
        "flows/maintain.py",
        "        user=by.user,\n    )\n\n\ndef _door_refusal",
        "    )\n\n\ndef _door_refusal",
    ),
)
