/**
 * What was used in a segment per UTC day, for the charts of invoices: sums of charges, so derived. Days are kept of what was
 * decided after log entry `after_log`; a file that was rated before it had this table has no days of its earlier usage.
 */
export const segmentDayTables = `
  CREATE TABLE segment_day (
    segment_id INTEGER NOT NULL REFERENCES segment (id),
    day INTEGER NOT NULL,
    quantity TEXT NOT NULL,
    PRIMARY KEY (segment_id, day)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE segment_day_origin (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    after_log INTEGER NOT NULL
  ) STRICT;
  INSERT INTO segment_day_origin (one, after_log) SELECT 1, coalesce(max(log_index), -1) FROM log;
`
