const appendOnly = ['UPDATE', 'DELETE'].map(
  (change) => `
  CREATE TRIGGER test_clock_no_${change.toLowerCase()} BEFORE ${change} ON test_clock BEGIN
    SELECT RAISE(ABORT, 'test_clock is append-only');
  END;`,
)

/** How the clock of a test tenant was moved: what the log says of it. */
export const testClockTable = `
  CREATE TABLE test_clock (
    log_index INTEGER PRIMARY KEY,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL CHECK (to_ms > from_ms)
  ) STRICT;
${appendOnly.join('')}
`
