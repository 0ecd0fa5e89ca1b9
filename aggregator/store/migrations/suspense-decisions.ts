const appendOnly = ['suspense', 'suspense_decision'].flatMap((table) =>
  ['UPDATE', 'DELETE'].map(
    (change) => `
  CREATE TRIGGER ${table}_no_${change.toLowerCase()} BEFORE ${change} ON ${table} BEGIN
    SELECT RAISE(ABORT, '${table} is append-only');
  END;`,
  ),
)

/**
 * Tables of suspense decisions. `suspense` is what the log says was put there, `suspense_decision` what it says became of
 * it, and `suspense_open` is derived from both: what is there now, with the reason of the last try. A charge block knows
 * the release that its units were charged by; it is null for those of the batch's first rating.
 */
export const suspenseDecisionTables = `
  CREATE TABLE suspense_open (
    batch_index INTEGER NOT NULL,
    unit INTEGER NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    tried_ms INTEGER,
    PRIMARY KEY (batch_index, unit)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX suspense_open_by_code ON suspense_open (code, batch_index, unit);
  INSERT INTO suspense_open SELECT batch_index, unit, code, message, NULL FROM suspense;
  CREATE TABLE suspense_decision (
    batch_index INTEGER NOT NULL,
    unit INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('release', 'discard')),
    log_index INTEGER NOT NULL,
    decided_ms INTEGER NOT NULL,
    decided_by TEXT NOT NULL,
    reason TEXT,
    PRIMARY KEY (batch_index, unit)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX suspense_decision_by_log ON suspense_decision (log_index);
  ALTER TABLE charge_block ADD COLUMN release_index INTEGER;
${appendOnly.join('')}
`
