import type { Migration } from '@meterline/shared/sqlite/migrate.ts'
import { KeyIndex } from '@meterline/shared/sqlite/key-index/key-index.ts'
import { billedLineTables } from './migrations/billed-lines.ts'
import { completenessTables } from './migrations/completeness.ts'
import { correlationTables } from './migrations/correlation.ts'
import { driftTables } from './migrations/drift.ts'
import { generationTables } from './migrations/generations.ts'
import { meteringTables } from './migrations/metering.ts'
import { positionColumns } from './migrations/positions.ts'
import { receivableTables } from './migrations/receivables.ts'
import { segmentDayTables } from './migrations/segment-days.ts'
import { suspenseDecisionTables } from './migrations/suspense-decisions.ts'
import { testClockTable } from './migrations/test-clock.ts'
import { usageVoidTables } from './migrations/usage-voids.ts'

/**
 * Amounts and quantities are decimal TEXT, since sums of 64-bit quantities and micros can exceed SQLite's integers.
 * Tables that only grow are protected by triggers below; what is not listed there (heads, cursors, balances,
 * accumulators, chains, evidence counters, bodies after their retention) is derived, counted or deletable by design.
 */
const tables = `
  CREATE TABLE log (
    log_index INTEGER PRIMARY KEY,
    entry BLOB NOT NULL,
    leaf BLOB NOT NULL CHECK (length(leaf) = 32)
  ) STRICT;
  CREATE TABLE log_head (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    size INTEGER NOT NULL,
    frontier BLOB NOT NULL
  ) STRICT;
  CREATE TABLE checkpoint (
    size INTEGER PRIMARY KEY,
    note TEXT NOT NULL,
    sealed_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE catalogue (
    log_index INTEGER PRIMARY KEY,
    content_hash BLOB NOT NULL CHECK (length(content_hash) = 32),
    content BLOB NOT NULL,
    file_name TEXT NOT NULL,
    applied_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE chain (
    agent TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    received_seq INTEGER NOT NULL,
    chain_hash BLOB NOT NULL CHECK (length(chain_hash) = 32),
    quarantined TEXT,
    PRIMARY KEY (agent, epoch)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE batch (
    log_index INTEGER PRIMARY KEY,
    agent TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    batch_hash BLOB NOT NULL CHECK (length(batch_hash) = 32),
    unit_count INTEGER NOT NULL,
    record_count INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    admission BLOB
  ) STRICT;
  CREATE UNIQUE INDEX batch_by_seq ON batch (agent, epoch, seq);
  CREATE TABLE batch_body (
    log_index INTEGER PRIMARY KEY,
    body BLOB NOT NULL
  ) STRICT;
  CREATE TABLE evidence (
    id INTEGER PRIMARY KEY,
    agent TEXT NOT NULL,
    code TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    message TEXT NOT NULL,
    address TEXT NOT NULL,
    header BLOB NOT NULL,
    signature BLOB NOT NULL,
    body BLOB NOT NULL,
    first_seen_ms INTEGER NOT NULL,
    last_seen_ms INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    UNIQUE (agent, code, fingerprint)
  ) STRICT;

  CREATE TABLE rating_cursor (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    batch_index INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE segment (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    quantity TEXT NOT NULL,
    events INTEGER NOT NULL,
    amount_micros TEXT NOT NULL
  ) STRICT;
  CREATE TABLE charge_block (
    id INTEGER PRIMARY KEY,
    batch_index INTEGER NOT NULL,
    segment_id INTEGER NOT NULL REFERENCES segment (id),
    amount_micros TEXT NOT NULL,
    leaf BLOB NOT NULL CHECK (length(leaf) = 32),
    block BLOB NOT NULL
  ) STRICT;
  CREATE INDEX charge_block_by_segment ON charge_block (segment_id);
  CREATE INDEX charge_block_by_batch ON charge_block (batch_index);
  CREATE TABLE ledger_entry (
    id INTEGER PRIMARY KEY,
    log_index INTEGER NOT NULL,
    entity TEXT NOT NULL,
    asset TEXT NOT NULL,
    account TEXT NOT NULL,
    debit_micros TEXT NOT NULL,
    credit_micros TEXT NOT NULL
  ) STRICT;
  CREATE INDEX ledger_entry_by_log ON ledger_entry (log_index);
  CREATE TABLE balance (
    entity TEXT NOT NULL,
    asset TEXT NOT NULL,
    account TEXT NOT NULL,
    debit_micros TEXT NOT NULL,
    credit_micros TEXT NOT NULL,
    PRIMARY KEY (entity, asset, account)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE suspense (
    batch_index INTEGER NOT NULL,
    unit INTEGER NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    source TEXT NOT NULL,
    event_id TEXT,
    subject TEXT NOT NULL,
    time_ms INTEGER NOT NULL,
    PRIMARY KEY (batch_index, unit)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE period (
    key TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('closing', 'closed')),
    catalogue_index INTEGER NOT NULL,
    closing_ms INTEGER NOT NULL,
    closed_ms INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE document (
    entity TEXT NOT NULL,
    series TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    number TEXT NOT NULL UNIQUE,
    buyer TEXT NOT NULL,
    period TEXT NOT NULL,
    currency TEXT NOT NULL,
    total TEXT NOT NULL,
    log_index INTEGER NOT NULL,
    document_hash BLOB NOT NULL CHECK (length(document_hash) = 32),
    bytes BLOB NOT NULL,
    PRIMARY KEY (entity, series, sequence)
  ) STRICT;
  CREATE INDEX document_by_period ON document (period);

  CREATE TABLE total (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO rating_cursor (one, batch_index) VALUES (1, -1);
`

/** Nothing in these tables may ever change: the database itself refuses (I12). */
export const appendOnlyTables = ['log', 'checkpoint', 'catalogue', 'batch', 'charge_block', 'ledger_entry', 'document']

const triggers = appendOnlyTables.flatMap((table) =>
  ['UPDATE', 'DELETE'].map(
    (change) => `
  CREATE TRIGGER ${table}_no_${change.toLowerCase()} BEFORE ${change} ON ${table} BEGIN
    SELECT RAISE(ABORT, '${table} is append-only');
  END;`,
  ),
)
const bodyTrigger = `
  CREATE TRIGGER batch_body_no_update BEFORE UPDATE ON batch_body BEGIN
    SELECT RAISE(ABORT, 'a batch body may be deleted after its retention, never changed');
  END;`

/** The schema of a tenant's file: the event-key index first, then the tables of this package. */
export const tenantMigrations: readonly Migration[] = [
  ...KeyIndex.migrations.map((migration) => migration.sql),
  tables + triggers.join('') + bodyTrigger,
  meteringTables,
  completenessTables,
  correlationTables,
  suspenseDecisionTables,
  segmentDayTables,
  generationTables,
  positionColumns,
  driftTables,
  billedLineTables,
  receivableTables,
  usageVoidTables,
  testClockTable,
].map((sql, index) => ({ version: index + 1, sql }))
