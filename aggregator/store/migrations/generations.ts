const appendOnly = ['generation', 'number_gap'].flatMap((table) =>
  ['UPDATE', 'DELETE'].map(
    (change) => `
  CREATE TRIGGER ${table}_no_${change.toLowerCase()} BEFORE ${change} ON ${table} BEGIN
    SELECT RAISE(ABORT, '${table} is append-only');
  END;`,
  ),
)

/**
 * Tables of generations. A restore from a backup begins the next one; the first has no row. `log_index` is the place of
 * its restore entry, which is also how many entries of the generation before were kept. Numbers in a gap are those of
 * documents that were issued after the backup. `log_node` is derived from the log: roots of perfect subtrees of its tree.
 */
export const generationTables = `
  CREATE TABLE generation (
    generation INTEGER PRIMARY KEY CHECK (generation >= 2),
    log_index INTEGER NOT NULL UNIQUE,
    declaration BLOB NOT NULL,
    signature BLOB NOT NULL
  ) STRICT;
  CREATE TABLE number_gap (
    log_index INTEGER NOT NULL,
    entity TEXT NOT NULL,
    series TEXT NOT NULL,
    first_number INTEGER NOT NULL,
    last_number INTEGER NOT NULL,
    PRIMARY KEY (entity, series, log_index)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE log_node (
    level INTEGER NOT NULL,
    position INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, position)
  ) STRICT, WITHOUT ROWID;
${appendOnly.join('')}
`
