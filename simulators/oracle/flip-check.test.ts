import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { closePeriod } from '@meterline/aggregator/flow/close-period.ts'
import { SealingAgent, usageEvent } from '@meterline/aggregator/flow/fixtures/sealing-agent.ts'
import { TestTenant } from '@meterline/aggregator/flow/fixtures/test-tenant.ts'
import { verifyBooks } from '@meterline/aggregator/flow/verify-books.ts'
import { tenantFile } from '@meterline/aggregator/store/tenant-files.ts'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import { signingKeyFrom } from '../world/signing-key.ts'
import { Findings } from './findings.ts'
import { checkFlips } from './flip-check.ts'

/** The same books in every run: keys too come from a seed. */
const keys = seededRandom('flips keys')
const signingKey = openSigningKey(signingKeyFrom(keys.bytes(32)).privatePem)
const agentKey = openSigningKey(signingKeyFrom(keys.bytes(32)).privatePem)
let folder = ''

/** Small books with a row in nearly every table: batches, suspense decided about, two catalogues, documents. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-flips-'))
  const tenant = new TestTenant({
    dataDirectory: folder,
    signingKey,
    nowMs: Date.UTC(2025, 6, 1),
    random: seededRandom('flips'),
    log: silentLog(),
    agent: new SealingAgent('acme', 'gw-1', { key: agentKey }),
  })
  tenant.apply()
  tenant.use([usageEvent({ id: 'a' }), usageEvent({ id: 'b' }), usageEvent({ id: 'x', subject: 'nobody' })])
  tenant.use([usageEvent({ id: 'y', subject: 'trk-3' }), usageEvent({ id: 'z', subject: 'trk-3' })])
  const { logIndex = -1 } = tenant.service.store.suspense.last() ?? {}
  tenant.commands.suspenseDiscard('acme', { units: [{ logIndex, unit: 1 }], reason: 'a test', by: 'Ada' })
  tenant.apply((file) => file.replace('[trk-1, trk-2]', '[trk-1, trk-2, trk-3]'))
  const order = { units: [{ logIndex, unit: 0 }], code: null, source: null, dryRun: false, by: 'Ada' }
  await tenant.clock.until(tenant.commands.suspenseReplay('acme', order))
  await tenant.clock.until(closePeriod(tenant.service, tenant.clock, { tenant: 'acme', period: '2025-06' }))
  tenant.registry.close()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function verified(file: string): readonly string[] {
  const report = verifyBooks(file, 'acme', signingKey.publicKeyBase64)
  return report.ok ? report.value.problems : [report.fault.message]
}

function violations(
  seed: string,
  flips: { readonly values: number; readonly bytes: number },
  examine: (file: string) => readonly string[] = verified,
): readonly string[] {
  const file = join(folder, 'copy.db')
  copyFileSync(tenantFile(folder, 'acme'), file)
  const findings = new Findings(() => ({ atMs: 0, step: 0 }))
  checkFlips(findings, { file, examine, random: seededRandom(seed), ...flips })
  return findings.violations.map(({ invariant, message }) => `${invariant} ${message}`)
}

describe('bits flipped in the books', () => {
  test.each(['one', 'two'])('in covered values are found and located (seed %s)', (seed) => {
    expect(violations(seed, { values: 50, bytes: 0 })).toEqual([])
  })

  test('anywhere in the file are found when they change what is covered', () => {
    expect(violations('bytes', { values: 0, bytes: 50 })).toEqual([])
  })

  test('in a word of an invoice that no sum depends on are found', () => {
    const file = join(folder, 'words.db')
    copyFileSync(tenantFile(folder, 'acme'), file)
    const db = openDatabase({ file })
    db.exec('DROP TRIGGER document_no_update')
    const row = db.prepare<[], { number: string; bytes: Uint8Array }>('SELECT number, bytes FROM document').get()
    const bytes = Buffer.from(row?.bytes ?? [])
    const at = bytes.indexOf('"description":"') + '"description":"'.length
    bytes[at] = (bytes[at] ?? 0) ^ 1
    db.prepare<[Uint8Array, string]>('UPDATE document SET bytes = ? WHERE number = ?').run(bytes, row?.number ?? '')
    db.close()
    expect(verified(file)).toEqual([
      expect.stringMatching(new RegExp(`^${row?.number ?? ''}: I11: its bytes have hash`)),
    ])
  })

  test('that an examination does not find are told, with their place', () => {
    const told = violations('blind', { values: 10, bytes: 0 }, () => [])
    expect(told.length).toBeGreaterThan(5)
    for (const line of told) expect(line).toMatch(/^I14 a bit flipped in \w+\.\w+ of .* is not found$/)
  })

  test('that an examination finds without saying where are told', () => {
    let calls = 0
    const vague = (): readonly string[] => ((calls += 1) === 1 ? [] : ['something is wrong'])
    const told = violations('vague', { values: 10, bytes: 0 }, vague)
    expect(told.length).toBeGreaterThan(5)
    for (const line of told) expect(line).toMatch(/is found and not located: something is wrong$/)
  })

  test('in bytes that nobody examines are told', () => {
    expect(violations('nobody', { values: 0, bytes: 200 }, () => []).length).toBeGreaterThan(0)
  })
})
