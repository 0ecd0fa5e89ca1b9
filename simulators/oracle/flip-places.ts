/** A table of which flipped bits are found, and how a report on a row names its place. */
export interface CoveredTable {
  readonly table: string
  readonly columns: readonly string[]
  /** A report on the row names the value of one of these. */
  readonly namedBy: readonly string[]
  /** Words that name the place as well. */
  readonly orSaying?: RegExp
}

/**
 * What of a tenant's file is covered (I14): a bit flipped there is found by examining the books, and the report says where.
 * It is everything that money, numbers and proofs stand on. Not covered, because nothing is decided by it or because it is
 * told from nothing else in the file: when things happened (`sealed_ms`, `received_ms`, `applied_ms`, …), the words of
 * reasons (`message`), counters (`total`), what is only shown (`sighting`, `usage_day`, `sequence_stream`,
 * `compared_record`, `agent_report`, `unobserved`), evidence, the event-key index, and that somebody is quarantined.
 */
export const coveredTables: readonly CoveredTable[] = [
  { table: 'log', columns: ['entry', 'leaf'], namedBy: ['log_index'] },
  { table: 'log_head', columns: ['size', 'frontier'], namedBy: [], orSaying: /head|frontier/ },
  { table: 'checkpoint', columns: ['note'], namedBy: ['size'] },
  { table: 'catalogue', columns: ['content', 'content_hash'], namedBy: ['log_index'] },
  { table: 'chain', columns: ['received_seq', 'chain_hash'], namedBy: ['agent'] },
  { table: 'batch', columns: ['agent', 'epoch', 'seq', 'batch_hash'], namedBy: ['log_index'] },
  { table: 'batch_body', columns: ['body'], namedBy: ['log_index'] },
  { table: 'charge_block', columns: ['amount_micros', 'leaf', 'block', 'release_index'], namedBy: ['batch_index'] },
  {
    table: 'ledger_entry',
    columns: ['entity', 'asset', 'account', 'debit_micros', 'credit_micros'],
    namedBy: ['log_index'],
  },
  {
    table: 'balance',
    columns: ['entity', 'asset', 'account', 'debit_micros', 'credit_micros'],
    namedBy: ['account', 'entity'],
  },
  { table: 'segment', columns: ['quantity', 'events', 'exact', 'earliest', 'amount_micros'], namedBy: ['key'] },
  { table: 'segment_day', columns: ['quantity', 'events', 'exact'], namedBy: [], orSaying: /days? of segment|by day/ },
  {
    table: 'drift',
    columns: ['agent', 'meter', 'records', 'short_micros', 'excess_micros'],
    namedBy: [],
    orSaying: /the drift of/,
  },
  { table: 'suspense', columns: ['code'], namedBy: ['batch_index'] },
  {
    table: 'suspense_decision',
    columns: ['unit', 'kind', 'decided_by', 'reason'],
    namedBy: ['log_index', 'batch_index'],
  },
  { table: 'control_unit', columns: ['unit', 'rule'], namedBy: ['batch_index'] },
  {
    table: 'document',
    columns: ['bytes', 'document_hash', 'total', 'sequence', 'log_index', 'number', 'buyer', 'period', 'currency'],
    namedBy: ['number', 'log_index'],
  },
  {
    table: 'metering_series',
    columns: ['newest_ms', 'newest_value', 'integral', 'charged'],
    namedBy: [],
    orSaying: /the state of meters/,
  },
  { table: 'metering_reading', columns: ['time_ms', 'value'], namedBy: [], orSaying: /the state of meters/ },
]
