import { KeyIndex } from '@meterline/shared/sqlite/key-index/key-index.ts'
import type { Migration } from '@meterline/shared/sqlite/migrate.ts'

/**
 * The journal's tables. Usage lies in `chunk`, one row a group commit, as the very bytes that are sealed and sent; a
 * `batch` row adds what sealing made and names its chunks, so nothing is written twice. Deleting from `chunk` and `batch`
 * happens under a receipt only, and not at once: `settled_batch` says which batches are kept to be sent again after a
 * restore of the aggregator. Rows that matter carry a CRC-32 in `sum` (null in rows of versions before 5). The version of
 * the file is SQLite's `user_version`.
 */
export const journalMigrations: readonly Migration[] = [
  {
    version: 1,
    sql: `
${KeyIndex.migrations.map((migration) => migration.sql).join('\n')}
CREATE TABLE chain (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  tenant TEXT NOT NULL, agent TEXT NOT NULL, epoch INTEGER NOT NULL,
  sealed_seq INTEGER NOT NULL, sealed_hash BLOB NOT NULL, sealed_chunk INTEGER NOT NULL,
  settled_seq INTEGER NOT NULL, settled_hash BLOB NOT NULL, settled_log_index INTEGER,
  CHECK (settled_seq <= sealed_seq)) STRICT;
CREATE TABLE chunk (
  id INTEGER PRIMARY KEY, unit_count INTEGER NOT NULL, record_count INTEGER NOT NULL,
  tables_delta BLOB NOT NULL, units BLOB NOT NULL) STRICT;
CREATE TABLE batch (
  seq INTEGER PRIMARY KEY, first_chunk INTEGER NOT NULL, last_chunk INTEGER NOT NULL, unit_count INTEGER NOT NULL,
  sealed_ms INTEGER NOT NULL, bytes INTEGER NOT NULL, batch_hash BLOB NOT NULL,
  header BLOB NOT NULL, signature BLOB NOT NULL, secret BLOB NOT NULL, tables BLOB NOT NULL) STRICT;
CREATE TABLE suspense (
  id INTEGER PRIMARY KEY AUTOINCREMENT, identity BLOB NOT NULL UNIQUE,
  code TEXT NOT NULL, message TEXT NOT NULL, device TEXT NOT NULL, kind TEXT NOT NULL, event_id TEXT,
  first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, times INTEGER NOT NULL,
  payload_bytes INTEGER NOT NULL, payload BLOB NOT NULL) STRICT;
CREATE TABLE snapshot (
  version INTEGER PRIMARY KEY, bytes BLOB NOT NULL, signature BLOB NOT NULL, stored_ms INTEGER NOT NULL) STRICT;
CREATE TABLE counter (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  deliveries INTEGER NOT NULL, events INTEGER NOT NULL, records INTEGER NOT NULL, unbound INTEGER NOT NULL,
  without_id INTEGER NOT NULL, duplicates INTEGER NOT NULL, suspended INTEGER NOT NULL) STRICT;
INSERT INTO counter VALUES (1, 0, 0, 0, 0, 0, 0, 0);
`,
  },
  {
    version: 2,
    sql: `
ALTER TABLE suspense ADD COLUMN rule TEXT;
ALTER TABLE suspense ADD COLUMN topic TEXT;
ALTER TABLE suspense ADD COLUMN idempotency_key TEXT;
ALTER TABLE suspense ADD COLUMN positions TEXT;
ALTER TABLE suspense ADD COLUMN boot_id TEXT;
ALTER TABLE suspense ADD COLUMN monotonic_ms INTEGER;
ALTER TABLE suspense ADD COLUMN sync_state TEXT;
CREATE INDEX suspense_by_device_and_code ON suspense (device, code);
CREATE TABLE suspense_closed (
  id INTEGER PRIMARY KEY, identity BLOB NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('replayed', 'discarded')),
  code TEXT NOT NULL, message TEXT NOT NULL, device TEXT NOT NULL, kind TEXT NOT NULL, rule TEXT, topic TEXT,
  event_id TEXT, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, times INTEGER NOT NULL,
  payload_bytes INTEGER NOT NULL, payload BLOB,
  events INTEGER NOT NULL, duplicates INTEGER NOT NULL, closed_ms INTEGER NOT NULL,
  reason TEXT, closed_by TEXT) STRICT;
CREATE INDEX suspense_discarded ON suspense_closed (identity) WHERE outcome = 'discarded';
CREATE INDEX suspense_replayed ON suspense_closed (closed_ms) WHERE outcome = 'replayed';
`,
  },
  {
    version: 3,
    sql: `
CREATE TABLE sparkplug_birth (
  publisher TEXT NOT NULL, group_id TEXT NOT NULL, node TEXT NOT NULL, device TEXT NOT NULL,
  timestamp_ms INTEGER NOT NULL, metrics TEXT NOT NULL,
  PRIMARY KEY (publisher, group_id, node, device)) STRICT, WITHOUT ROWID;
`,
  },
  {
    version: 4,
    sql: `
CREATE TABLE settled_batch (
  seq INTEGER PRIMARY KEY, bytes INTEGER NOT NULL, log_index INTEGER NOT NULL, settled_ms INTEGER,
  last_chunk INTEGER NOT NULL) STRICT;
CREATE TABLE log_head (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  generation INTEGER NOT NULL, doubted INTEGER NOT NULL, size INTEGER, root BLOB, note TEXT, sum INTEGER) STRICT;
INSERT INTO log_head VALUES (1, 1, 0, NULL, NULL, NULL, NULL);
CREATE TABLE log_evidence (
  id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL,
  held_generation INTEGER, held_size INTEGER, held_root BLOB, held_note TEXT,
  offered_generation INTEGER NOT NULL, offered_note TEXT NOT NULL,
  from_size INTEGER NOT NULL, consistency BLOB NOT NULL) STRICT;
`,
  },
  {
    version: 5,
    sql: `
ALTER TABLE chunk ADD COLUMN sum INTEGER;
ALTER TABLE batch ADD COLUMN sum INTEGER;
ALTER TABLE chain ADD COLUMN sum INTEGER;
ALTER TABLE counter ADD COLUMN sum INTEGER;
ALTER TABLE suspense ADD COLUMN sum INTEGER;
ALTER TABLE suspense_closed ADD COLUMN sum INTEGER;
ALTER TABLE sparkplug_birth ADD COLUMN sum INTEGER;
ALTER TABLE settled_batch ADD COLUMN sum INTEGER;
CREATE TABLE salvaged_chunk (
  id INTEGER PRIMARY KEY, unit_count INTEGER NOT NULL, record_count INTEGER NOT NULL,
  tables_delta BLOB NOT NULL, units BLOB NOT NULL, sum INTEGER NOT NULL) STRICT;
CREATE TABLE recovery (
  id INTEGER PRIMARY KEY, recovered_ms INTEGER NOT NULL, recovered_by TEXT NOT NULL, moved_to TEXT,
  report TEXT NOT NULL, sum INTEGER NOT NULL) STRICT;
`,
  },
  {
    // What earlier versions stored was one whole document; the aggregator sends the parts of the one in force.
    version: 6,
    sql: `
DELETE FROM snapshot;
CREATE TABLE snapshot_part (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL) STRICT;
CREATE TABLE subject (
  id INTEGER PRIMARY KEY, subject TEXT NOT NULL UNIQUE, bindings_hash BLOB NOT NULL, bindings TEXT NOT NULL,
  sum INTEGER NOT NULL) STRICT;
`,
  },
]
