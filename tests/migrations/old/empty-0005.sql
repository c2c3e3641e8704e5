BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0005');
CREATE TABLE attempts (
	keypad TEXT NOT NULL, 
	tokens INTEGER NOT NULL, 
	counted_s FLOAT NOT NULL, 
	misses_s TEXT NOT NULL, 
	guarded BOOLEAN NOT NULL, 
	CONSTRAINT pk_attempts PRIMARY KEY (keypad), 
	CONSTRAINT ck_attempts_tokens CHECK (tokens >= 0)
);
CREATE TABLE audit (
	number INTEGER NOT NULL, 
	begun_at TEXT NOT NULL, 
	begun_by TEXT NOT NULL, 
	CONSTRAINT pk_audit PRIMARY KEY (number)
);
CREATE TABLE checkpoint (
	sequence INTEGER NOT NULL, 
	at TEXT NOT NULL, 
	CONSTRAINT pk_checkpoint PRIMARY KEY (sequence)
);
CREATE TABLE command (
	command_id TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	outcome TEXT NOT NULL, 
	not_after TEXT NOT NULL, 
	CONSTRAINT pk_command PRIMARY KEY (command_id)
);
CREATE TABLE "compartment" (
	label TEXT NOT NULL, 
	condition TEXT NOT NULL, 
	reason TEXT, 
	blocked TEXT, 
	door TEXT NOT NULL, 
	goods BOOLEAN, 
	tracking_id TEXT, 
	CONSTRAINT pk_compartment PRIMARY KEY (label), 
	CONSTRAINT ck_compartment_label CHECK (label <> ''), 
	CONSTRAINT fk_compartment_tracking_id FOREIGN KEY(tracking_id) REFERENCES parcel (tracking_id) DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE credential (
	holder TEXT NOT NULL, 
	role TEXT NOT NULL, 
	code_tag TEXT NOT NULL, 
	valid_from TEXT NOT NULL, 
	valid_until TEXT NOT NULL, 
	CONSTRAINT pk_credential PRIMARY KEY (holder)
);
CREATE TABLE earlier_epoch (
	epoch INTEGER NOT NULL, 
	last_sequence INTEGER NOT NULL, 
	acknowledged_through INTEGER NOT NULL, 
	pruned_through INTEGER NOT NULL, 
	CONSTRAINT pk_earlier_epoch PRIMARY KEY (epoch)
);
CREATE TABLE "facts" (
	id INTEGER NOT NULL, 
	incidents_numbered INTEGER NOT NULL, 
	acknowledged_through INTEGER NOT NULL, 
	storage_low BOOLEAN NOT NULL, 
	clock_doubted BOOLEAN NOT NULL, 
	mode TEXT NOT NULL, 
	outage_since_s FLOAT, 
	remote_openings_s TEXT NOT NULL, 
	outage_owed_s FLOAT NOT NULL, 
	pruned_through INTEGER NOT NULL, 
	word_awaited TEXT NOT NULL, 
	commission TEXT NOT NULL, 
	audits_numbered INTEGER NOT NULL, 
	forks_settled_through INTEGER NOT NULL, 
	CONSTRAINT pk_facts PRIMARY KEY (id), 
	CONSTRAINT ck_facts_single CHECK (id = 1)
);
CREATE TABLE finding (
	compartment TEXT NOT NULL, 
	verdict TEXT NOT NULL, 
	at TEXT NOT NULL, 
	said_by TEXT NOT NULL, 
	tracking_id TEXT, 
	expected TEXT, 
	differs BOOLEAN NOT NULL, 
	reason TEXT, 
	CONSTRAINT pk_finding PRIMARY KEY (compartment), 
	CONSTRAINT ck_finding_compartment CHECK (compartment <> '')
);
CREATE TABLE "incident" (
	number INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	about TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	raised_at TEXT NOT NULL, 
	cleared_at TEXT, 
	acknowledged_at TEXT, 
	acknowledged_by TEXT, 
	CONSTRAINT pk_incident PRIMARY KEY (number)
);
CREATE TABLE journal (
	epoch INTEGER NOT NULL, 
	sequence INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	subject TEXT, 
	at TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	payload BLOB NOT NULL, 
	CONSTRAINT pk_journal PRIMARY KEY (epoch, sequence), 
	CONSTRAINT ck_journal_sequence CHECK (sequence >= 1), 
	CONSTRAINT ck_journal_hash CHECK (length(hash) = 64)
);
CREATE TABLE last_seen (
	id INTEGER NOT NULL, 
	wall_at TEXT NOT NULL, 
	trusted BOOLEAN NOT NULL, 
	powered_s FLOAT NOT NULL, 
	CONSTRAINT pk_last_seen PRIMARY KEY (id), 
	CONSTRAINT ck_last_seen_single CHECK (id = 1)
);
CREATE TABLE lock (
	compartment TEXT NOT NULL, 
	openings INTEGER NOT NULL, 
	retries INTEGER NOT NULL, 
	failures INTEGER NOT NULL, 
	refusals INTEGER NOT NULL, 
	usual_ms INTEGER, 
	recent_ms TEXT NOT NULL, 
	recent_pulses TEXT NOT NULL, 
	CONSTRAINT pk_lock PRIMARY KEY (compartment), 
	CONSTRAINT ck_lock_compartment CHECK (compartment <> '')
);
CREATE TABLE "opening" (
	compartment TEXT NOT NULL, 
	purpose TEXT NOT NULL, 
	keypad TEXT NOT NULL, 
	tracking_id TEXT, 
	started_at TEXT NOT NULL, 
	stage TEXT NOT NULL, 
	pulses INTEGER NOT NULL, 
	pulses_sent INTEGER NOT NULL, 
	due_s FLOAT, 
	opened_at TEXT, 
	opened_s FLOAT, 
	reminded BOOLEAN NOT NULL, 
	person TEXT, 
	reason TEXT, 
	stray TEXT, 
	user TEXT, 
	CONSTRAINT pk_opening PRIMARY KEY (compartment), 
	CONSTRAINT ck_opening_pulses CHECK (pulses >= 0), 
	CONSTRAINT fk_opening_compartment FOREIGN KEY(compartment) REFERENCES compartment (label) DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE "parcel" (
	tracking_id TEXT NOT NULL, 
	size TEXT, 
	state TEXT NOT NULL, 
	direction TEXT NOT NULL, 
	code_tag TEXT, 
	recipient TEXT, 
	dimensions_mm TEXT, 
	accessible BOOLEAN NOT NULL, 
	unpaid BOOLEAN NOT NULL, 
	redirected BOOLEAN NOT NULL, 
	refusal TEXT, 
	valid_from TEXT, 
	valid_until TEXT, 
	compartment TEXT, 
	deposited_at TEXT, 
	registered_at TEXT, 
	deadline_at TEXT, 
	reminded_days TEXT NOT NULL, 
	closed_at TEXT, 
	reopen_until_s FLOAT, 
	deposited_s FLOAT, 
	announced_at TEXT, 
	CONSTRAINT pk_parcel PRIMARY KEY (tracking_id), 
	CONSTRAINT ck_parcel_tracking_id CHECK (tracking_id <> ''), 
	CONSTRAINT ck_parcel_inside CHECK (compartment IS NOT NULL OR NOT (state IN ('dropped-off', 'overdue', 'registered', 'stored', 'withdrawn')))
);
CREATE TABLE "parked" (
	epoch INTEGER NOT NULL, 
	sequence INTEGER NOT NULL, 
	reason TEXT NOT NULL, 
	settled BOOLEAN NOT NULL, 
	CONSTRAINT pk_parked PRIMARY KEY (epoch, sequence)
);
CREATE TABLE seen (
	tag TEXT NOT NULL, 
	until TEXT NOT NULL, 
	CONSTRAINT pk_seen PRIMARY KEY (tag)
);
CREATE INDEX ix_journal_subject ON journal (subject);
CREATE UNIQUE INDEX uq_parcel_inside ON parcel (compartment) WHERE state IN ('dropped-off', 'overdue', 'registered', 'stored', 'withdrawn');
COMMIT;
