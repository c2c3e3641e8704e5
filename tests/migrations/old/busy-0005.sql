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
INSERT INTO "attempts" VALUES('front',7,1234.5,'[0.1,99.0]',1);
CREATE TABLE audit (
	number INTEGER NOT NULL, 
	begun_at TEXT NOT NULL, 
	begun_by TEXT NOT NULL, 
	CONSTRAINT pk_audit PRIMARY KEY (number)
);
INSERT INTO "audit" VALUES(2,'2026-03-29T00:59:59.999999+00:00','["root (0)","t1"]');
CREATE TABLE checkpoint (
	sequence INTEGER NOT NULL, 
	at TEXT NOT NULL, 
	CONSTRAINT pk_checkpoint PRIMARY KEY (sequence)
);
INSERT INTO "checkpoint" VALUES(2,'2026-03-29T00:59:59.999999+00:00');
CREATE TABLE command (
	command_id TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	outcome TEXT NOT NULL, 
	not_after TEXT NOT NULL, 
	CONSTRAINT pk_command PRIMARY KEY (command_id)
);
INSERT INTO "command" VALUES('cmd-1','0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f','applied','2026-03-29T00:59:59.999999+00:00');
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
INSERT INTO "compartment" VALUES('1','sound',NULL,NULL,'shut',1,'JJFI00000000000000001');
INSERT INTO "compartment" VALUES('3R1','suspect','nobody has looked',NULL,'unknown',0,NULL);
INSERT INTO "compartment" VALUES('4','sound',NULL,'wet paint','unknown',NULL,'JJFI00000000000000002');
CREATE TABLE credential (
	holder TEXT NOT NULL, 
	role TEXT NOT NULL, 
	code_tag TEXT NOT NULL, 
	valid_from TEXT NOT NULL, 
	valid_until TEXT NOT NULL, 
	CONSTRAINT pk_credential PRIMARY KEY (holder)
);
INSERT INTO "credential" VALUES('c7','courier','cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd','2026-03-29T00:59:59.999999+00:00','2026-04-28T00:59:59.999999+00:00');
INSERT INTO "credential" VALUES('t1','technician','efefefefefefefefefefefefefefefefefefefefefefefefefefefefefefefef','2026-03-29T00:59:59.999999+00:00','2026-03-30T00:59:59.999999+00:00');
CREATE TABLE earlier_epoch (
	epoch INTEGER NOT NULL, 
	last_sequence INTEGER NOT NULL, 
	acknowledged_through INTEGER NOT NULL, 
	pruned_through INTEGER NOT NULL, 
	CONSTRAINT pk_earlier_epoch PRIMARY KEY (epoch)
);
INSERT INTO "earlier_epoch" VALUES(1,40,33,12);
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
INSERT INTO "facts" VALUES(1,3,1,1,1,'evacuate',1200.25,'[17.5,1234.0]',12.5,1,'["4","o3","front"]','["root (0)","t1"]',2,1);
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
INSERT INTO "finding" VALUES('1','parcel','2026-03-29T00:59:59.999999+00:00','["root (0)","t1"]','JJFI00000000000000009','JJFI00000000000000001',1,'?');
INSERT INTO "finding" VALUES('4','skipped','2026-03-29T00:59:59.999999+00:00','["root (0)","t1"]',NULL,NULL,0,'wet paint');
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
INSERT INTO "incident" VALUES(2,'part-lost','board A','silent','2026-03-29T00:59:59.999999+00:00','2026-03-29T02:59:59.999999+00:00',NULL,NULL);
INSERT INTO "incident" VALUES(3,'door-did-not-open','1','three pulses','2026-03-29T00:59:59.999999+00:00',NULL,'2026-03-29T00:59:59.999999+00:00','["root (0)","t1"]');
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
INSERT INTO "journal" VALUES(1,1,'door.opened','JJFI00000000000000001','2026-03-29T00:59:59.999999+00:00','59510d91a04a1af467946ec474bb7593d71a8af45f3dc1911dd5b3cbf62478a2',X'312D31');
INSERT INTO "journal" VALUES(1,2,'door.opened',NULL,'2026-03-29T00:59:59.999999+00:00','412a4789b02cad19bacb029f5c8ec8e9b115375d82b97df1d6b15997a8e70e01',X'312D32');
CREATE TABLE last_seen (
	id INTEGER NOT NULL, 
	wall_at TEXT NOT NULL, 
	trusted BOOLEAN NOT NULL, 
	powered_s FLOAT NOT NULL, 
	CONSTRAINT pk_last_seen PRIMARY KEY (id), 
	CONSTRAINT ck_last_seen_single CHECK (id = 1)
);
INSERT INTO "last_seen" VALUES(1,'2026-03-29T00:59:59.999999+00:00',1,1234.5);
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
INSERT INTO "lock" VALUES('1',12,2,1,3,180,'[170,200,190]','[1,2,1]');
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
INSERT INTO "opening" VALUES('1','pickup','front','JJFI00000000000000001','2026-03-29T00:59:59.999999+00:00','open',2,1,17.25,'2026-03-29T00:59:59.999999+00:00',12.125,1,NULL,NULL,NULL,NULL);
INSERT INTO "opening" VALUES('4','remote','',NULL,'2026-03-29T00:59:59.999999+00:00','waiting',0,0,NULL,NULL,NULL,0,'o3','asked by phone','1','root (0)');
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
INSERT INTO "parcel" VALUES('JJFI00000000000000003','XL','refused','inbound',NULL,NULL,NULL,0,1,1,'too-heavy',NULL,NULL,NULL,NULL,NULL,NULL,'[]','2026-03-29T00:59:59.999999+00:00',NULL,NULL,NULL);
INSERT INTO "parcel" VALUES('JJFI00000000000000004','S','collected','inbound',NULL,NULL,NULL,0,0,0,NULL,NULL,NULL,'1','2026-03-29T00:59:59.999999+00:00',NULL,NULL,'[]','2026-03-29T01:59:59.999999+00:00',1294.5,NULL,NULL);
INSERT INTO "parcel" VALUES('JJFI00000000000000001','S','stored','inbound','abababababababababababababababababababababababababababababababab','r1','[390,110,590]',1,0,0,NULL,NULL,NULL,'1','2026-03-29T00:59:59.999999+00:00',NULL,'2026-04-05T00:59:59.999999+00:00','[2,1]',NULL,NULL,NULL,NULL);
INSERT INTO "parcel" VALUES('JJFI00000000000000002',NULL,'registered','outbound','1212121212121212121212121212121212121212121212121212121212121212',NULL,NULL,0,0,0,NULL,'2026-03-28T00:59:59.999999+00:00','2026-03-30T00:59:59.999999+00:00','4','2026-03-29T00:59:59.999999+00:00','2026-03-29T01:59:59.999999+00:00',NULL,'[]',NULL,NULL,1100.5,'2026-03-28T00:59:59.999999+00:00');
CREATE TABLE "parked" (
	epoch INTEGER NOT NULL, 
	sequence INTEGER NOT NULL, 
	reason TEXT NOT NULL, 
	settled BOOLEAN NOT NULL, 
	CONSTRAINT pk_parked PRIMARY KEY (epoch, sequence)
);
INSERT INTO "parked" VALUES(1,2,'schema',1);
CREATE TABLE seen (
	tag TEXT NOT NULL, 
	until TEXT NOT NULL, 
	CONSTRAINT pk_seen PRIMARY KEY (tag)
);
INSERT INTO "seen" VALUES('3434343434343434343434343434343434343434343434343434343434343434','2026-06-27T00:59:59.999999+00:00');
CREATE INDEX ix_journal_subject ON journal (subject);
CREATE UNIQUE INDEX uq_parcel_inside ON parcel (compartment) WHERE state IN ('dropped-off', 'overdue', 'registered', 'stored', 'withdrawn');
COMMIT;
