"""Safeguards of what is typed and of the time that passes: attempts, codes, deadlines."""

from tests.sabotage.twin import Twin

ATTEMPTS = "locker/domain/attempts.py"
KEYS = "locker/domain/flows/keys.py"
GUARD = "locker/domain/flows/guard.py"
AUTOMAT = "locker/domain/automat.py"
PICKUP = "locker/domain/flows/pickup.py"
CALENDAR = "tests/unit/domain/test_calendar.py"

AT_THE_KEYPAD = (
    Twin(
        "the bucket is kept in memory only",
        KEYS,
        "    draft.put_attempts(after)\n    today",
        (
            "    attempts = draft.automat.attempts.set(keypad.name, after)\n"
            "    draft.automat = replace(draft.automat, attempts=attempts)\n"
            "    today"
        ),
        (
            "tests/unit/domain/test_attempts.py::test_the_token_is_spent_in_the_transaction_before_the_answer_is_shown",
        ),
        ("T4",),
    ),
    Twin(
        "a wrong code costs nothing",
        ATTEMPTS,
        "            full,\n            tokens=full.tokens - 1,\n",
        "            full,\n            tokens=full.tokens,\n",
        (
            "tests/unit/domain/test_attempts.py::test_ten_misses_empty_the_bucket_and_not_even_the_right_code_is_evaluated",
        ),
        ("T1", "T2"),
    ),
    Twin(
        "tokens come back at once",
        ATTEMPTS,
        "        gained = max(0, int((powered_s - self.counted_s) // rules.token_refill_s))\n",
        "        gained = rules.tokens\n",
        ("tests/unit/domain/test_attempts.py::test_one_token_comes_back_every_ten_minutes_of_powered_time",),
        ("T1", "T4"),
    ),
    Twin(
        "tokens come back by the wall clock",
        GUARD,
        "    return attempts_at(draft, keypad).wait_s(draft.now.powered_s, draft.rules)\n",
        "    return attempts_at(draft, keypad).wait_s(draft.now.wall_at.timestamp(), draft.rules)\n",
        ("tests/unit/domain/test_attempts.py::test_a_jump_of_the_wall_clock_refills_nothing",),
        ("T5",),
    ),
    Twin(
        "a right code fills the bucket",
        KEYS,
        "    draft.put_keypad(replace(keypad, misses_in_a_row=0))\n    if credential is not None:\n",
        "    draft.put_keypad(replace(keypad, misses_in_a_row=0))\n"
        "    draft.put_attempts(replace(guard.attempts_at(draft, keypad.name), tokens=draft.rules.tokens))\n"
        "    if credential is not None:\n",
        ("tests/unit/domain/test_attempts.py::test_a_hit_gives_back_exactly_its_own_token",),
        ("T3",),
    ),
    Twin(
        "a restart fills the bucket",
        "locker/db/loading.py",
        "        attempts=all_of(connection, Attempts),\n",
        "        attempts=[],\n",
        ("tests/unit/db/test_session.py::test_everything_committed_is_loaded_by_the_next_session",),
        ("T4", "I7"),
    ),
    Twin(
        "a locked keypad looks codes up",
        KEYS,
        "    if _shut_out(draft, keypad.name):\n        return\n",
        "    _shut_out(draft, keypad.name)\n",
        ("tests/unit/domain/test_same_answer.py::test_during_a_lock_out_no_code_is_looked_up_at_all",),
        ("T6",),
    ),
    Twin(
        "guard mode lets everybody in",
        GUARD,
        "    if attempts_at(draft, keypad).guarded:\n",
        "    if False:\n",
        (
            "tests/unit/domain/test_attempts.py::test_thirty_misses_in_a_day_lead_to_guard_mode_until_released",
        ),
        ("T1",),
    ),
    Twin(
        "guard mode never comes",
        ATTEMPTS,
        "            guarded=full.guarded or len(misses_s) >= rules.misses_guard,\n",
        "            guarded=full.guarded,\n",
        (
            "tests/unit/domain/test_attempts.py::test_thirty_misses_in_a_day_lead_to_guard_mode_until_released",
        ),
        ("T1",),
    ),
    Twin(
        "a day's misses raise no alarm",
        KEYS,
        "    if today == draft.rules.misses_alarm:\n",
        "    if today < 0:\n",
        ("tests/unit/domain/test_attempts.py::test_ten_misses_in_a_day_raise_an_alarm_once",),
        ("T1", "T2"),
    ),
    Twin(
        "an entry has no bound",
        "locker/domain/keypad.py",
        "        if len(self.digits) >= most:\n",
        "        if len(self.digits) >= 1000 * most:\n",
        (
            "tests/unit/domain/test_typing.py::test_a_long_entry_is_never_cut_to_a_right_code",
            "tests/unit/domain/test_typing.py::test_what_cannot_be_a_code_is_not_evaluated_and_costs_nothing",
        ),
        ("T12",),
    ),
    Twin(
        "a used code opens again",
        PICKUP,
        "else draft.now.powered_s + draft.rules.reopen_window_s,\n",
        "else draft.now.powered_s + 9_999_999,\n",
        (
            "tests/unit/domain/test_pickup.py::test_the_same_code_reopens_for_three_minutes_after_closing_then_it_is_dead",
        ),
        ("T7",),
    ),
    Twin(
        "codes rest as they were typed",
        "locker/domain/codes.py",
        'return CodeTag(hmac.new(self.secret, code.digits.encode("ascii"), hashlib.sha256).hexdigest())',
        "return CodeTag(code.digits.rjust(64, '0'))",
        ("tests/unit/keys/test_keys.py::test_keys_fit_the_enrolment",),
        ("T9",),
    ),
    Twin(
        "the maker has a code of its own",
        KEYS,
        "    credential = _credential_with(draft, tag) if keypad.bound_to is None else None\n",
        (
            "    credential = _credential_with(draft, tag) if keypad.bound_to is None else None\n"
            "    if code.digits == '123456':\n"
            "        from locker.domain.intents import Unlock\n"
            "        draft.intend(Unlock(next(iter(draft.automat.compartments)), 1))\n"
        ),
        ("tests/faults/test_guessing.py::test_no_favourite_of_a_maker_opens_a_fresh_installation",),
        ("T10",),
    ),
    Twin(
        "a code shows its digits",
        "locker/domain/codes.py",
        """        return f"Code({'*' * len(self.digits)})"\n""",
        """        return f"Code({self.digits})"\n""",
        ("tests/unit/domain/test_typing.py::test_nothing_that_holds_a_code_shows_it",),
        ("T9",),
    ),
    Twin(
        "the code key shows itself",
        "locker/domain/codes.py",
        '        return "CodeKey(***)"\n',
        '        return f"CodeKey({self.secret!r})"\n',
        (
            "tests/unit/keys/test_keys.py::test_secrets_are_not_shown",
            "tests/unit/domain/test_typing.py::test_nothing_that_holds_a_code_shows_it",
        ),
        ("T9",),
    ),
    Twin(
        "what was typed is logged",
        "locker/domain/keypad.py",
        """        return f"Typed({len(self.digits)} digits)"\n""",
        """        return f"Typed({self.digits})"\n""",
        ("tests/unit/domain/test_typing.py::test_nothing_that_holds_a_code_shows_it",),
        ("T9",),
    ),
    Twin(
        "the display shows the digits",
        KEYS,
        """stars="*" * len(typed.digits)""",
        "stars=typed.digits",
        ("tests/unit/domain/test_typing.py::test_the_display_never_shows_the_digits",),
        ("T9",),
    ),
    Twin(
        "an untrusted clock ends storage times",
        AUTOMAT,
        "        return now.trusted and not self.facts.clock_doubted\n",
        "        return not self.facts.clock_doubted\n",
        ("tests/unit/domain/test_retention.py::test_nothing_is_forgotten_under_an_untrusted_clock",),
        ("F13", "T5", "I5"),
    ),
    Twin(
        "a clock that leapt is believed",
        AUTOMAT,
        "        return now.trusted and not self.facts.clock_doubted\n",
        "        return now.trusted\n",
        (
            "tests/unit/domain/test_deadlines.py::test_a_trusted_clock_that_leaps_is_doubted_until_the_back_office_agrees",
        ),
        ("T5", "F13", "I5"),
    ),
    Twin(
        "an instant passes on an untrusted clock",
        "locker/domain/deadlines.py",
        "    return now.trusted and now.wall_at >= at\n",
        "    return now.wall_at >= at\n",
        (CALENDAR + "::test_an_instant_passes_when_it_is_reached_and_never_under_an_untrusted_clock",),
        ("F13", "T5"),
    ),
    Twin(
        "storage times end in an outage",
        AUTOMAT,
        "        return self.judges_time(now) and self.facts.outage_since_s is None\n",
        "        return self.judges_time(now)\n",
        (
            "tests/unit/domain/test_outages.py::test_a_dead_line_of_six_days_expires_nothing_and_reminds_nobody_and_then_all_goes_on",
        ),
        ("F15", "F13"),
    ),
    Twin(
        "an outage lengthens nothing",
        "locker/domain/flows/outages.py",
        "    storage.lengthen_all(draft, timedelta(seconds=length_s), why, began_s=began_s)",
        "    return",
        (
            "tests/unit/domain/test_outages.py::test_each_cause_lengthens_deadlines_by_its_length_with_the_reason",
        ),
        ("F13", "I5"),
    ),
    Twin(
        "seven days are 604,800 seconds",
        "locker/domain/deadlines.py",
        "    return end_of_day(last_pickup_date(deposited_at, days, zone), zone)\n",
        (
            "    return end_of_day(last_pickup_date(deposited_at, 0, zone), zone)"
            " + timedelta(seconds=86_400 * days)\n"
        ),
        (
            "tests/unit/domain/test_calendar.py::test_a_week_with_a_clock_change_has_167_or_169_hours",
            "tests/unit/domain/test_deadlines.py::test_the_deadline_is_the_end_of_the_seventh_local_day",
        ),
        ("F14", "I5"),
    ),
    Twin(
        "deposits go on while the disk is full",
        "locker/domain/flows/admission.py",
        "if facts.storage_low else None",
        "if False else None",
        (
            "tests/unit/domain/test_delivery.py::test_a_full_disk_refuses_deposits_and_leaves_pickups_possible",
        ),
        ("F4",),
    ),
)
