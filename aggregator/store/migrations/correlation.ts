/** Tables of correlation: which units are for control, as the log says, and the records that are compared. */
export const correlationTables = `
  CREATE TABLE control_unit (
    batch_index INTEGER NOT NULL,
    unit INTEGER NOT NULL,
    rule TEXT NOT NULL,
    PRIMARY KEY (batch_index, unit)
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER control_unit_no_update BEFORE UPDATE ON control_unit BEGIN
    SELECT RAISE(ABORT, 'control_unit is append-only');
  END;
  CREATE TRIGGER control_unit_no_delete BEFORE DELETE ON control_unit BEGIN
    SELECT RAISE(ABORT, 'control_unit is append-only');
  END;
  CREATE TABLE compared_record (
    id INTEGER PRIMARY KEY,
    rule TEXT NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('charge', 'control')),
    subject TEXT NOT NULL,
    time_ms INTEGER NOT NULL,
    source TEXT NOT NULL,
    event_id TEXT,
    quantity TEXT NOT NULL,
    batch_index INTEGER NOT NULL,
    unit INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX compared_record_by_subject ON compared_record (rule, subject, time_ms);
  CREATE INDEX compared_record_by_time ON compared_record (time_ms);
`
