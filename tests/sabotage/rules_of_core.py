"""The rules of the core that are broken on purpose, one at a time, for the state machine to find."""

from tests.sabotage.twin import Twin

CORE = (
    Twin(
        "an opening's pulse is not durable",
        "locker/domain/flows/doors.py",
        (
            "    draft.put_opening(replace(opening, pulses=number, due_s=draft.now.powered_s + "
            "draft.rules.open_wait_s))"
        ),
        (
            "    draft.put_opening(replace(opening, pulses=number, due_s=draft.now.powered_s + "
            "draft.rules.open_wait_s))\n"
            "    draft._changes.pop((Opening, opening.compartment))"
        ),
    ),
    Twin(
        "a pulse more than allowed",
        "locker/domain/flows/doors.py",
        "    if opening.pulses < draft.rules.pulses and",
        "    if opening.pulses <= draft.rules.pulses and",
    ),
    Twin(
        "a pulse is repeated at start-up",
        "locker/domain/flows/doors.py",
        ("        case ((Stage.WAITING | Stage.BLIND), _):\n            return _cut_short(draft, opening)"),
        (
            "        case ((Stage.WAITING | Stage.BLIND), _):\n"
            "            return _pulse_again_or_give_up(draft, opening)"
        ),
    ),
    Twin(
        "a door that never moved is a handover",
        "locker/domain/flows/pickup.py",
        (
            "            _not_opened(draft, opening, cut_short=progress.cut_short)\n"
            "        case Outcome.LEFT_OPEN:"
        ),
        ("            hand_over(draft, opening, 'A')\n        case Outcome.LEFT_OPEN:"),
    ),
    Twin(
        "a door left open is a grade A",
        "locker/domain/flows/pickup.py",
        'hand_over(draft, opening, "C")',
        'hand_over(draft, opening, "A")',
    ),
    Twin(
        "no pulse left the port, and yet it is grade B",
        "locker/domain/flows/doors.py",
        ("    if opening.pulses_sent == 0:\n        return None\n    _move"),
        "    _move",
    ),
    Twin(
        "handed over though the goods sensor sees it",
        "locker/domain/flows/pickup.py",
        "    if not draft.automat.compartments[opening.compartment].goods:\n        return False\n",
        "    if True:\n        return False\n",
    ),
    Twin(
        "no receipt is written",
        "locker/domain/flows/pickup.py",
        "        EntryKind.PARCEL_HANDED_OVER,\n",
        "        EntryKind.CODE_ACCEPTED,\n",
    ),
    Twin(
        "a deposit is recorded twice",
        "locker/domain/flows/storing.py",
        '    settle(draft, label, f"a {role} said what lies inside")\n',
        (
            '    settle(draft, label, f"a {role} said what lies inside")\n'
            "    draft.record(EntryKind.PARCEL_STORED, tracking_id, compartment=label, "
            "grade=evidence.grade)\n"
        ),
    ),
    Twin(
        "a box that holds a parcel is offered",
        "locker/domain/compartments.py",
        "            and self.tracking_id is None\n",
        "",
    ),
    Twin(
        "a courier stores behind an open door",
        "locker/domain/flows/depositing.py",
        "still_open(draft, label, flow.evidence) or (key is Key.OK and box.door is Door.OPEN)",
        "False",
    ),
    Twin(
        "who leaves without a word leaves a free box",
        "locker/domain/flows/depositing.py",
        (
            "    draft.change_compartment(box.label, condition=Condition.SUSPECT, "
            "reason=UNCONFIRMED)\n"
            "    _begin"
        ),
        "    _begin",
    ),
    Twin(
        "a suspect box is offered",
        "locker/domain/compartments.py",
        "            self.condition is Condition.SOUND\n",
        "            self.condition is not Condition.FAULTY\n",
    ),
    Twin(
        "a faulty box is offered",
        "locker/domain/compartments.py",
        "            self.condition is Condition.SOUND\n",
        "            self.condition is not Condition.SUSPECT\n",
    ),
    Twin(
        "a blocked box is offered",
        "locker/domain/compartments.py",
        "            and self.blocked is None\n",
        "",
    ),
    Twin(
        "a box in which something is seen is offered",
        "locker/domain/compartments.py",
        "            and self.goods is not True\n",
        "",
    ),
    Twin(
        "a larger box than needed is offered",
        "locker/domain/allocation.py",
        "best = rank if best is None else min(best, rank)",
        "best = rank if best is None else max(best, rank)",
    ),
    Twin(
        "a parcel goes into a box that is too small",
        "locker/domain/allocation.py",
        "        return kind.holds(parcel.dimensions_mm)",
        "        return True",
    ),
    Twin(
        "a box that would not do is offered again",
        "locker/domain/allocation.py",
        "        boxes = free & not_tried",
        "        boxes = free",
    ),
    Twin(
        "a bigger box need not be bigger",
        "locker/domain/allocation.py",
        "kind.volume_mm3 <= beyond_mm3",
        "kind.volume_mm3 < 0",
    ),
    Twin(
        "a courier deposits in drain mode",
        "locker/domain/flows/admission.py",
        "    if facts.mode in (Mode.DRAIN, Mode.EVACUATE):",
        "    if facts.mode is Mode.EVACUATE:",
    ),
    Twin(
        "a sender drops off while everything must go",
        "locker/domain/flows/send.py",
        "    if facts.mode is not Mode.NORMAL:",
        "    if facts.mode is Mode.DRAIN:",
    ),
    Twin(
        "a courier deposits while the disk is full",
        "locker/domain/flows/admission.py",
        "if facts.storage_low else None",
        "if False else None",
    ),
    Twin(
        "a recipient's next door opens while frozen",
        "locker/domain/flows/pickup.py",
        "    if draft.automat.facts.mode is Mode.FROZEN:",
        "    if False:",
    ),
    Twin(
        "a lock is pulsed again while frozen",
        "locker/domain/flows/doors.py",
        "if opening.pulses < draft.rules.pulses and _may_pulse_again(draft, opening):",
        "if opening.pulses < draft.rules.pulses:",
    ),
    Twin(
        "a courier collects while frozen",
        "locker/domain/flows/collect.py",
        "    if draft.automat.facts.mode is Mode.FROZEN:",
        "    if False:",
    ),
    Twin(
        "a courier looks into boxes while frozen",
        "locker/domain/flows/inspect.py",
        "    if draft.automat.facts.mode is Mode.FROZEN and role is not Role.TECHNICIAN:",
        "    if False:",
    ),
    Twin(
        "a sender's door opens again while frozen",
        "locker/domain/flows/send.py",
        ("    if draft.automat.facts.mode is Mode.FROZEN:\n        draft.show(keypad"),
        ("    if False:\n        draft.show(keypad"),
    ),
    Twin(
        "the back office opens while frozen",
        "locker/domain/flows/remote.py",
        '        return "frozen"',
        "        pass",
    ),
    Twin(
        "no limit to remote openings in ten minutes",
        "locker/domain/flows/remote.py",
        "lately >= rules.remote_openings_short or ",
        "",
    ),
    Twin(
        "no limit to remote openings in a day",
        "locker/domain/flows/remote.py",
        " or today >= rules.remote_openings_long",
        "",
    ),
    Twin(
        "a right that was revoked still opens doors",
        "locker/domain/flows/collect.py",
        (
            "    if not authorised(draft, courier_id, Role.COURIER):\n"
            '        sign_out(draft, keypad, courier_id, Role.COURIER, "no longer authorised")\n'
            "        return\n"
            "    later"
        ),
        "    later",
    ),
    Twin(
        "a wrong code costs nothing",
        "locker/domain/attempts.py",
        ("            full,\n            tokens=full.tokens - 1,"),
        ("            full,\n            tokens=full.tokens,"),
    ),
    Twin(
        "an empty bucket is not looked at",
        "locker/domain/flows/keys.py",
        "    if wait_s > 0:",
        "    if wait_s < 0:",
    ),
    Twin(
        "a restart fills the bucket",
        "locker/domain/flows/watch.py",
        ("    retention.look_after_journal(draft)\n    draft.mark_seen()"),
        (
            "    for bucket in draft.automat.attempts.values():\n"
            "        draft.put_attempts(replace(bucket, tokens=draft.rules.tokens))\n"
            "    draft.mark_seen()"
        ),
    ),
    Twin(
        "more tokens than there is room for",
        "locker/domain/attempts.py",
        "        tokens = min(rules.tokens, self.tokens + gained)",
        "        tokens = self.tokens + gained",
    ),
    Twin(
        "guard mode lets everybody in",
        "locker/domain/flows/guard.py",
        "    if attempts_at(draft, keypad).guarded:",
        "    if False:",
    ),
    Twin(
        "a keypad of one door opens another",
        "locker/domain/flows/keys.py",
        "    if keypad.bound_to is not None and door != keypad.bound_to:",
        "    if False:",
    ),
    Twin(
        "couriers sign in at the keypad of one door",
        "locker/domain/flows/keys.py",
        "_credential_with(draft, tag) if keypad.bound_to is None else None",
        "_credential_with(draft, tag)",
    ),
    Twin(
        "an overdue parcel is handed out",
        "locker/domain/flows/pickup.py",
        "stored = [p for p in parcels if p.state is ParcelState.STORED and not p.unpaid]",
        (
            "stored = [p for p in parcels if p.state in (ParcelState.STORED, ParcelState.OVERDUE) "
            "and not p.unpaid]"
        ),
    ),
    Twin(
        "an unpaid parcel is handed out",
        "locker/domain/flows/pickup.py",
        "stored = [p for p in parcels if p.state is ParcelState.STORED and not p.unpaid]",
        "stored = [p for p in parcels if p.state is ParcelState.STORED]",
    ),
    Twin(
        "a code reopens for ever",
        "locker/domain/flows/pickup.py",
        "else draft.now.powered_s + draft.rules.reopen_window_s,",
        "else draft.now.powered_s + 9_999_999,",
    ),
    Twin(
        "a doubted clock is believed",
        "locker/domain/automat.py",
        "return now.trusted and not self.facts.clock_doubted",
        "return now.trusted",
    ),
    Twin(
        "an untrusted clock is believed",
        "locker/domain/automat.py",
        "return now.trusted and not self.facts.clock_doubted",
        "return not self.facts.clock_doubted",
    ),
    Twin(
        "storage times end in an outage",
        "locker/domain/automat.py",
        "return self.judges_time(now) and self.facts.outage_since_s is None",
        "return self.judges_time(now)",
    ),
    Twin(
        "outages lengthen nothing",
        "locker/domain/flows/outages.py",
        "    storage.lengthen_all(draft, timedelta(seconds=length_s), why, began_s=began_s)",
        "    return",
    ),
    Twin(
        "storage times end a day early",
        "locker/domain/flows/storing.py",
        "deadline(known_at, rules.storage_days, rules.time_zone) if known_at",
        "deadline(known_at, rules.storage_days - 1, rules.time_zone) if known_at",
    ),
    Twin(
        "frozen mode is no outage",
        "locker/domain/flows/outages.py",
        " or facts.mode is Mode.FROZEN or",
        " or",
    ),
    Twin(
        "a removal needs no word",
        "locker/domain/flows/collect.py",
        ('    _abandon(draft, flow.compartment, flow.tracking_id, flow.courier_id, "not confirmed")'),
        "    _taken(draft, keypad, flow)",
    ),
    Twin(
        "a removed parcel's box is still its own",
        "locker/domain/flows/looking.py",
        (
            "        draft.change_compartment(label, tracking_id=None)\n"
            "        draft.clear_incident(IncidentKind.PARCEL_STUCK"
        ),
        "        draft.clear_incident(IncidentKind.PARCEL_STUCK",
    ),
    Twin(
        "evidence is never outdated",
        "locker/domain/flows/doors.py",
        ("    _outdate(draft, label)\n    compartment"),
        "    compartment",
    ),
    Twin(
        "a courier's word on a box that was opened since",
        "locker/domain/flows/depositing.py",
        "    elif void:\n",
        "    elif False:\n",
    ),
    Twin(
        "a sender's word on a box that was opened since",
        "locker/domain/flows/send.py",
        "    elif flow.evidence.outdated:\n",
        "    elif False:\n",
    ),
    Twin(
        "a sender's box is held for nobody",
        "locker/domain/flows/holding.py",
        "    return parcel.compartment if holds(box, parcel.tracking_id) else None",
        "    return None",
    ),
    Twin(
        "a door that opened from afar leaves no doubt",
        "locker/domain/flows/remote.py",
        ("    draft.change_compartment(label, condition=Condition.SUSPECT, reason=OPENED_FROM_AFAR)\n"),
        "",
    ),
    Twin(
        "a door that opened unasked leaves no doubt",
        "locker/domain/flows/doors.py",
        '        _doubt(draft, compartment, "the door was opened by nobody we know")\n',
        "",
    ),
    Twin(
        "who cancels leaves a free box, seen or not",
        "locker/domain/flows/depositing.py",
        '    elif flow.evidence.grade == "A":',
        ("    else:\n        pass\n    if not draft.automat.compartments[label].goods:"),
    ),
    Twin(
        "an interrupted deposit leaves a free box",
        "locker/domain/flows/depositing.py",
        ('        _abandon(draft, label, tracking_id, opening.person or "", "interrupted")\n        return'),
        ("        draft.change_compartment(label, condition=Condition.SOUND, reason=None)\n        return"),
    ),
    Twin(
        "a lock that did not open leaves a free box",
        "locker/domain/flows/depositing.py",
        "        judge_unopened(draft, opening)\n",
        "        draft.change_compartment(label, condition=Condition.SOUND, reason=None)\n",
    ),
    Twin(
        "a lock that was pulsed in vain leaves a free box",
        "locker/domain/flows/doors.py",
        "    elif opening.pulses_sent == 0:\n",
        "    elif opening.stray is None:\n",
    ),
    Twin(
        "two doors at one keypad",
        "locker/domain/flows/pickup.py",
        "        draft.set_flow(keypad, PickingUp(label, rest))\n",
        ("        draft.set_flow(keypad, PickingUp(label, rest))\n        if rest:\n            continue\n"),
    ),
    Twin(
        "a door is opened while it is under way",
        "locker/domain/flows/pickup.py",
        "        if opening is not None and opening.stage is not Stage.LATE:\n",
        "        if False:\n",
    ),
    Twin(
        "a command is applied again",
        "locker/domain/flows/office.py",
        '        return "repeated" if known.digest == command.digest else "id-reused"',
        "        pass",
    ),
    Twin(
        "a refused command changes something",
        "locker/domain/flows/changes.py",
        '        return "already-redirected"',
        (
            "        draft.put_parcel(replace(parcel, unpaid=not parcel.unpaid))\n"
            '        return "already-redirected"'
        ),
    ),
    Twin(
        "an index forgets",
        "locker/domain/automat.py",
        (
            "        to_collect=automat.to_collect.delete(key) if key in automat.to_collect else "
            "automat.to_collect,\n"
        ),
        "",
    ),
    Twin(
        "the index of free boxes is not kept",
        "locker/domain/draft.py",
        "        if (known is not None and known.free) is not compartment.free:",
        "        if known is None and compartment.free:",
    ),
    Twin(
        "a parcel inside is forgotten",
        "locker/domain/automat.py",
        "    if parcel.state in OVER and parcel.closed_at is not None:",
        (
            "    if parcel.deadline_at is not None:\n"
            "        return parcel.deadline_at\n"
            "    if parcel.state in OVER and parcel.closed_at is not None:"
        ),
    ),
    Twin(
        "an entry cannot be written down",
        "locker/domain/flows/storage.py",
        "        daysleft=min(due),",
        "        daysleft=due and set(due),",
    ),
    Twin(
        "a found parcel is not recorded",
        "locker/domain/flows/finding.py",
        "    _record(draft, EntryKind.PARCEL_FOUND, finder, parcel.tracking_id)\n",
        "",
    ),
    Twin(
        "a technician's verdict without a look",
        "locker/domain/flows/inspect.py",
        '        verdicts.leave(draft, opening.compartment, "interrupted", **_who(draft, opening))\n',
        '        verdicts.clear_box(draft, opening.compartment, "interrupted")\n',
    ),
    Twin(
        "a door in doubt is pulsed",
        "locker/domain/flows/doors.py",
        "    if doubt is None:\n",
        "    if True:\n",
    ),
    Twin(
        "a commission never lapses",
        "locker/domain/flows/commission.py",
        '    draft.set_due("commission", draft.now.powered_s + draft.rules.service_idle_s)',
        "    return",
    ),
    Twin(
        "a stray door is no matter",
        "locker/domain/flows/doors.py",
        "        return _note_stray(draft, label) if sprang_open else None",
        "        return None",
    ),
)
