"""Safeguards at the hardware: what a contact says, what a lock is told, what a keypad sends."""

from tests.sabotage.twin import Twin

BUS = "drivers/bus.py"
PORT = "drivers/port.py"
LINES = "locker/hardware/lines.py"
DOORS = "locker/domain/flows/doors.py"

AT_THE_DOORS = (
    Twin(
        "one reading is believed",
        "locker/hardware/belief.py",
        "        if read is Door.UNKNOWN or read is None or self.doubted is read:\n",
        "        if True:\n",
        ("tests/unit/hardware/test_hardware.py",),
        ("F16",),
    ),
    Twin(
        "a silent board's doors are shut",
        LINES,
        "            if belief is not None and belief.see(Door.UNKNOWN):\n"
        "                self._emit(events.DoorSeen(door.compartment, Door.UNKNOWN))\n",
        "            if belief is not None and belief.believed is not Door.SHUT:\n"
        "                self._emit(events.DoorSeen(door.compartment, Door.SHUT))\n",
        ("tests/unit/hardware",),
        ("F15", "F16"),
    ),
    Twin(
        "every contact is closed when its door is shut",
        LINES,
        "(contact is Contact.CLOSED) is door.closed_means_shut else",
        "(contact is Contact.CLOSED) else",
        ("tests/unit/hardware", "tests/e2e/test_commission.py"),
        ("F17",),
    ),
    Twin(
        "a board that is not the one that was proved opens doors",
        LINES,
        "                if (blocked := door.blocked or board.mismatch) is not None:\n",
        "                if (blocked := door.blocked) is not None:\n",
        ("tests/unit/hardware",),
        ("T18", "F15"),
    ),
    Twin(
        "nobody asks a board who it is",
        LINES,
        "                    told = difference(spec.facts, (await self.driver.identify()).facts)\n",
        "                    pass\n",
        ("tests/unit/hardware",),
        ("F15",),
    ),
    Twin(
        "a wiring map that was changed is believed",
        "locker/hardware/wiring_map.py",
        "        if file.sha256 != file.map.hash:\n",
        "        if not file.sha256:\n",
        ("tests/unit/hardware/test_wiring_map.py",),
        ("T19",),
    ),
    Twin(
        "an unlock may be repeated by the bus",
        BUS,
        "        if self.urgent and self.attempts != 1:\n",
        "        if self.urgent and self.attempts < 1:\n",
        ("tests/unit/drivers/test_bus.py",),
        ("F6", "F16"),
    ),
    Twin(
        "an unlock that was not answered is sent again",
        "drivers/kerong/driver.py",
        "        except NoAnswer:\n            return await self._state_instead(channel)\n",
        "        except NoAnswer:\n            await self._bus.tell(request, urgent=True)\n"
        "            return await self._state_instead(channel)\n",
        ("tests/unit/drivers/test_kerong_driver.py", "tests/laws/test_misbehaviour.py"),
        ("F6", "F16"),
    ),
    Twin(
        "what arrived before a question answers it",
        BUS,
        "        self._line.collect_input()\n        self._end_silence()\n        if job.question is None:\n",
        "        if job.question is None:\n",
        ("tests/unit/drivers/test_bus.py",),
        ("F16",),
    ),
    Twin(
        "any frame answers any question",
        BUS,
        "            if not attempt.reply.done() and attempt.matches(frame):\n",
        "            if not attempt.reply.done():\n",
        ("tests/unit/drivers/test_bus.py",),
        ("F16", "T18"),
    ),
    Twin(
        "a request that a hung adapter holds goes out later",
        BUS,
        "            self._line.discard_output()\n",
        "",
        ("tests/unit/drivers",),
        ("F15",),
    ),
    Twin(
        "a checksum is not checked",
        "drivers/xor_bcc/codec.py",
        "    if len(data) < SHORT_SIZE or _checksum(data[:-1]) != data[-1]:\n",
        "    if len(data) < SHORT_SIZE:\n",
        ("tests/unit/drivers/test_xor_bcc_codec.py",),
        ("F16", "T18"),
    ),
    Twin(
        "a port may be opened twice",
        PORT,
        "exclusive=True",
        "exclusive=False",
        ("tests/unit/drivers/test_port.py",),
        ("F7",),
    ),
    Twin(
        "the adapter that vanished stays gone",
        "drivers/keeper.py",
        "            self._lost.clear()\n            try:\n                await self._open()\n",
        "            self._lost.clear()\n            try:\n"
        "                if self.failures:\n                    await asyncio.Event().wait()\n"
        "                await self._open()\n",
        ("tests/unit/drivers/test_keeper.py",),
        ("F15",),
    ),
    Twin(
        "a bounce is a second press",
        "drivers/keypad_serial/codec.py",
        "        elif not (soon and may_bounce):\n",
        "        else:\n",
        ("tests/unit/drivers/test_keypad_serial.py",),
        ("T12",),
    ),
    Twin(
        "a stuck key goes on typing",
        "drivers/keypad_serial/codec.py",
        "        elif len(finger.arrivals) > settings.stuck_count:\n",
        "        elif len(finger.arrivals) > 100 * settings.stuck_count:\n",
        ("tests/unit/drivers/test_keypad_serial.py",),
        ("T12",),
    ),
    Twin(
        "the wire log keeps what was typed",
        "drivers/wirelog.py",
        "(number, at_s, direction, len(data) if self.redact else data)",
        "(number, at_s, direction, data)",
        ("tests/unit/drivers/test_wirelog.py",),
        ("T9", "T10"),
    ),
    Twin(
        "a door that opens unasked is no matter",
        DOORS,
        "        _note_unasked(draft, label, before, door)\n        sprang_open",
        "        sprang_open",
        ("tests/unit/domain/test_pickup.py",),
        ("T18", "F17"),
    ),
    Twin(
        "a door that never moved is a handover",
        "locker/domain/flows/pickup.py",
        (
            "            _not_opened(draft, opening, cut_short=progress.cut_short)\n"
            "        case Outcome.LEFT_OPEN:"
        ),
        "            hand_over(draft, opening, 'A')\n        case Outcome.LEFT_OPEN:",
        ("tests/unit/domain/test_pickup.py",),
        ("F6", "F17"),
    ),
    Twin(
        "a door is pulsed again at start-up",
        DOORS,
        "        case ((Stage.WAITING | Stage.BLIND), _):\n            return _cut_short(draft, opening)",
        "        case ((Stage.WAITING | Stage.BLIND), _):\n"
        "            return _pulse_again_or_give_up(draft, opening)",
        ("tests/unit/domain/test_restart.py",),
        ("F6",),
    ),
    Twin(
        "a pulse has no durable intent",
        DOORS,
        "draft.now.powered_s + draft.rules.open_wait_s))\n    draft.record(\n",
        (
            "draft.now.powered_s + draft.rules.open_wait_s))\n"
            "    draft._changes.pop((Opening, opening.compartment))\n"
            "    draft.record(\n"
        ),
        ("tests/unit/domain/test_restart.py",),
        ("F6",),
    ),
    Twin(
        "a pulse is not recorded",
        DOORS,
        "        EntryKind.PULSE_INTENDED,\n",
        "        EntryKind.DOOR_CLOSED,\n",
        ("tests/unit/domain/test_pickup.py",),
        ("F6",),
    ),
    Twin(
        "a lock is pulsed for ever",
        DOORS,
        "    if opening.pulses < draft.rules.pulses and _may_pulse_again(draft, opening):\n",
        "    if _may_pulse_again(draft, opening):\n",
        ("tests/unit/domain/test_pickup.py",),
        ("F17",),
    ),
    Twin(
        "a wrong door's lock is pulsed",
        DOORS,
        "    if doubt is None:\n",
        "    if True:\n",
        ("tests/unit/domain/test_wrong_door.py",),
        ("T18", "F17"),
    ),
    Twin(
        "a goods sensor's word is ignored",
        "locker/domain/flows/pickup.py",
        "    if not draft.automat.compartments[opening.compartment].goods:\n        return False\n",
        "    if True:\n        return False\n",
        ("tests/unit/domain/test_pickup.py",),
        ("F17",),
    ),
)
