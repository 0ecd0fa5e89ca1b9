import { ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { DeterministicReader } from '@meterline/shared/integrity/deterministic-reader.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { mergeTables, readTables } from '@meterline/shared/model/tables-codec.ts'
import { readUnit } from '@meterline/shared/model/unit-decoder.ts'
import type { ClockAnchor, ClockReading, RatingUnit } from '@meterline/shared/model/usage-record.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { BirthBook } from '../../domain/mapping/birth-book.ts'
import { SubjectBook } from '../../domain/subject-book.ts'
import { compileRules } from '../../domain/mapping/compile-rules.ts'
import { emptyRuleBook, type RuleBook } from '../../domain/mapping/rule-book.ts'
import type { RuleDefinition } from '../../domain/mapping/rule-definition.ts'
import { Journal, type JournalFaultCode } from '../../store/journal.ts'
import { applyIntake, type IntakeOutcome } from '../apply-intake.ts'
import { DeviceNumbers, GroupFiller } from '../group.ts'
import { readOrigin } from '../origin.ts'
import type { DeliveryKind } from '../ports.ts'
import { recall, type Writer, type WriterSettings } from '../writer.ts'
import type { TestDisk } from './test-disk.ts'
import { testSettings } from './test-settings.ts'

const group = { deliveries: 100, payloadBytes: 200_000 }
const signingKey = openSigningKey(generateSigningKey().privatePem)

/** One delivery of a test. */
export interface TestDelivery {
  readonly origin: string
  readonly kind: DeliveryKind
  readonly payload: string | Uint8Array
}

/** A writer on a disk of its own, without thread or service: what it did is looked up in its journal. */
export function testWriter(disk: TestDisk, suspense: Partial<WriterSettings['suspense']> = {}): Writer {
  const writer = openWriter(disk, suspense)
  if (!writer.ok) throw new Error(writer.fault.message)
  return writer.value
}

/** The same for a journal that may be damaged: the fault an agent would not start with. */
export function openWriter(
  disk: TestDisk,
  suspense: Partial<WriterSettings['suspense']> = {},
): Result<Writer, Fault<JournalFaultCode>> {
  const settings: WriterSettings = testSettings(disk, {
    group,
    seal: { lingerMs: 100, maxUnits: 1000, maxBytes: 700_000 },
    suspense: { rows: 100, bytes: 1_000_000, rowsPerDevice: 100, payloadBytes: 65_536, ...suspense },
  })
  const journal = Journal.open({
    file: settings.journalFile,
    identity: settings.identity,
    disk: temporaryDisk,
    maxStagedKeys: 10_000,
    keyRetentionMs: settings.keyRetentionMs,
    maxFileBytes: settings.journalBytes,
  })
  if (!journal.ok) return journal
  const memory = recall(journal.value, 0)
  if (!memory.ok) {
    journal.value.close()
    return memory
  }
  return ok({
    settings,
    journal: journal.value,
    signingKey,
    random: seededRandom('writer'),
    memory: memory.value,
    origins: [],
    rules: emptyRuleBook,
    births: new BirthBook(),
    prerates: null,
    subjects: new SubjectBook(),
    receipts: [],
    verifiedHead: null,
  })
}

/** Commits deliveries that came at one moment as one group. */
export function deliver(writer: Writer, deliveries: readonly TestDelivery[], at: ClockReading): IntakeOutcome {
  const filler = new GroupFiller(group)
  const devices = new DeviceNumbers(100)
  for (const { origin, kind, payload } of deliveries) {
    filler.add(devices.numberOf(origin), kind, Buffer.from(payload), 0)
  }
  const filled = filler.handOver(devices.handOver(), at)
  writer.origins = filled.newDevices.map(readOrigin)
  let outcome: IntakeOutcome = { refused: [], rejects: [], stagedKeys: 0 }
  commit(writer, at, () => {
    outcome = applyIntake(writer, filled)
  })
  return outcome
}

/** One transaction, with what every commit of the journal's service writes at its end. */
export function commit(writer: Writer, at: ClockReading, work: () => void): void {
  writer.journal.commit(() => {
    work()
    writer.journal.keys.writeStaged(at.wallMs)
    writer.journal.writeCounters(writer.memory.counters)
  })
}

/** The rules of a configuration, compiled. */
export function rulesOf(rules: readonly RuleDefinition[]): RuleBook {
  const compiled = compileRules(rules)
  if (!compiled.ok) throw new Error(compiled.mistakes.map(({ message }) => message).join('; '))
  return compiled.value
}

/** The units of the open batch as they were journalled, each with the clocks of its anchor. */
export function journalledUnits(
  writer: Writer,
): readonly { readonly unit: RatingUnit; readonly anchor: ClockAnchor }[] {
  const { openChunks } = writer.memory
  const merged = mergeTables(openChunks.map(({ tablesDelta }) => tablesDelta))
  if (!merged.ok) throw new Error(merged.fault.message)
  const tables = readTables(new DeterministicReader(merged.value))
  return openChunks.flatMap(({ units, unitCount }) => {
    const reader = new DeterministicReader(units)
    return Array.from({ length: unitCount }, () => {
      const unit = readUnit(reader, tables)
      const anchor = tables.anchors[unit.anchor]
      if (anchor === undefined) throw new Error('a unit names an anchor that is not there')
      return { unit, anchor }
    })
  })
}
