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
        ("tests/unit/hardware/test_hardware.py::test_one_doubtful_reading_changes_no_belief",),
        ("F16", "I2"),
    ),
    Twin(
        "a silent board's doors are shut",
        LINES,
        "            if belief is not None and belief.see(Door.UNKNOWN):\n"
        "                self._emit(events.DoorSeen(door.compartment, Door.UNKNOWN))\n",
        "            if belief is not None and belief.believed is not Door.SHUT:\n"
        "                self._emit(events.DoorSeen(door.compartment, Door.SHUT))\n",
        ("tests/unit/hardware/test_hardware.py::test_a_silent_board_is_lost_with_its_doors_and_found_again",),
        ("F15", "F16"),
    ),
    Twin(
        "every contact is closed when its door is shut",
        LINES,
        "(contact is Contact.CLOSED) is door.closed_means_shut else",
        "(contact is Contact.CLOSED) else",
        ("tests/laws/test_misbehaviour_doors.py::test_07_inverted_contacts_are_a_setting_of_the_doors",),
        ("F17",),
    ),
    Twin(
        "a board that is not the one that was proved opens doors",
        LINES,
        "                if (blocked := door.blocked or board.mismatch) is not None:\n",
        "                if (blocked := door.blocked) is not None:\n",
        ("tests/unit/hardware/test_proving.py::test_a_replaced_board_opens_nothing_until_it_is_proved",),
        ("T18", "F15"),
    ),
    Twin(
        "nobody asks a board who it is",
        LINES,
        "                    told = difference(spec.facts, (await self.driver.identify()).facts)\n",
        "                    pass\n",
        ("tests/unit/hardware/test_proving.py::test_a_replaced_board_opens_nothing_until_it_is_proved",),
        ("F15",),
    ),
    Twin(
        "a wiring map that was changed is believed",
        "locker/hardware/wiring_map.py",
        "        if file.sha256 != file.map.hash:\n",
        "        if not file.sha256:\n",
        ("tests/unit/hardware/test_wiring_map.py::test_any_byte_that_was_changed_or_lost_is_noticed",),
        ("T19",),
    ),
    Twin(
        "an unlock may be repeated by the bus",
        BUS,
        "        if self.urgent and self.attempts != 1:\n",
        "        if self.urgent and self.attempts < 1:\n",
        ("tests/unit/drivers/test_bus.py::test_an_urgent_request_cannot_even_be_described_as_repeated",),
        ("F6", "F16"),
    ),
    Twin(
        "an unlock that was not answered is sent again",
        "drivers/unlocking.py",
        "    except NoAnswer:\n        return None\n",
        "    except NoAnswer:\n        await bus.tell(question.request, urgent=True)\n        return None\n",
        (
            "tests/laws/test_misbehaviour.py::test_01_a_lock_that_acts_without_an_answer_is_pulsed_once_and_seen_by_reading",
            "tests/unit/drivers/test_kerong_driver.py::test_whatever_the_board_does_the_unlock_frame_leaves_once_and_no_other_door_opens",
        ),
        ("F6", "F16", "I1"),
    ),
    Twin(
        "what arrived before a question answers it",
        BUS,
        "        self._line.collect_input()\n        self._end_silence()\n        if job.question is None:\n",
        "        if job.question is None:\n",
        ("tests/unit/drivers/test_bus.py::test_a_late_answer_is_not_taken_for_the_next_question",),
        ("F16",),
    ),
    Twin(
        "any frame answers any question",
        BUS,
        "            if not attempt.reply.done() and attempt.matches(frame):\n",
        "            if not attempt.reply.done():\n",
        ("tests/unit/drivers/test_bus.py::test_answers_of_others_do_not_count",),
        ("F16", "T18"),
    ),
    Twin(
        "a request that a hung adapter holds goes out later",
        BUS,
        "            self._line.discard_output()\n",
        "",
        (
            "tests/unit/drivers/test_network.py::test_an_unlock_that_did_not_reach_the_unit_never_arrives_later",
        ),
        ("F15",),
    ),
    Twin(
        "a checksum is not checked",
        "drivers/xor_bcc/codec.py",
        "    if len(data) < SHORT_SIZE or _checksum(data[:-1]) != data[-1]:\n",
        "    if len(data) < SHORT_SIZE:\n",
        ("tests/unit/drivers/test_xor_bcc_codec.py::test_one_damaged_byte_is_refused",),
        ("F16", "T18"),
    ),
    Twin(
        "a port may be opened twice",
        PORT,
        "exclusive=True",
        "exclusive=False",
        ("tests/unit/drivers/test_port.py::test_a_second_opening_is_refused_with_the_reason",),
        ("F7",),
    ),
    Twin(
        "the adapter that vanished stays gone",
        "drivers/keeper.py",
        "            self._lost.clear()\n            try:\n                await self._open()\n",
        "            self._lost.clear()\n            try:\n"
        "                if self.failures:\n                    await asyncio.Event().wait()\n"
        "                await self._open()\n",
        ("tests/unit/drivers/test_keeper.py::test_an_unplugged_port_comes_back_by_its_path",),
        ("F15",),
    ),
    Twin(
        "a bounce is a second press",
        "drivers/keypad_serial/codec.py",
        "        elif not (soon and may_bounce):\n",
        "        else:\n",
        ("tests/unit/drivers/test_keypad_serial.py::test_a_bounce_is_dropped_and_another_key_is_not",),
        ("T12",),
    ),
    Twin(
        "a stuck key goes on typing",
        "drivers/keypad_serial/codec.py",
        "        elif len(finger.arrivals) > settings.stuck_count:\n",
        "        elif len(finger.arrivals) > 100 * settings.stuck_count:\n",
        (
            "tests/unit/drivers/test_keypad_serial.py::test_twenty_quick_keys_are_a_person_and_twenty_one_are_stuck",
        ),
        ("T12",),
    ),
    Twin(
        "the wire log keeps what was typed",
        "drivers/wirelog.py",
        "(number, at_s, direction, len(data) if self.redact else data)",
        "(number, at_s, direction, data)",
        ("tests/unit/drivers/test_wirelog.py::test_redacted_bytes_rest_nowhere",),
        ("T9",),
    ),
    Twin(
        "a door that opens unasked is no matter",
        DOORS,
        "        _note_unasked(draft, label, before, door)\n        sprang_open",
        "        sprang_open",
        (
            "tests/unit/domain/test_pickup.py::test_a_door_that_opens_unasked_is_an_incident_and_a_free_box_becomes_suspect",
        ),
        ("T18", "F17"),
    ),
    Twin(
        "a pick-up cut short leaves no doubt",
        "locker/domain/flows/pickup.py",
        "        doubt(draft, label, FREED_UNSEEN)\n        return\n",
        "        return\n",
        ("tests/unit/domain/test_cut_pickup.py::test_the_box_asks_for_a_look_and_the_back_office_is_told",),
        ("F6",),
    ),
    Twin(
        "a door forced open leaves no doubt of the parcel behind it",
        "locker/domain/flows/doors.py",
        '        _doubt(draft, compartment, "the door was opened by nobody we know")\n',
        (
            "        if draft.automat.expected_in(compartment.label) is None:\n"
            '            _doubt(draft, compartment, "the door was opened by nobody we know")\n'
        ),
        ("tests/unit/domain/test_cut_pickup.py::test_a_door_forced_open_leaves_a_doubt_of_its_parcel",),
        ("T18", "F17"),
    ),
    Twin(
        "a pulse told twice counts as two",
        "locker/domain/flows/doors.py",
        " or told.get(event.compartment) == event.number:\n",
        " or opening.pulses_sent >= event.number:\n",
        ("tests/unit/domain/test_cut_pickup.py::test_a_pulse_told_twice_counts_once",),
        ("F6", "I2"),
    ),
    Twin(
        "a door that never moved is a handover",
        "locker/domain/flows/pickup.py",
        (
            "            _not_opened(draft, opening, cut_short=progress.cut_short)\n"
            "        case Outcome.LEFT_OPEN:"
        ),
        "            hand_over(draft, opening, 'A')\n        case Outcome.LEFT_OPEN:",
        (
            "tests/unit/domain/test_pickup.py::test_a_door_that_does_not_open_is_pulsed_three_times_then_reported_and_the_code_stays_valid",
        ),
        ("F6", "F17", "I2"),
    ),
    Twin(
        "a door is pulsed again at start-up",
        DOORS,
        "        case ((Stage.WAITING | Stage.BLIND), _):\n            return _cut_short(draft, opening)",
        "        case ((Stage.WAITING | Stage.BLIND), _):\n"
        "            return _pulse_again_or_give_up(draft, opening)",
        (
            "tests/unit/domain/test_restart.py::test_cut_before_the_door_moved_and_it_is_shut_gives_an_attempt_and_no_pulse",
        ),
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
        (
            "tests/unit/domain/test_restart.py::test_cut_before_the_door_moved_and_it_is_shut_gives_an_attempt_and_no_pulse",
        ),
        ("F6", "I1"),
    ),
    Twin(
        "a pulse is not recorded",
        DOORS,
        "        EntryKind.PULSE_INTENDED,\n",
        "        EntryKind.DOOR_CLOSED,\n",
        ("tests/unit/domain/test_pickup.py::test_every_pulse_has_its_own_intent_in_the_same_decision",),
        ("F6", "I1"),
    ),
    Twin(
        "a lock is pulsed for ever",
        DOORS,
        "    if opening.pulses < draft.rules.pulses and _may_pulse_again(draft, opening):\n",
        "    if _may_pulse_again(draft, opening):\n",
        (
            "tests/unit/domain/test_pickup.py::test_a_door_that_does_not_open_is_pulsed_three_times_then_reported_and_the_code_stays_valid",
        ),
        ("F17",),
    ),
    Twin(
        "a wrong door's lock is pulsed",
        DOORS,
        "    if doubt is None:\n",
        "    if True:\n",
        ("tests/unit/domain/test_wrong_door.py::test_neither_is_pulsed_again_before_it_is_proved",),
        ("T18", "F17"),
    ),
    Twin(
        "a door that comes into doubt is pulsed all the same",
        "locker/domain/decide.py",
        'if kind == "opening" and draft.automat.openings[key].stray is not None]',
        'if kind == "opening" and draft.automat.openings[key].stray == ""]',
        (
            "tests/unit/domain/test_wrong_door.py::test_the_other_door_is_not_pulsed_again_in_the_moment_in_which_it_comes_into_doubt",
        ),
        ("F17", "T18"),
    ),
    Twin(
        "a goods sensor's word is ignored",
        "locker/domain/flows/pickup.py",
        "    if not draft.automat.compartments[opening.compartment].goods:\n        return False\n",
        "    if True:\n        return False\n",
        (
            "tests/unit/domain/test_pickup.py::test_a_goods_sensor_that_still_sees_something_keeps_the_parcel_in_our_custody",
        ),
        ("F17",),
    ),
)
