/**
 * What the edge pre-rated with another snapshot than that of the version of record, added up by place: derived from what
 * was rated after log entry `after_log`, and small, since there are few agents, meters and snapshots in a period.
 */
export const driftTables = `
  CREATE TABLE drift (
    period TEXT NOT NULL,
    agent TEXT NOT NULL,
    seller TEXT NOT NULL,
    currency TEXT NOT NULL,
    meter TEXT NOT NULL,
    snapshot BLOB NOT NULL CHECK (length(snapshot) = 32),
    records INTEGER NOT NULL,
    short_micros TEXT NOT NULL,
    excess_micros TEXT NOT NULL,
    PRIMARY KEY (period, agent, seller, currency, meter, snapshot)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE drift_origin (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    after_log INTEGER NOT NULL
  ) STRICT;
  INSERT INTO drift_origin (one, after_log) SELECT 1, coalesce(max(log_index), -1) FROM log;
`
