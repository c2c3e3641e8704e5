"""Safeguards of what rests on the disk: the database, the journal, the keys, the clocks."""

from tests.sabotage.twin import Twin

SESSION = "locker/db/session.py"
FILES = "locker/db/files.py"
UPGRADE = "locker/db/upgrade.py"
ENGINE = "locker/engine.py"
KEYS = "locker/keys.py"
CLOCK = "locker/clock.py"
FIRST_START = "tests/unit/daemon/test_first_start.py"
POWER_CUTS = "tests/crash/test_power_cuts.py"
FAILING_DISK = "tests/crash/test_failing_disk.py"

AT_REST = (
    Twin(
        "a commit is not synced to the disk",
        SESSION,
        '"PRAGMA synchronous = FULL"',
        '"PRAGMA synchronous = NORMAL"',
        (
            f"{POWER_CUTS}::test_whatever_is_left_of_a_first_start_and_a_full_disk_opens_with_all_that_was_acknowledged",
        ),
        ("F2", "I7"),
    ),
    Twin(
        "an upgrade syncs its rollback journal once where it takes two",
        UPGRADE,
        '"PRAGMA synchronous = EXTRA"',
        '"PRAGMA synchronous = NORMAL"',
        (
            f"{POWER_CUTS}::test_an_upgrade_cut_anywhere_leaves_a_database_that_opens_with_all_that_was_acknowledged",
        ),
        ("F2", "F20"),
    ),
    Twin(
        "SQLite relies on sectors that harm no neighbour",
        FILES,
        "?psow=0",
        "?psow=1",
        (
            f"{POWER_CUTS}::test_a_sector_that_is_destroyed_with_all_that_lay_in_it_held_nothing_that_was_acknowledged",
        ),
        ("F2",),
    ),
    Twin(
        "indexes are not held against their rows",
        FILES,
        "PRAGMA integrity_check(1)",
        "PRAGMA quick_check(1)",
        ("tests/unit/db/test_refusals.py::test_a_row_that_its_index_tells_otherwise_is_refused",),
        ("F5",),
    ),
    Twin(
        "work goes on right behind what a power cut has left",
        SESSION,
        "        if self._goes_on_in_an_old_log:\n",
        "        if self.path is None:\n",
        (
            "tests/unit/db/test_log.py::test_a_commit_whose_end_a_power_cut_took_is_not_harmed_by_what_is_written_next",
        ),
        ("F2",),
    ),
    Twin(
        "rows that cannot both be true are believed",
        SESSION,
        "        if contradicted is not None:\n",
        "        if contradicted == self.path:\n",
        ("tests/unit/db/test_agreement.py::test_what_contradicts_itself_is_damage",),
        ("F5",),
    ),
    Twin(
        "SQLite copies the log over and keeps a failure to itself",
        SESSION,
        '    "PRAGMA wal_autocheckpoint = 0",\n',
        "",
        (f"{FAILING_DISK}::test_a_decision_is_whole_or_an_error_came_and_nothing_was_started",),
        ("F3",),
    ),
    Twin(
        "a page that the device did not give is taken for damage",
        FILES,
        "int(unread[1]) & 0xFF == IO_ERROR",
        "int(unread[1]) & 0xFF == -1",
        (f"{FAILING_DISK}::test_work_on_the_file_is_done_told_of_or_left_alone",),
        ("F3",),
    ),
    Twin(
        "the database is open to a second tool",
        SESSION,
        '"PRAGMA locking_mode = EXCLUSIVE"',
        '"PRAGMA locking_mode = NORMAL"',
        (
            "tests/unit/db/test_refusals.py::test_a_second_process_is_refused_at_the_open",
            "tests/unit/db/test_refusals.py::test_a_second_open_in_the_same_process_is_refused_and_harms_nothing",
        ),
        ("F7",),
    ),
    Twin(
        "the claim on the database is not exclusive",
        FILES,
        "fcntl.LOCK_EX | fcntl.LOCK_NB",
        "fcntl.LOCK_SH | fcntl.LOCK_NB",
        ("tests/unit/db/test_refusals.py::test_a_second_process_is_refused_at_the_open",),
        ("F7",),
    ),
    Twin(
        "what was deleted can still be read in the file",
        SESSION,
        '"PRAGMA secure_delete = ON"',
        '"PRAGMA secure_delete = OFF"',
        ("tests/unit/db/test_nothing_left.py::test_a_forgotten_incident_leaves_no_byte_of_what_it_told",),
        ("T9",),
    ),
    Twin(
        "a database is opened without being checked",
        "locker/db/migrate.py",
        "    revision = peek(path, whole=whole).revision\n",
        "    revision = peek(path).revision\n",
        ("tests/unit/db/test_refusals.py::test_a_damaged_file_is_refused_and_left_untouched",),
        ("F5",),
    ),
    Twin(
        "a damaged database is replaced by an empty one",
        "locker/db/migrate.py",
        "        revision = peek(path).revision\n        if revision == ladder.head:\n",
        (
            "        try:\n"
            "            revision = peek(path).revision\n"
            "        except DamagedDatabase:\n"
            "            path.unlink()\n"
            "            _create(path, ladder)\n"
            '            return "created"\n'
            "        if revision == ladder.head:\n"
        ),
        ("tests/unit/db/test_refusals.py::test_another_programs_database_is_refused",),
        ("F5",),
    ),
    Twin(
        "an empty database comes in place of one that is gone",
        "locker/daemon.py",
        "        if isinstance(reason, DatabaseMissing) and (epoch := last_epoch(config.paths.keys)):\n",
        "        if (epoch := last_epoch(config.paths.keys)) < 0:\n",
        (f"{FIRST_START}::test_a_database_that_was_there_and_is_gone_is_never_replaced_by_an_empty_one",),
        ("F5",),
    ),
    Twin(
        "each statement of a decision is its own transaction",
        SESSION,
        (
            '        with self._transaction("a transaction") as connection:\n'
            "            for text, parameters in steps:\n"
            "                connection.exec_driver_sql(text, parameters)\n"
        ),
        (
            "        for text, parameters in steps:\n"
            '            with self._transaction("a transaction") as connection:\n'
            "                connection.exec_driver_sql(text, parameters)\n"
        ),
        (
            "tests/unit/db/test_crash.py::test_a_kill_at_any_statement_leaves_whole_decisions",
            "tests/unit/db/test_session.py::test_two_parcels_cannot_lie_in_one_compartment",
            "tests/unit/db/test_session.py::test_a_compartment_changes_hands_within_one_decision",
        ),
        ("F2", "F6", "I7"),
    ),
    Twin(
        "entries with a gap are written",
        SESSION,
        "            if not begins and (entry.epoch, entry.sequence) != (head.epoch, head.sequence + 1):\n",
        "            if not begins and (entry.epoch, entry.sequence) < (head.epoch, head.sequence + 1):\n",
        ("tests/unit/db/test_session.py::test_entries_that_do_not_continue_the_journal_are_refused_whole",),
        ("T20", "I8"),
    ),
    Twin(
        "the newest entry can be pruned",
        SESSION,
        "(change.epoch, change.through) >= (head.epoch, head.sequence)",
        "(change.epoch, change.through) > (head.epoch, head.sequence)",
        ("tests/unit/db/test_session.py::test_the_newest_entry_is_never_pruned",),
        ("T20",),
    ),
    Twin(
        "the reserve is not given up on a full disk",
        SESSION,
        "if self._reserve is None or not self._reserve.give_up():",
        "if self._reserve is None or self._reserve.held():",
        (
            "tests/unit/db/test_disk_full.py::test_the_reserve_is_given_up_for_the_decision_that_found_the_disk_full",
        ),
        ("F4",),
    ),
    Twin(
        "what found the disk full is acknowledged and not written",
        SESSION,
        "                self._reuse_log()\n                self._write(steps)\n",
        "                self._reuse_log()\n",
        (
            "tests/unit/db/test_disk_full.py::test_the_reserve_is_given_up_for_the_decision_that_found_the_disk_full",
        ),
        ("F4",),
    ),
    Twin(
        "a migration is not taken back when it fails",
        "locker/db/upgrade.py",
        'connection.exec_driver_sql("BEGIN IMMEDIATE")',
        "None",
        ("tests/migrations/test_climbing.py::test_a_step_that_fails_leaves_the_one_before_it_whole",),
        ("F20",),
    ),
    Twin(
        "no backup before a migration",
        "locker/db/migrate.py",
        "                copy_database(source, backup)\n",
        "                pass\n",
        ("tests/migrations/test_climbing.py::test_an_older_database_climbs_with_a_backup_beside_it",),
        ("F20",),
    ),
    Twin(
        "doors are pulsed before the commit",
        ENGINE,
        (
            "        if decision.durable:\n"
            "            await self._run_blocking(lambda: self._ledger.commit(decision.changes, sealed))\n"
            "        self.automat, self.head = decision.automat, head\n"
            "        for intent in decision.intents:\n"
            "            self._start(intent)\n"
        ),
        (
            "        for intent in decision.intents:\n"
            "            self._start(intent)\n"
            "        if decision.durable:\n"
            "            await self._run_blocking(lambda: self._ledger.commit(decision.changes, sealed))\n"
            "        self.automat, self.head = decision.automat, head\n"
        ),
        (
            "tests/unit/engine/test_engine.py::test_the_pulse_starts_only_after_its_intent_is_committed",
            "tests/unit/engine/test_engine.py::test_a_wrong_code_costs_its_token_before_anything_is_shown",
        ),
        ("F6", "F3", "I1"),
    ),
    Twin(
        "after a failed commit the daemon goes on",
        ENGINE,
        "            await self._run_blocking(lambda: self._ledger.commit(decision.changes, sealed))\n",
        (
            "            try:\n"
            "                await self._run_blocking("
            "lambda: self._ledger.commit(decision.changes, sealed))\n"
            "            except Exception:\n"
            "                pass\n"
        ),
        (
            "tests/unit/engine/test_engine.py::test_if_the_commit_fails_nothing_opens_nothing_is_shown_and_the_state_stays",
        ),
        ("F3",),
    ),
    Twin(
        "entries do not carry the hash of the one before",
        "locker/domain/journal.py",
        '        "prevhash": head.hash,\n',
        '        "prevhash": NO_HASH,\n',
        (
            "tests/unit/engine/test_engine.py::test_entries_are_numbered_chained_and_signed_without_a_gap",
            "tests/unit/domain/test_journal.py::test_a_whole_chain_is_good",
        ),
        ("T20",),
    ),
    Twin(
        "a signature is not checked",
        "locker/domain/journal.py",
        "    if not verify(canonical, signature):\n",
        "    if not signature:\n",
        (
            "tests/unit/domain/test_journal.py::test_a_changed_entry_is_named",
            "tests/unit/api/test_verify.py::test_a_signature_of_another_key_is_named",
        ),
        ("T20",),
    ),
    Twin(
        "the verifier does not look at the chain",
        "locker/domain/journal.py",
        "        if prevhash != head.hash:\n",
        "        if len(prevhash) != len(head.hash):\n",
        ("tests/unit/domain/test_journal.py::test_another_chain_with_the_same_numbers_does_not_fit",),
        ("T20", "F12"),
    ),
    Twin(
        "an entry that was taken away is not missed",
        "locker/api/verification.py",
        "    if end.sequence < head.sequence:\n",
        "    if end.sequence < 0:\n",
        ("tests/unit/api/test_verify.py::test_an_end_cut_off_is_named",),
        ("T20",),
    ),
    Twin(
        "signatures of evidence are not checked",
        "locker/api/evidence.py",
        "        key.verify(raw, signed)\n",
        "        signed and raw\n",
        ("tests/unit/api/test_evidence.py::test_every_single_byte_of_every_entry_counts",),
        ("T20",),
    ),
    Twin(
        "a key file is not synced to the disk",
        KEYS,
        "        opened.flush()\n        os.fsync(descriptor)\n",
        "        opened.flush()\n",
        (
            "tests/unit/keys/test_keys.py::test_keys_are_on_the_disk_before_anybody_is_told_of_them",
            "tests/unit/keys/test_keys.py::test_an_epoch_is_on_the_disk_before_it_is_used",
        ),
        ("F2",),
    ),
    Twin(
        "keys open to others are used",
        KEYS,
        "        if mode & forbidden:\n",
        "        if mode & forbidden == forbidden + 1:\n",
        ("tests/unit/keys/test_keys.py::test_keys_open_to_others_are_refused",),
        ("T9",),
    ),
    Twin(
        "a lost epoch is guessed",
        KEYS,
        "    if epoch < 1:\n",
        "    epoch = max(epoch, 1)\n    if epoch < 1:\n",
        ("tests/unit/keys/test_keys.py::test_a_lost_epoch_is_never_guessed",),
        ("F12",),
    ),
    Twin(
        "a new database goes on in the old epoch",
        KEYS,
        'int(_read(file).decode("ascii")) + 1\n',
        'max(1, int(_read(file).decode("ascii")))\n',
        ("tests/unit/keys/test_keys.py::test_epochs_are_counted",),
        ("F12",),
    ),
    Twin(
        "the uptime is counted at every restart",
        CLOCK,
        "        if anchor is not None and anchor.boot_id != self._sources.boot_id:\n",
        "        if anchor is not None:\n",
        ("tests/unit/clock/test_clock.py::test_uptime_is_added_once_a_boot",),
        ("T4",),
    ),
    Twin(
        "powered time is the wall clock",
        CLOCK,
        "        powered_s = self._powered_s + self._sources.boot_s() - self._started_s\n",
        "        powered_s = self._sources.wall_s()\n",
        ("tests/unit/clock/test_clock.py::test_time_goes_on_within_a_process",),
        ("T5",),
    ),
    Twin(
        "a clock that nobody set is believed",
        CLOCK,
        "            trust = Trust.UNTRUSTED\n",
        "            trust = Trust.HOLDOVER\n",
        ("tests/unit/clock/test_clock.py::test_trust_follows_the_synchronisation",),
        ("F13", "T5"),
    ),
)
