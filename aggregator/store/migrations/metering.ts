/**
 * What meters with a state have come to: the readings of counters and gauges, and single numbers by name (the largest
 * reading of a period, the subjects seen in it, the span of a counter under a reset id). All of it follows from the
 * batches, in the order they were rated. Quantities of readings fit 64 bits; sums of them need not.
 */
export const meteringTables = `
  CREATE TABLE metering_series (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    newest_ms INTEGER NOT NULL,
    newest_value INTEGER NOT NULL,
    integral TEXT NOT NULL,
    charged TEXT NOT NULL
  ) STRICT;
  CREATE TABLE metering_reading (
    series_id INTEGER NOT NULL REFERENCES metering_series (id),
    time_ms INTEGER NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (series_id, time_ms, value)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE metering_level (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
`
