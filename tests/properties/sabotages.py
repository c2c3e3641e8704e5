"""The rules of the core that are broken on purpose, one at a time: what stands there, what comes instead."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sabotage:
    """One line of the core, changed; `file` is below locker/domain, `before` stands in it once."""

    name: str
    file: str
    before: str
    after: str


SABOTAGES = (
    Sabotage(
        "an opening's pulse is not durable",
        "flows/doors.py",
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
    Sabotage(
        "a pulse more than allowed",
        "flows/doors.py",
        "    if opening.pulses < draft.rules.pulses and",
        "    if opening.pulses <= draft.rules.pulses and",
    ),
    Sabotage(
        "a pulse is repeated at start-up",
        "flows/doors.py",
        ("        case ((Stage.WAITING | Stage.BLIND), _):\n            return _cut_short(draft, opening)"),
        (
            "        case ((Stage.WAITING | Stage.BLIND), _):\n"
            "            return _pulse_again_or_give_up(draft, opening)"
        ),
    ),
    Sabotage(
        "a door that never moved is a handover",
        "flows/pickup.py",
        (
            "            _not_opened(draft, opening, cut_short=progress.cut_short)\n"
            "        case Outcome.LEFT_OPEN:"
        ),
        ("            hand_over(draft, opening, 'A')\n        case Outcome.LEFT_OPEN:"),
    ),
    Sabotage(
        "a door left open is a grade A",
        "flows/pickup.py",
        'hand_over(draft, opening, "C")',
        'hand_over(draft, opening, "A")',
    ),
    Sabotage(
        "no pulse left the port, and yet it is grade B",
        "flows/doors.py",
        ("    if opening.pulses_sent == 0:\n        return None\n    _move"),
        "    _move",
    ),
    Sabotage(
        "handed over though the goods sensor sees it",
        "flows/pickup.py",
        "    if not draft.automat.compartments[opening.compartment].goods:\n        return False\n",
        "    if True:\n        return False\n",
    ),
    Sabotage(
        "no receipt is written",
        "flows/pickup.py",
        "        EntryKind.PARCEL_HANDED_OVER,\n",
        "        EntryKind.CODE_ACCEPTED,\n",
    ),
    Sabotage(
        "a deposit is recorded twice",
        "flows/storing.py",
        '    settle(draft, label, f"a {role} said what lies inside")\n',
        (
            '    settle(draft, label, f"a {role} said what lies inside")\n'
            "    draft.record(EntryKind.PARCEL_STORED, tracking_id, compartment=label, "
            "grade=evidence.grade)\n"
        ),
    ),
    Sabotage(
        "a box that holds a parcel is offered",
        "compartments.py",
        "            and self.tracking_id is None\n",
        "",
    ),
    Sabotage(
        "a courier stores behind an open door",
        "flows/depositing.py",
        "still_open(draft, label, flow.evidence) or (key is Key.OK and box.door is Door.OPEN)",
        "False",
    ),
    Sabotage(
        "who leaves without a word leaves a free box",
        "flows/depositing.py",
        (
            "    draft.change_compartment(box.label, condition=Condition.SUSPECT, "
            "reason=UNCONFIRMED)\n"
            "    _begin"
        ),
        "    _begin",
    ),
    Sabotage(
        "a suspect box is offered",
        "compartments.py",
        "            self.condition is Condition.SOUND\n",
        "            self.condition is not Condition.FAULTY\n",
    ),
    Sabotage(
        "a faulty box is offered",
        "compartments.py",
        "            self.condition is Condition.SOUND\n",
        "            self.condition is not Condition.SUSPECT\n",
    ),
    Sabotage(
        "a blocked box is offered",
        "compartments.py",
        "            and self.blocked is None\n",
        "",
    ),
    Sabotage(
        "a box in which something is seen is offered",
        "compartments.py",
        "            and self.goods is not True\n",
        "",
    ),
    Sabotage(
        "a larger box than needed is offered",
        "allocation.py",
        "best = rank if best is None else min(best, rank)",
        "best = rank if best is None else max(best, rank)",
    ),
    Sabotage(
        "a parcel goes into a box that is too small",
        "allocation.py",
        "        return kind.holds(parcel.dimensions_mm)",
        "        return True",
    ),
    Sabotage(
        "a box that would not do is offered again",
        "allocation.py",
        "        boxes = free & not_tried",
        "        boxes = free",
    ),
    Sabotage(
        "a bigger box need not be bigger",
        "allocation.py",
        "kind.volume_mm3 <= beyond_mm3",
        "kind.volume_mm3 < 0",
    ),
    Sabotage(
        "a courier deposits in drain mode",
        "flows/admission.py",
        "    if facts.mode in (Mode.DRAIN, Mode.EVACUATE):",
        "    if facts.mode is Mode.EVACUATE:",
    ),
    Sabotage(
        "a sender drops off while everything must go",
        "flows/send.py",
        "    if facts.mode is not Mode.NORMAL:",
        "    if facts.mode is Mode.DRAIN:",
    ),
    Sabotage(
        "a courier deposits while the disk is full",
        "flows/admission.py",
        "if facts.storage_low else None",
        "if False else None",
    ),
    Sabotage(
        "a recipient's next door opens while frozen",
        "flows/pickup.py",
        "    if draft.automat.facts.mode is Mode.FROZEN:",
        "    if False:",
    ),
    Sabotage(
        "a lock is pulsed again while frozen",
        "flows/doors.py",
        "if opening.pulses < draft.rules.pulses and _may_pulse_again(draft, opening):",
        "if opening.pulses < draft.rules.pulses:",
    ),
    Sabotage(
        "a courier collects while frozen",
        "flows/collect.py",
        "    if draft.automat.facts.mode is Mode.FROZEN:",
        "    if False:",
    ),
    Sabotage(
        "a courier looks into boxes while frozen",
        "flows/inspect.py",
        "    if draft.automat.facts.mode is Mode.FROZEN and role is not Role.TECHNICIAN:",
        "    if False:",
    ),
    Sabotage(
        "a sender's door opens again while frozen",
        "flows/send.py",
        ("    if draft.automat.facts.mode is Mode.FROZEN:\n        draft.show(keypad"),
        ("    if False:\n        draft.show(keypad"),
    ),
    Sabotage(
        "the back office opens while frozen",
        "flows/remote.py",
        '        return "frozen"',
        "        pass",
    ),
    Sabotage(
        "no limit to remote openings in ten minutes",
        "flows/remote.py",
        "lately >= rules.remote_openings_short or ",
        "",
    ),
    Sabotage(
        "no limit to remote openings in a day",
        "flows/remote.py",
        " or today >= rules.remote_openings_long",
        "",
    ),
    Sabotage(
        "a right that was revoked still opens doors",
        "flows/collect.py",
        (
            "    if not authorised(draft, courier_id, Role.COURIER):\n"
            '        sign_out(draft, keypad, courier_id, Role.COURIER, "no longer authorised")\n'
            "        return\n"
            "    later"
        ),
        "    later",
    ),
    Sabotage(
        "a wrong code costs nothing",
        "attempts.py",
        ("            full,\n            tokens=full.tokens - 1,"),
        ("            full,\n            tokens=full.tokens,"),
    ),
    Sabotage(
        "an empty bucket is not looked at",
        "flows/keys.py",
        "    if wait_s > 0:",
        "    if wait_s < 0:",
    ),
    Sabotage(
        "a restart fills the bucket",
        "flows/watch.py",
        ("    retention.look_after_journal(draft)\n    draft.mark_seen()"),
        (
            "    for bucket in draft.automat.attempts.values():\n"
            "        draft.put_attempts(replace(bucket, tokens=draft.rules.tokens))\n"
            "    draft.mark_seen()"
        ),
    ),
    Sabotage(
        "more tokens than there is room for",
        "attempts.py",
        "        tokens = min(rules.tokens, self.tokens + gained)",
        "        tokens = self.tokens + gained",
    ),
    Sabotage(
        "guard mode lets everybody in",
        "flows/guard.py",
        "    if attempts_at(draft, keypad).guarded:",
        "    if False:",
    ),
    Sabotage(
        "a keypad of one door opens another",
        "flows/keys.py",
        "    if keypad.bound_to is not None and door != keypad.bound_to:",
        "    if False:",
    ),
    Sabotage(
        "couriers sign in at the keypad of one door",
        "flows/keys.py",
        "_credential_with(draft, tag) if keypad.bound_to is None else None",
        "_credential_with(draft, tag)",
    ),
    Sabotage(
        "an overdue parcel is handed out",
        "flows/pickup.py",
        "stored = [p for p in parcels if p.state is ParcelState.STORED and not p.unpaid]",
        (
            "stored = [p for p in parcels if p.state in (ParcelState.STORED, ParcelState.OVERDUE) "
            "and not p.unpaid]"
        ),
    ),
    Sabotage(
        "an unpaid parcel is handed out",
        "flows/pickup.py",
        "stored = [p for p in parcels if p.state is ParcelState.STORED and not p.unpaid]",
        "stored = [p for p in parcels if p.state is ParcelState.STORED]",
    ),
    Sabotage(
        "a code reopens for ever",
        "flows/pickup.py",
        "else draft.now.powered_s + draft.rules.reopen_window_s,",
        "else draft.now.powered_s + 9_999_999,",
    ),
    Sabotage(
        "a doubted clock is believed",
        "automat.py",
        "return now.trusted and not self.facts.clock_doubted",
        "return now.trusted",
    ),
    Sabotage(
        "an untrusted clock is believed",
        "automat.py",
        "return now.trusted and not self.facts.clock_doubted",
        "return not self.facts.clock_doubted",
    ),
    Sabotage(
        "storage times end in an outage",
        "automat.py",
        "return self.judges_time(now) and self.facts.outage_since_s is None",
        "return self.judges_time(now)",
    ),
    Sabotage(
        "outages lengthen nothing",
        "flows/outages.py",
        "    storage.lengthen_all(draft, timedelta(seconds=length_s), why, began_s=began_s)",
        "    return",
    ),
    Sabotage(
        "storage times end a day early",
        "flows/storing.py",
        "deadline(known_at, rules.storage_days, rules.time_zone) if known_at",
        "deadline(known_at, rules.storage_days - 1, rules.time_zone) if known_at",
    ),
    Sabotage(
        "frozen mode is no outage",
        "flows/outages.py",
        " or facts.mode is Mode.FROZEN or",
        " or",
    ),
    Sabotage(
        "a removal needs no word",
        "flows/collect.py",
        ('    _abandon(draft, flow.compartment, flow.tracking_id, flow.courier_id, "not confirmed")'),
        "    _taken(draft, keypad, flow)",
    ),
    Sabotage(
        "a removed parcel's box is still its own",
        "flows/looking.py",
        (
            "        draft.change_compartment(label, tracking_id=None)\n"
            "        draft.clear_incident(IncidentKind.PARCEL_STUCK"
        ),
        "        draft.clear_incident(IncidentKind.PARCEL_STUCK",
    ),
    Sabotage(
        "evidence is never outdated",
        "flows/doors.py",
        ("    _outdate(draft, label)\n    compartment"),
        "    compartment",
    ),
    Sabotage(
        "a courier's word on a box that was opened since",
        "flows/depositing.py",
        "    elif void:\n",
        "    elif False:\n",
    ),
    Sabotage(
        "a sender's word on a box that was opened since",
        "flows/send.py",
        "    elif flow.evidence.outdated:\n",
        "    elif False:\n",
    ),
    Sabotage(
        "a sender's box is held for nobody",
        "flows/holding.py",
        "    return parcel.compartment if holds(box, parcel.tracking_id) else None",
        "    return None",
    ),
    Sabotage(
        "a door that opened from afar leaves no doubt",
        "flows/remote.py",
        ("    draft.change_compartment(label, condition=Condition.SUSPECT, reason=OPENED_FROM_AFAR)\n"),
        "",
    ),
    Sabotage(
        "a door that opened unasked leaves no doubt",
        "flows/doors.py",
        '        _doubt_if_empty(draft, compartment, "the door was opened by nobody we know")\n',
        "",
    ),
    Sabotage(
        "who cancels leaves a free box, seen or not",
        "flows/depositing.py",
        '    elif flow.evidence.grade == "A":',
        ("    else:\n        pass\n    if not draft.automat.compartments[label].goods:"),
    ),
    Sabotage(
        "an interrupted deposit leaves a free box",
        "flows/depositing.py",
        ('        _abandon(draft, label, tracking_id, opening.person or "", "interrupted")\n        return'),
        ("        draft.change_compartment(label, condition=Condition.SOUND, reason=None)\n        return"),
    ),
    Sabotage(
        "a lock that did not open leaves a free box",
        "flows/depositing.py",
        (
            '        draft.change_compartment(label, condition=Condition.FAULTY, reason="the lock '
            'did not open")'
        ),
        "        draft.change_compartment(label, condition=Condition.SOUND, reason=None)",
    ),
    Sabotage(
        "two doors at one keypad",
        "flows/pickup.py",
        "        draft.set_flow(keypad, PickingUp(label, rest))\n",
        ("        draft.set_flow(keypad, PickingUp(label, rest))\n        if rest:\n            continue\n"),
    ),
    Sabotage(
        "a door is opened while it is under way",
        "flows/pickup.py",
        "        if opening is not None and opening.stage is not Stage.LATE:\n",
        "        if False:\n",
    ),
    Sabotage(
        "a command is applied again",
        "flows/office.py",
        '        return "repeated" if known.digest == command.digest else "id-reused"',
        "        pass",
    ),
    Sabotage(
        "a refused command changes something",
        "flows/changes.py",
        '        return "already-redirected"',
        (
            "        draft.put_parcel(replace(parcel, unpaid=not parcel.unpaid))\n"
            '        return "already-redirected"'
        ),
    ),
    Sabotage(
        "an index forgets",
        "automat.py",
        (
            "        to_collect=automat.to_collect.delete(key) if key in automat.to_collect else "
            "automat.to_collect,\n"
        ),
        "",
    ),
    Sabotage(
        "the index of free boxes is not kept",
        "draft.py",
        "        if (known is not None and known.free) is not compartment.free:",
        "        if known is None and compartment.free:",
    ),
    Sabotage(
        "a parcel inside is forgotten",
        "automat.py",
        "    if parcel.state in OVER and parcel.closed_at is not None:",
        (
            "    if parcel.deadline_at is not None:\n"
            "        return parcel.deadline_at\n"
            "    if parcel.state in OVER and parcel.closed_at is not None:"
        ),
    ),
    Sabotage(
        "an entry cannot be written down",
        "flows/storage.py",
        "        daysleft=min(due),",
        "        daysleft=due and set(due),",
    ),
    Sabotage(
        "a found parcel is not recorded",
        "flows/finding.py",
        "    _record(draft, EntryKind.PARCEL_FOUND, finder, parcel.tracking_id)\n",
        "",
    ),
    Sabotage(
        "a technician's verdict without a look",
        "flows/inspect.py",
        ('        _leave(draft, opening.compartment, _who(draft, opening), "interrupted")\n        return\n'),
        ('        clear_box(draft, opening.compartment, "interrupted")\n        return\n'),
    ),
    Sabotage("a door in doubt is pulsed", "flows/doors.py", "    if doubt is None:\n", "    if True:\n"),
    Sabotage(
        "a commission never lapses",
        "flows/commission.py",
        '    draft.set_due("commission", draft.now.powered_s + draft.rules.service_idle_s)',
        "    return",
    ),
    Sabotage(
        "a stray door is no matter",
        "flows/doors.py",
        "        return _note_stray(draft, label) if sprang_open else None",
        "        return None",
    ),
)
