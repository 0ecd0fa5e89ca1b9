import type { Acknowledger, Intake } from '@meterline/agent/flow/ports.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import type { AgentMessage, AggregatorMessage } from '@meterline/shared/wire/messages.ts'
import type { Invariant } from '../oracle/findings.ts'
import type { Tampering } from '../world/world.ts'

/** A defect that is built into a run on purpose, and what the oracle has to say about it. */
export interface PlantedDefect {
  readonly name: string
  /** Any of these counts as caught. */
  readonly caughtAs: readonly Invariant[]
  /** A piece of the message, so that a finding for another reason does not count. */
  readonly saying: RegExp
  /** A new one for each run: some defects count. */
  readonly tampering: () => Tampering
  /** The defect shows only once an agent got a new epoch. */
  readonly replacesAgent?: boolean
}

const nobody: Acknowledger = { settled: () => undefined, flush: () => undefined }

/** Every defect the oracle is tried with. None of them touches the oracle or what it reads besides the product's files. */
export const plantedDefects: readonly PlantedDefect[] = [
  {
    name: 'a door that acknowledges before the commit',
    caughtAs: ['I7', 'I8'],
    saying: /and lost|never reached the log/,
    tampering: () => ({ intake: () => (intake) => acknowledgingAtOnce(intake, () => true) }),
  },
  {
    name: 'a door that acknowledges every fortieth delivery and forgets it',
    caughtAs: ['I7', 'I8'],
    saying: /and lost|never reached the log/,
    tampering: () => {
      let deliveries = 0
      return { intake: () => (intake) => acknowledgingAtOnce(intake, () => (deliveries += 1) % 40 !== 0) }
    },
  },
  {
    name: 'a door that reads a digit wrong',
    caughtAs: ['I8'],
    saying: /nothing that was published/,
    tampering: () => ({ intake: () => misreading }),
  },
  {
    name: 'a link that rewrites a receipt',
    caughtAs: ['I7'],
    saying: /nothing stands behind/,
    tampering: () => ({ link: { toAgent: (message) => [laterReceipt(message)] } }),
  },
  {
    name: 'a link that swallows one batch for ever',
    caughtAs: ['I18'],
    saying: /still has \d+ batches/,
    tampering: () => ({ link: { toAggregator: swallowing() } }),
  },
  {
    name: 'a tenant file with another price than was agreed',
    caughtAs: ['I9'],
    saying: /cost \d+ micros, charged are/,
    tampering: () => ({ tenantFile: (text) => text.replace(/("id":"(?:retail-data|ai-input)".*?"amount":")/g, '$17') }),
  },
  {
    name: 'a counter whose readings are charged as amounts',
    caughtAs: ['I9'],
    saying: /readings moved on by \d+, charged are/,
    tampering: () => ({ tenantFile: (text) => text.replace(',"kind":"counter"', '') }),
  },
  {
    name: 'a reading that the tables have forgotten',
    caughtAs: ['I18'],
    saying: /verify says: I15: the state of meters/,
    tampering: () =>
      inFile('at rest', 'DELETE FROM metering_reading WHERE time_ms = (SELECT min(time_ms) FROM metering_reading)'),
  },
  {
    name: 'a wholesale leg that nobody is charged on',
    caughtAs: ['I9'],
    saying: /is not what it owes/,
    tampering: () => ({ tenantFile: (text) => text.replace(/.*"id":"acme-roaming".*\n/, '') }),
  },
  {
    name: 'a correlation that is forgotten, so that control records are charged',
    caughtAs: ['I8'],
    saying: /is charged, but it is for control of self-data/,
    tampering: () => ({ tenantFile: (text) => text.replace(/correlations:\n.*\n/, '') }),
  },
  {
    name: 'a correlation that keeps from being charged what it should not',
    caughtAs: ['I8'],
    saying: /is for control of self-data, which is not what the plan says/,
    tampering: () => ({ tenantFile: (text) => text.replace(/("control":")[^"]*"/, '$1trk-n-1*"') }),
  },
  {
    name: 'a control unit that the tables have forgotten',
    caughtAs: ['I18'],
    saying: /the control units of batch \d+ are not as log entry/,
    tampering: () => inFile('at rest', 'DROP TRIGGER control_unit_no_delete; DELETE FROM control_unit'),
  },
  {
    name: 'a lost event-key index, so that a new epoch is charged a second time',
    caughtAs: ['I5'],
    saying: /so it is duplicate, but it is charged/,
    replacesAgent: true,
    tampering: () => inFile('at rest', 'DELETE FROM key_block; DELETE FROM key_run; DELETE FROM key_bucket'),
  },
  {
    name: 'a ledger entry that is dropped',
    caughtAs: ['I1'],
    saying: /are off by/,
    tampering: () =>
      inFile(
        'at rest',
        'DROP TRIGGER ledger_entry_no_delete; DELETE FROM ledger_entry WHERE id = (SELECT max(id) FROM ledger_entry)',
      ),
  },
  {
    name: 'a balance that is not the sum of its entries',
    caughtAs: ['I1'],
    saying: /its entries make/,
    tampering: () =>
      inFile(
        'at rest',
        `UPDATE balance SET credit_micros = credit_micros + 1 WHERE account = 'revenue' AND entity = 'acme'`,
      ),
  },
  {
    name: 'an accumulator that is off by a micro',
    caughtAs: ['I9'],
    saying: /its charges are/,
    tampering: () =>
      inFile(
        'at rest',
        'UPDATE segment SET amount_micros = amount_micros + 1 WHERE id = (SELECT min(id) FROM segment)',
      ),
  },
  {
    name: 'a released event that is charged a second time',
    caughtAs: ['I5'],
    saying: /is charged twice/,
    tampering: () =>
      inFile(
        'at rest',
        `INSERT INTO charge_block (batch_index, segment_id, amount_micros, leaf, block, release_index)
         SELECT batch_index, segment_id, amount_micros, leaf, block, release_index
         FROM charge_block WHERE release_index IS NOT NULL AND release_index NOT IN (SELECT log_index FROM usage_void)
         LIMIT 1`,
      ),
  },
  {
    name: 'a released event that is put back into suspense',
    caughtAs: ['I8'],
    saying: /slipped into suspense/,
    tampering: () =>
      inFile(
        'at rest',
        `INSERT INTO suspense_open (batch_index, unit, code, message)
         SELECT batch_index, unit, 'unknown_subject', 'once more' FROM suspense_decision WHERE kind = 'release' LIMIT 1`,
      ),
  },
  {
    name: 'a discarded event that is forgotten and charged after all',
    caughtAs: ['I8'],
    saying: /is discarded, and a release decides about it/,
    tampering: () =>
      inFile(
        'at rest',
        `DROP TRIGGER suspense_decision_no_delete;
         INSERT INTO suspense_open (batch_index, unit, code, message)
         SELECT batch_index, unit, 'unknown_subject', 'once more' FROM suspense_decision WHERE kind = 'discard';
         DELETE FROM suspense_decision WHERE kind = 'discard'`,
      ),
  },
  {
    name: 'a batch whose body is gone',
    caughtAs: ['I7'],
    saying: /the body of batch \d+ is gone/,
    tampering: () =>
      inFile('at rest', 'DELETE FROM batch_body WHERE log_index = (SELECT max(log_index) FROM batch_body)'),
  },
  {
    name: 'a log entry that is rewritten',
    caughtAs: ['I12'],
    saying: /is not what it was/,
    tampering: () =>
      inFile(
        'at rest',
        `DROP TRIGGER log_no_update;
         UPDATE log SET entry = (SELECT entry FROM log WHERE log_index = 1) WHERE log_index = 2`,
      ),
  },
  {
    name: 'a closed period that is opened again',
    caughtAs: ['I10', 'I18'],
    saying: /is open again|its line|nothing says that it is closed/,
    tampering: () => inFile('after close', 'DELETE FROM period'),
  },
  {
    name: 'an invoice that is touched up after it was issued',
    caughtAs: ['I11'],
    saying: /was changed or removed/,
    tampering: () =>
      inFile(
        'after close',
        `DROP TRIGGER document_no_update;
         UPDATE document SET bytes = CAST(replace(CAST(bytes AS TEXT), 'EUR', 'USD') AS BLOB) WHERE sequence = 1`,
      ),
  },
]

/** Says stored for every delivery at once, and hands on those that `keeps` says. */
function acknowledgingAtOnce(intake: Intake, keeps: () => boolean): Intake {
  return {
    submit(device, kind, payload, acknowledger, token) {
      if (keeps() && !intake.submit(device, kind, payload, nobody, token)) return false
      acknowledger.settled(token, 'stored')
      acknowledger.flush()
      return true
    },
    onRoom: (listener) => intake.onRoom(listener),
    onReject: (listener) => intake.onReject(listener),
  }
}

/** Makes a one of every seven in a quantity. */
function misreading(intake: Intake): Intake {
  return {
    submit(device, kind, payload, acknowledger, token) {
      const text = Buffer.from(payload).toString('latin1')
      const wrong = text.replace(/("quantity":\d*?)7/, '$11')
      return intake.submit(device, kind, Buffer.from(wrong, 'latin1'), acknowledger, token)
    },
    onRoom: (listener) => intake.onRoom(listener),
    onReject: (listener) => intake.onReject(listener),
  }
}

function laterReceipt(message: AggregatorMessage): AggregatorMessage {
  return message.kind === 'receipt' && message.seq % 10 === 0 ? { ...message, seq: message.seq + 1 } : message
}

/** The twentieth different batch never gets through, however often it is sent. */
function swallowing(): (message: AgentMessage) => readonly AgentMessage[] {
  const seen = new Set<string>()
  let swallowed: string | null = null
  return (message) => {
    if (message.kind !== 'batch') return [message]
    const name = Buffer.from(message.signature).toString('hex')
    seen.add(name)
    if (seen.size === 20) swallowed ??= name
    return name === swallowed ? [] : [message]
  }
}

function inFile(when: 'at rest' | 'after close', sql: string): Tampering {
  return {
    aggregatorFile: {
      when,
      change: (file) => {
        const db = openDatabase({ file, disk: temporaryDisk })
        db.exec(sql)
        db.close()
      },
    },
  }
}
