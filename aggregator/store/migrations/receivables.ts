const appendOnly = ['decision', 'receivable_move', 'note_line'].flatMap((table) =>
  ['UPDATE', 'DELETE'].map(
    (change) => `
  CREATE TRIGGER ${table}_no_${change.toLowerCase()} BEFORE ${change} ON ${table} BEGIN
    SELECT RAISE(ABORT, '${table} is append-only');
  END;`,
  ),
)

/**
 * What people decided about money, by the key it is asked for again with, and what follows from that and from the documents:
 * open items, what was moved, notes by line, disputes, credit. All of it but `decision` is derived from the log and the
 * documents; open items follow the documents up to `receivable_cursor`, from the first one of the books on.
 */
export const receivableTables = `
  CREATE TABLE decision (
    log_index INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    key TEXT NOT NULL UNIQUE,
    seller TEXT NOT NULL,
    buyer TEXT NOT NULL,
    currency TEXT NOT NULL,
    decided_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX decision_by_parties ON decision (seller, buyer, currency, log_index);
  CREATE TABLE receivable (
    document TEXT PRIMARY KEY,
    seller TEXT NOT NULL,
    buyer TEXT NOT NULL,
    currency TEXT NOT NULL,
    issued_ms INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    gross_micros TEXT NOT NULL,
    settled_micros TEXT NOT NULL,
    disputed_micros TEXT NOT NULL,
    is_open INTEGER NOT NULL CHECK (is_open IN (0, 1)),
    voided_by TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX receivable_by_parties ON receivable (seller, buyer, currency, log_index);
  CREATE INDEX receivable_open ON receivable (seller, buyer, currency) WHERE is_open = 1;
  CREATE TABLE receivable_move (
    id INTEGER PRIMARY KEY,
    decision_index INTEGER NOT NULL,
    seller TEXT NOT NULL,
    buyer TEXT NOT NULL,
    currency TEXT NOT NULL,
    document TEXT,
    micros TEXT NOT NULL,
    at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX receivable_move_by_parties ON receivable_move (seller, buyer, currency, id);
  CREATE TABLE note_line (
    document TEXT NOT NULL,
    line TEXT NOT NULL,
    note TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('credit-note', 'debit-note')),
    micros TEXT NOT NULL,
    PRIMARY KEY (document, line, note)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE dispute (
    log_index INTEGER PRIMARY KEY,
    document TEXT NOT NULL,
    line TEXT NOT NULL,
    line_micros TEXT NOT NULL,
    micros TEXT NOT NULL,
    opened_ms INTEGER NOT NULL,
    resolved_index INTEGER,
    resolved_ms INTEGER,
    outcome TEXT CHECK (outcome IN ('credited', 'rejected'))
  ) STRICT;
  CREATE INDEX dispute_by_document ON dispute (document);
  CREATE TABLE credit_balance (
    seller TEXT NOT NULL,
    buyer TEXT NOT NULL,
    currency TEXT NOT NULL,
    micros TEXT NOT NULL,
    PRIMARY KEY (seller, buyer, currency)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE receivable_cursor (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    log_index INTEGER NOT NULL
  ) STRICT;
  INSERT INTO receivable_cursor (one, log_index) VALUES (1, -1);
  CREATE INDEX document_by_log ON document (log_index);
${appendOnly.join('')}
`
