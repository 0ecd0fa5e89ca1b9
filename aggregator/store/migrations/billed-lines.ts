/**
 * What documents say of every line so far, and for which relations and periods more (or less) is due than that. All of it
 * is derived: lines from the documents, filled in here for those that were issued before the table was there, and late
 * marks from what was charged or changed after a period was barred. Costs have no documents; those of periods that were
 * closed before (`lines_kept` = 0) have no lines.
 *
 * `approved_bill` holds what somebody approved and is not issued yet, by the hash of the bill.
 *
 * Whether a relation has its ordinary document is asked several times for each bill. The index has all that the answer
 * takes, because `purpose` lies behind the bytes of the document, which would be read to find it.
 */
export const billedLineTables = `
  CREATE TABLE billed_line (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    period TEXT NOT NULL,
    seller TEXT NOT NULL,
    buyer TEXT NOT NULL,
    currency TEXT NOT NULL,
    account TEXT NOT NULL,
    description TEXT NOT NULL,
    tax_code TEXT,
    tax_region TEXT,
    tax_percent TEXT,
    unit TEXT NOT NULL,
    quantity TEXT NOT NULL,
    events INTEGER NOT NULL,
    charge_blocks INTEGER NOT NULL,
    amount_micros TEXT NOT NULL,
    charges_micros TEXT NOT NULL,
    invoiced_micros TEXT NOT NULL,
    document TEXT NOT NULL
  ) STRICT;
  CREATE INDEX billed_line_by_relation ON billed_line (period, seller, buyer, currency);
  CREATE TABLE late_mark (
    period TEXT NOT NULL,
    seller TEXT NOT NULL,
    buyer TEXT NOT NULL,
    currency TEXT NOT NULL,
    PRIMARY KEY (seller, buyer, currency, period)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE approved_bill (
    period TEXT NOT NULL,
    seller TEXT NOT NULL,
    buyer TEXT NOT NULL,
    currency TEXT NOT NULL,
    bill_hash BLOB NOT NULL CHECK (length(bill_hash) = 32),
    approved_by TEXT NOT NULL,
    approved_ms INTEGER NOT NULL,
    PRIMARY KEY (period, seller, buyer, currency)
  ) STRICT, WITHOUT ROWID;
  ALTER TABLE document ADD COLUMN purpose TEXT NOT NULL DEFAULT 'period';
  CREATE INDEX document_by_relation ON document (period, entity, buyer, currency, purpose, log_index, number);
  ALTER TABLE period ADD COLUMN lines_kept INTEGER NOT NULL DEFAULT 0;

  INSERT OR IGNORE INTO billed_line (key, kind, period, seller, buyer, currency, account, description, tax_code, unit,
    quantity, events, charge_blocks, amount_micros, charges_micros, invoiced_micros, document)
  SELECT
    json_extract(line.value, '$.segment'),
    CASE WHEN json_type(line.value, '$.fee') IS NULL THEN 'usage' ELSE 'fee' END,
    substr(json_extract(line.value, '$.segment'), 1, instr(json_extract(line.value, '$.segment'), '/') - 1),
    document.entity, document.buyer, document.currency,
    json_extract(section.value, '$.account.id'),
    json_extract(line.value, '$.description'),
    json_extract(line.value, '$.taxCode'),
    json_extract(line.value, '$.unit'),
    json_extract(line.value, '$.quantity'),
    json_extract(line.value, '$.events'),
    json_extract(line.value, '$.chargeBlocks'),
    json_extract(line.value, '$.amountMicros'),
    CAST(CAST(json_extract(line.value, '$.amountMicros') AS INTEGER)
      - CAST(json_extract(line.value, '$.openingMicros') AS INTEGER) AS TEXT),
    json_extract(line.value, '$.invoicedMicros'),
    document.number
  FROM document,
    json_each(iif(json_valid(CAST(document.bytes AS TEXT)), CAST(document.bytes AS TEXT), '{}'), '$.sections') AS section,
    json_each(section.value, '$.lines') AS line
  ORDER BY document.log_index;
`
