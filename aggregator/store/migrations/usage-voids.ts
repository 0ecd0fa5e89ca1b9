const appendOnly = ['usage_void', 'event_replacement'].flatMap((table) =>
  ['UPDATE', 'DELETE'].map(
    (change) => `
  CREATE TRIGGER ${table}_no_${change.toLowerCase()} BEFORE ${change} ON ${table} BEGIN
    SELECT RAISE(ABORT, '${table} is append-only');
  END;`,
  ),
)

/**
 * Charged units that were taken back, and the units with the same source and id that were charged in their place since: what
 * the log says of both. A charge block that takes charges back knows its void where others know their release.
 */
export const usageVoidTables = `
  CREATE TABLE usage_void (
    batch_index INTEGER NOT NULL,
    unit INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    voided_ms INTEGER NOT NULL,
    voided_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (batch_index, unit)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX usage_void_by_log ON usage_void (log_index);
  CREATE TABLE event_replacement (
    batch_index INTEGER NOT NULL,
    unit INTEGER NOT NULL,
    by_batch_index INTEGER NOT NULL,
    by_unit INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    PRIMARY KEY (batch_index, unit),
    UNIQUE (by_batch_index, by_unit)
  ) STRICT, WITHOUT ROWID;
${appendOnly.join('')}
`
