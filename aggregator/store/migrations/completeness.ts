/** Tables of completeness: all of it derived from batches and reports, none of it part of the books. */
export const completenessTables = `
  CREATE TABLE sighting (
    expectation TEXT NOT NULL,
    watched TEXT NOT NULL,
    first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    agent TEXT NOT NULL,
    PRIMARY KEY (expectation, watched)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE usage_day (
    day INTEGER NOT NULL,
    expectation TEXT NOT NULL,
    watched TEXT NOT NULL,
    agent TEXT NOT NULL,
    events INTEGER NOT NULL,
    PRIMARY KEY (day, expectation, watched, agent)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE sequence_stream (
    source TEXT NOT NULL,
    subject TEXT NOT NULL,
    reset TEXT NOT NULL,
    last_ms INTEGER NOT NULL,
    holed INTEGER NOT NULL,
    runs TEXT NOT NULL,
    PRIMARY KEY (source, subject, reset)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX sequence_stream_by_time ON sequence_stream (last_ms);
  CREATE INDEX sequence_stream_holed ON sequence_stream (source, subject, reset) WHERE holed = 1;
  CREATE TABLE agent_report (
    agent TEXT PRIMARY KEY,
    received_ms INTEGER NOT NULL,
    refused_ms INTEGER,
    report TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE unobserved (
    what TEXT PRIMARY KEY,
    events INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`
