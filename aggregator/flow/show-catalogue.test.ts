import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { usageTimeMs } from './fixtures/sealing-agent.ts'
import { acmeFile, dearerInput } from './fixtures/tenant-file.ts'
import { TestTenant } from './fixtures/test-tenant.ts'

let dataDirectory = ''
let tenant: TestTenant
beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-catalogue-'))
  tenant = new TestTenant({
    dataDirectory,
    signingKey: openSigningKey(generateSigningKey().privatePem),
    nowMs: usageTimeMs,
    random: seededRandom('catalogue'),
    log: silentLog(),
  })
  tenant.apply()
  tenant.clock.advance(1_000)
  tenant.apply((file) => dearerInput(withLaterTracker(file), '2025-09-01'))
})
afterEach(() => {
  tenant.registry.kill()
  rmSync(dataDirectory, { recursive: true, force: true })
})

function withLaterTracker(file: string): string {
  const versions = 'prices: [retail-data], versions: [{ from: 2025-08-01, prices: [wholesale-data] }] }'
  return file.replace('prices: [retail-data] }', versions)
}

function valueOf<Value>(result: { readonly ok: true; readonly value: Value } | { readonly ok: false }): Value {
  if (!result.ok) throw new Error(`the command was refused: ${JSON.stringify(result)}`)
  return result.value
}

describe('showing the catalogue', () => {
  test('says what is sold and at which terms, now and at any date', () => {
    const now = valueOf(tenant.commands.catalogueShow('acme', { version: null }))
    expect(now).toMatchObject({
      tenant: 'acme',
      version: 1,
      atMs: usageTimeMs + 1_000,
      hash: tenant.service.inForce?.catalogue.hash,
    })
    expect(now.counts).toMatchObject({ subscriptions: 4, subjects: 3 })
    expect(now.prices.find(({ name }) => name === 'ai-input')).toMatchObject({
      meter: 'ai.input_tokens',
      terms: { model: 'per-unit', amount: '3' },
      since: null,
      next: '2025-09-01T00:00:00.000Z',
    })
    expect(now.offerings.find(({ id }) => id === 'tracker')?.versions).toMatchObject([
      { version: 'first', sold: true, prices: ['retail-data'], subscriptions: 1 },
      { version: '2025-08-01T00:00:00.000Z', sold: false, prices: ['wholesale-data'], subscriptions: 0 },
    ])
    const october = valueOf(tenant.commands.catalogueShow('acme', { version: null, atMs: Date.UTC(2025, 9) }))
    expect(october.prices.find(({ name }) => name === 'ai-input')).toMatchObject({
      terms: { amount: '3.1' },
      since: '2025-09-01T00:00:00.000Z',
      next: null,
    })
    expect(october.offerings.find(({ id }) => id === 'tracker')?.versions.map(({ sold }) => sold)).toEqual([
      false,
      true,
    ])
    const before = valueOf(tenant.commands.catalogueShow('acme', { version: 0, atMs: Date.UTC(2025, 9) }))
    expect(before.prices.find(({ name }) => name === 'ai-input')).toMatchObject({ terms: { amount: '3' }, next: null })
  })

  test('lists the versions, newest first', () => {
    const history = valueOf(tenant.commands.catalogueHistory('acme', { limit: 10 }))
    expect(history.map(({ version, appliedMs, fileName }) => [version, appliedMs, fileName])).toEqual([
      [1, usageTimeMs + 1_000, 'acme.yaml'],
      [0, usageTimeMs, 'acme.yaml'],
    ])
    expect(history[0]?.hash).toBe(tenant.service.inForce?.catalogue.hash)
    expect(history[0]?.bytes).toBe(tenant.service.inForce?.catalogue.bytes.length)
    expect(valueOf(tenant.commands.catalogueHistory('acme', { limit: 1 }))).toHaveLength(1)
  })

  test('compares versions and files in either direction', () => {
    const lines = [
      '~ price ai-input: +change from 2025-09-01T00:00:00.000Z: model per-unit amount 3.1 per 1000000',
      '~ offering tracker: +version from 2025-08-01T00:00:00.000Z: prices [wholesale-data]',
    ]
    const forwards = valueOf(tenant.commands.catalogueDiff('acme', { version: 0 }, { version: null }))
    expect(forwards).toEqual({ before: 'version 0', after: 'version 1', diff: lines })
    const first = acmeFile([{ id: 'gw-1', key: tenant.agent.key.publicKeyBase64 }])
    const file = valueOf(tenant.commands.catalogueDiff('acme', { fileName: 'a.yaml', text: first }, { version: 1 }))
    expect(file).toEqual({ before: 'a.yaml', after: 'version 1', diff: lines })
    const back = valueOf(tenant.commands.catalogueDiff('acme', { version: 1 }, { version: 0 }))
    expect(back.diff).toEqual([
      '~ price ai-input: -change from 2025-09-01T00:00:00.000Z',
      '~ offering tracker: -version from 2025-08-01T00:00:00.000Z',
    ])
  })

  test('exports what applies to the same content', () => {
    const { yaml, hash, version } = valueOf(tenant.commands.catalogueExport('acme', null))
    expect({ hash, version }).toEqual({ hash: tenant.service.inForce?.catalogue.hash, version: 1 })
    expect(tenant.apply(() => yaml)).toMatchObject({ ok: true, value: { applied: false, version: 1, diff: [] } })
    const earlier = valueOf(tenant.commands.catalogueExport('acme', 0))
    expect(tenant.apply(() => earlier.yaml)).toMatchObject({ ok: true, value: { applied: true, version: 2 } })
    expect(tenant.service.inForce?.catalogue.hash).toBe(earlier.hash)
  })

  test('refuses versions there are not, and files with mistakes', () => {
    const unknown = { ok: false, fault: { code: 'catalogue_version_unknown' } }
    expect(tenant.commands.catalogueShow('acme', { version: 7 })).toMatchObject(unknown)
    expect(tenant.commands.catalogueExport('acme', 7)).toMatchObject(unknown)
    expect(tenant.commands.catalogueDiff('acme', { version: 7 }, { version: null })).toMatchObject(unknown)
    const wrong = tenant.commands.catalogueDiff('acme', { fileName: 'a.yaml', text: 'tenant: acme' }, { version: null })
    expect(wrong).toMatchObject({ ok: false, fault: { code: 'tenant_file_invalid' } })
    expect(wrong.ok ? '' : wrong.fault.message).toMatch(/^a.yaml:1:1: /)
    expect(tenant.commands.catalogueHistory('nobody', { limit: 1 })).toMatchObject({
      fault: { code: 'tenant_unknown' },
    })
  })
})
