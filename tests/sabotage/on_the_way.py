"""Safeguards between the automat and the back office: the outbox, the link, commands."""

from tests.sabotage.twin import Twin

OUTBOX = "locker/sync/outbox.py"
LINK = "locker/sync/link.py"
CONNECTION = "locker/sync/connection.py"
NETWORK = "tests/crash/test_network.py"
SIGNATURES = "locker/sync/signatures.py"
OFFICE = "locker/domain/flows/office.py"
REMOTE = "locker/domain/flows/remote.py"
REFUSING = "locker/domain/flows/refusing.py"
REFUSED = "tests/unit/domain/test_refusing.py"

ON_THE_WAY = (
    Twin(
        "the broker's word counts as the back office's",
        LINK,
        "            await connection.publish_event(self._topics.journal, await queue.get())\n",
        (
            "            payload = await queue.get()\n"
            "            await connection.publish_event(self._topics.journal, payload)\n"
            "            number = int(__import__('json').loads(payload)['sequence'])\n"
            "            self._outbox.acknowledge(number, (), asyncio.get_running_loop().time())\n"
            "            await self._post(JournalAcknowledged(self._outbox.epoch, number, (), None))\n"
        ),
        ("tests/unit/sync/test_link.py::test_entries_that_only_the_broker_had_are_sent_again",),
        ("F9", "I8"),
    ),
    Twin(
        "what was sent once is not sent again on a new connection",
        OUTBOX,
        "        self._answered = True\n        self._be_patient()\n        self._go_back(now_s)\n",
        "        self._answered = True\n        self._be_patient()\n",
        ("tests/unit/sync/test_outbox.py::test_a_new_connection_starts_after_the_durable_acknowledgement",),
        ("F9", "F10", "I8"),
    ),
    Twin(
        "a missing range is not sent again",
        OUTBOX,
        "        self._missing = sorted(wanted)\n",
        "        self._missing = wanted[:0]\n",
        (
            "tests/unit/sync/test_outbox.py::test_missing_ranges_go_first_and_not_twice_at_once",
            "tests/unit/sync/test_outbox.py::test_what_the_back_office_lost_after_acknowledging_it_is_sent_again",
        ),
        ("F10", "F12", "I8"),
    ),
    Twin(
        "silence is never broken",
        OUTBOX,
        "        return not self._idle and now_s >= self._moved_s + self._patience_s  # as `wait_s` says\n",
        "        return False\n",
        ("tests/unit/sync/test_outbox.py::test_silence_sends_a_few_again_with_growing_patience",),
        ("F10",),
    ),
    Twin(
        "an outage's entries are sent without a window",
        OUTBOX,
        "        allowed = window if self._answered else min(window, self._rules.probe)\n",
        "        allowed = 1_000_000\n",
        ("tests/unit/sync/test_outbox.py::test_it_starts_after_the_acknowledgement_and_keeps_to_the_window",),
        ("F22",),
    ),
    Twin(
        "a fleet knocks in step",
        LINK,
        "            await asyncio.sleep(spread_s + pause_s * (0.5 + self._dice() / 2))\n",
        "            await asyncio.sleep(spread_s + pause_s)\n",
        ("tests/unit/sync/test_patience.py::test_a_fleet_that_lost_its_broker_does_not_come_back_in_step",),
        ("F8", "F23"),
    ),
    Twin(
        "a fleet starts in step",
        LINK,
        "await asyncio.sleep(self._dice() * self._settings.first_connect_within_s)",
        "await asyncio.sleep(0)",
        ("tests/unit/sync/test_patience.py::test_a_fleet_that_starts_at_once_connects_spread_over_seconds",),
        ("F23",),
    ),
    Twin(
        "a fleet that lost its broker comes back at once",
        LINK,
        "pause_s, spread_s = first_s, self._dice() * self._settings.first_connect_within_s\n",
        "pause_s = first_s\n",
        (
            "tests/unit/sync/test_flapping.py::test_a_fleet_whose_broker_restarts_comes_back_spread_over_seconds",
        ),
        ("F23",),
    ),
    Twin(
        "a half-open connection is never found out",
        CONNECTION,
        "        keepalive=settings.keepalive_s,\n",
        "        keepalive=60_000,\n",
        (f"{NETWORK}::test_a_half_open_connection_is_noticed_and_replaced_while_people_are_served",),
        ("F8",),
    ),
    Twin(
        "attempts to connect never become fewer",
        LINK,
        "            pause_s = min(most_s, pause_s * 2)\n",
        "",
        (
            "tests/unit/sync/test_patience.py::test_the_pauses_grow_to_the_longest_and_are_half_of_it_at_least",
        ),
        ("F8",),
    ),
    Twin(
        "resending is not spread",
        OUTBOX,
        "self._patience_s = self._rules.resend_after_s * (1.0 + self._dice() / 4)",
        "self._patience_s = self._rules.resend_after_s",
        ("tests/unit/sync/test_outbox.py::test_patience_is_spread_by_the_dice",),
        ("F23",),
    ),
    Twin(
        "the last will is not retained",
        CONNECTION,
        'reason="connection-lost"),\n            qos=1,\n            retain=True,\n',
        'reason="connection-lost"),\n            qos=1,\n            retain=False,\n',
        ("tests/unit/sync/test_link.py::test_whoever_asks_after_the_automat_vanished_is_told_so",),
        ("F8",),
    ),
    Twin(
        "a command is taken off the broker before the inbox has it",
        LINK,
        "                self._commands.put_nowait((connection, message))\n                continue\n",
        "                self._commands.put_nowait((connection, message))\n",
        ("tests/unit/sync/test_link.py::test_a_command_is_taken_off_the_broker_only_after_the_inbox_has_it",),
        ("F9", "F1"),
    ),
    Twin(
        "an unsigned command is read",
        "locker/sync/commands.py",
        "    content = payload if key is None else signed_content(payload, key)\n",
        "    content = payload if key is None or payload[:1] == b'{' else signed_content(payload, key)\n",
        ("tests/unit/sync/test_messages.py::test_a_forgery_is_refused_and_its_claimed_name_is_not_believed",),
        ("T15",),
    ),
    Twin(
        "any algorithm will do for a signature",
        SIGNATURES,
        '    if header.get("alg") not in SIGNATURE_ALGORITHMS:\n',
        (
            '    if header.get("alg") == "none":\n'
            '        return base64.urlsafe_b64decode(payload.split(b".")[1] + b"==")\n'
            '    if header.get("alg") not in SIGNATURE_ALGORITHMS:\n'
        ),
        ("tests/unit/sync/test_messages.py::test_a_forgery_is_refused_and_its_claimed_name_is_not_believed",),
        ("T15",),
    ),
    Twin(
        "a command of any length is read",
        "locker/sync/commands.py",
        "    if len(payload) > COMMAND_BYTES_MOST:\n",
        "    if key is not None and len(payload) > 64 * COMMAND_BYTES_MOST:\n",
        ("tests/unit/sync/test_messages.py::test_what_is_too_long_is_not_looked_into",),
        ("T17",),
    ),
    Twin(
        "a member given twice is read",
        "locker/sync/strict_json.py",
        "    if len(found) != len(pairs):\n",
        "    if len(found) > len(pairs):\n",
        (
            "tests/unit/sync/test_messages.py::test_bytes_that_are_no_command_are_refused_with_a_reason",
            "tests/unit/sync/test_messages.py::test_a_mutation_of_a_valid_command_is_refused_with_a_reason",
        ),
        ("T17",),
    ),
    Twin(
        "a command may nest without end",
        "locker/sync/strict_json.py",
        "    if nesting(text) > DEPTH_MOST:\n",
        "    if nesting(text) > 1_000_000:\n",
        ("tests/unit/sync/test_messages.py::test_bytes_that_are_no_command_are_refused_with_a_reason",),
        ("T17",),
    ),
    Twin(
        "plain MQTT leaves the machine",
        "locker/sync/settings.py",
        "        if self.tls is None and not is_loopback(self.host):\n",
        "        if self.tls is None and not self.host:\n",
        ("tests/unit/sync/test_settings.py::test_plain_is_refused_elsewhere",),
        ("T13",),
    ),
    Twin(
        "the broker's certificate is not checked",
        "locker/sync/settings.py",
        "        context.minimum_version = ssl.TLSVersion.TLSv1_2\n",
        (
            "        context.minimum_version = ssl.TLSVersion.TLSv1_2\n"
            "        context.check_hostname = False\n"
            "        context.verify_mode = ssl.CERT_NONE\n"
        ),
        ("tests/unit/sync/test_tls.py::test_another_authority_is_not_believed",),
        ("T13",),
    ),
    Twin(
        "a broker under any name is believed",
        "locker/sync/settings.py",
        "        context.minimum_version = ssl.TLSVersion.TLSv1_2\n",
        "        context.minimum_version = ssl.TLSVersion.TLSv1_2\n        context.check_hostname = False\n",
        ("tests/unit/sync/test_tls.py::test_a_broker_under_another_name_is_not_believed",),
        ("T13",),
    ),
    Twin(
        "an automat may speak for every other",
        "docs/broker/fleet.acl",
        "pattern write automats/%u/journal\n",
        "pattern write automats/+/journal\n",
        ("tests/crash/test_fleet_acl.py::test_an_automat_writes_its_own_topics_up_and_no_others",),
        ("T14",),
    ),
    Twin(
        "an automat takes over the session of another",
        "docs/broker/mosquitto.conf",
        "use_username_as_clientid true\n",
        "",
        ("tests/crash/test_fleet_acl.py::test_nobody_takes_over_the_session_of_another_automat",),
        ("T14",),
    ),
    Twin(
        "an automat hears what every other is told",
        "docs/broker/fleet.acl",
        "pattern read automats/%u/commands\n",
        "pattern read automats/+/commands\n",
        ("tests/crash/test_fleet_acl.py::test_an_automat_reads_its_own_topics_down_and_no_others",),
        ("T14",),
    ),
    Twin(
        "a late command is applied",
        OFFICE,
        "    if command.not_after <= earliest:\n",
        "    if command.not_after <= command.issued_at:\n",
        ("tests/unit/domain/test_commands.py::test_a_bad_envelope_is_refused_and_changes_nothing",),
        ("T15",),
    ),
    Twin(
        "a clock that was set back revives a command",
        OFFICE,
        "    earliest = now.wall_at if believed else draft.automat.last_seen.earliest_possible(now)\n",
        "    earliest = now.wall_at\n",
        ("tests/unit/domain/test_commands.py::test_a_replay_under_a_clock_set_back_is_late_all_the_same",),
        ("T15", "T5"),
    ),
    Twin(
        "a retained command is applied",
        OFFICE,
        "    if command.retained:\n",
        "    if not command.command_id:\n",
        ("tests/unit/domain/test_commands.py::test_a_bad_envelope_is_refused_and_changes_nothing",),
        ("T15",),
    ),
    Twin(
        "the link does not tell that a command was retained",
        "locker/sync/link.py",
        "retained=message.retain",
        "retained=False",
        ("tests/unit/sync/test_link.py::test_a_live_retained_command_is_known_as_such",),
        ("T15",),
    ),
    Twin(
        "another automat's command is applied",
        OFFICE,
        "    if command.automat_id != draft.automat.identity.automat_id:\n",
        "    if not command.automat_id:\n",
        ("tests/unit/domain/test_commands.py::test_a_bad_envelope_is_refused_and_changes_nothing",),
        ("T15", "T14"),
    ),
    Twin(
        "a command's id is forgotten",
        OFFICE,
        '        return "repeated" if known.digest == command.digest else "id-reused"\n',
        "        pass\n",
        (
            "tests/unit/domain/test_commands.py::test_a_repeated_command_is_applied_once_and_its_repetition_journalled",
            "tests/unit/domain/test_commands.py::test_the_same_id_with_another_content_is_refused",
        ),
        ("T15", "F10"),
    ),
    Twin(
        "used ids do not survive a restart",
        "locker/db/loading.py",
        "        commands=all_of(connection, CommandRecord),\n",
        "        commands=[],\n",
        ("tests/unit/db/test_session.py::test_everything_committed_is_loaded_by_the_next_session",),
        ("T15", "I7"),
    ),
    Twin(
        "the back office may open as many doors as it likes",
        REMOTE,
        "    return lately >= rules.remote_openings_short or today >= rules.remote_openings_long\n",
        "    return False and (lately >= today)\n",
        (
            "tests/unit/domain/test_remote.py::test_three_in_ten_minutes_then_only_at_a_word_on_the_spot",
            "tests/unit/domain/test_remote.py::test_ten_a_day_then_only_at_a_word_on_the_spot",
        ),
        ("T16",),
    ),
    Twin(
        "what the back office never had is pruned",
        "locker/domain/flows/retention.py",
        "    return min(automat.facts.acknowledged_through, first_parked - 1)\n",
        "    return min(automat.journal_end, first_parked - 1)\n",
        ("tests/unit/domain/test_retention.py::test_what_the_back_office_does_not_hold_is_never_pruned",),
        ("F8", "F9"),
    ),
    Twin(
        "a refused entry is dropped",
        "locker/domain/flows/watch.py",
        "            _park(draft, Parked(event.epoch, sequence, reason))\n",
        "            pass\n",
        (
            "tests/unit/domain/test_watch.py::test_a_refused_entry_is_parked_once_with_an_alarm_and_an_impossible_one_is_not",
        ),
        ("F11",),
    ),
    Twin(
        "the back office may acknowledge what was never written",
        "locker/domain/flows/watch.py",
        (
            "        note_fork(draft, event.epoch, event.through)\n"
            "    elif event.through > draft.automat.facts.acknowledged_through:\n"
        ),
        (
            "        note_fork(draft, event.epoch, event.through)\n"
            "    if event.through > draft.automat.facts.acknowledged_through:\n"
        ),
        ("tests/unit/domain/test_watch.py::test_the_back_office_cannot_acknowledge_what_was_never_written",),
        ("F12", "I8"),
    ),
    Twin(
        "a forked journal goes on in its epoch",
        "locker/domain/flows/watch.py",
        "        epochs.ask(draft)\n",
        "",
        (
            "tests/unit/domain/test_epochs.py::test_what_was_never_written_or_written_otherwise_asks_for_a_new_epoch_once",
        ),
        ("F12",),
    ),
    Twin(
        "every forged acknowledgement brings a new epoch",
        "locker/domain/flows/epochs.py",
        "    return forked == [name_of(automat.epoch)]\n",
        "    return name_of(automat.epoch) in forked\n",
        (
            "tests/unit/domain/test_epochs.py::test_forged_acknowledgements_bring_one_new_epoch_and_no_second_before_a_technician_has_spoken",
        ),
        ("F12",),
    ),
    Twin(
        "what was not acknowledged of an earlier epoch is left behind",
        "locker/domain/flows/epochs.py",
        "        if not automat.earlier_epochs[epoch].delivered:\n",
        "        if automat.earlier_epochs[epoch].last_sequence < 0:\n",
        (
            "tests/unit/domain/test_epochs.py::test_what_was_not_acknowledged_of_the_earlier_epoch_is_still_to_be_sent",
        ),
        ("F12", "F10"),
    ),
    Twin(
        "an earlier epoch counts as acknowledged before it was sent",
        "locker/sync/link.py",
        "            self._left.acknowledge(min(ack.through, self._left.sent_through), missing, now_s)\n",
        "            self._left.acknowledge(ack.through, missing, now_s)\n",
        (
            "tests/unit/sync/test_left_epochs.py::test_an_acknowledgement_counts_for_an_earlier_epoch_only_as_far_as_it_was_sent",
        ),
        ("F12",),
    ),
    Twin(
        "a database behind the counter goes on in its epoch",
        "locker/daemon.py",
        "        restored = not new_epoch and head.epoch < last_epoch(config.paths.keys)\n",
        "        restored = False\n",
        (
            "tests/faults/test_real_process.py::test_a_database_put_back_from_a_copy_is_found_out_and_goes_on_in_a_new_epoch",
        ),
        ("F12",),
    ),
    Twin(
        "an epoch is written before it was counted",
        "locker/engine.py",
        "            await self.take(EpochCounted(counted[0], self.head.hash, restored))\n",
        "            await self.take(EpochCounted(self.head.epoch + 1, self.head.hash, restored))\n",
        (
            "tests/unit/engine/test_engine.py::test_a_forked_journal_goes_on_in_a_new_epoch_that_is_counted_before",
        ),
        ("F12",),
    ),
    Twin(
        "a fork of the journal is no matter",
        "locker/domain/flows/watch.py",
        "    if event.through > end:\n        note_fork(draft, event.epoch, event.through)\n    elif event",
        "    if event",
        ("tests/unit/domain/test_watch.py::test_the_back_office_cannot_acknowledge_what_was_never_written",),
        ("F12",),
    ),
    Twin(
        "noise fills the journal",
        REFUSING,
        "    if known.left > 0 and not known.untold:\n",
        "    if True:\n",
        (f"{REFUSED}::test_a_day_of_noise_fills_no_journal_and_every_message_is_counted",),
        ("T17", "F21"),
    ),
    Twin(
        "what was only counted is never told",
        REFUSING,
        "    due_s = known.counted_s + draft.rules.refusal_told_again_s if known.untold else None\n",
        "    due_s = None\n",
        (f"{REFUSED}::test_a_day_of_noise_fills_no_journal_and_every_message_is_counted",),
        ("T17",),
    ),
    Twin(
        "a replayed command is recorded for ever",
        OFFICE,
        ("        refusing.note(draft, str(refusal), **_refused(command))\n"),
        "        draft.record(EntryKind.COMMAND_REFUSED, reason=str(refusal), **_refused(command))\n",
        (f"{REFUSED}::test_a_signed_command_replayed_for_ever_is_told_a_few_times_and_changes_nothing",),
        ("T15", "F21"),
    ),
    Twin(
        "commands wait in memory without end",
        LINK,
        "                if self._commands.qsize() >= COMMANDS_WAITING_MOST:\n",
        "                if False:\n",
        ("tests/unit/sync/test_floods.py::test_commands_without_end_end_the_connection_and_not_the_memory",),
        ("T17", "F21"),
    ),
    Twin(
        "renewed certificates need a restart",
        LINK,
        "            self._tls = self._settings.tls.context()\n        except",
        "            self._settings.tls.context()\n        except",
        ("tests/crash/test_certificates.py::test_certificates_that_expire_and_are_renewed_need_no_restart",),
        ("T13",),
    ),
    Twin(
        "what the broker claims of entries is remembered for ever",
        LINK,
        "    if len(told) + len(numbers) > NUMBERS_HEARD_MOST:\n",
        "    if False:\n",
        ("tests/unit/sync/test_floods.py::test_acknowledgements_without_end_fill_no_memory",),
        ("T17", "F21"),
    ),
    Twin(
        "noise in place of acknowledgements fills the log",
        LINK,
        "        if now_s >= self._warns_from_s:\n",
        "        if True:\n",
        ("tests/unit/sync/test_floods.py::test_noise_in_place_of_acknowledgements_fills_no_log",),
        ("T17", "F21"),
    ),
)
