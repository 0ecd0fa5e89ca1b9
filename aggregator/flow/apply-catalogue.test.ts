import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { decodeLogEntry } from '@meterline/shared/model/log-entry-codec.ts'
import { applyCatalogue } from './apply-catalogue.ts'
import { usageEvent, usageTimeMs } from './fixtures/sealing-agent.ts'
import { acmeFile } from './fixtures/tenant-file.ts'
import { TestTenant } from './fixtures/test-tenant.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
let dataDirectory = ''
let tenant: TestTenant
beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-apply-'))
  tenant = new TestTenant({
    dataDirectory,
    signingKey,
    nowMs: usageTimeMs,
    random: seededRandom('apply'),
    log: silentLog(),
  })
})
afterEach(() => {
  tenant.registry.kill()
  rmSync(dataDirectory, { recursive: true, force: true })
})

function apply(text: string, dryRun = false): ReturnType<typeof applyCatalogue> {
  return applyCatalogue(tenant.registry, tenant.clock, { name: 'acme.yaml', text }, { dryRun })
}

/** The wholesale price is twice as high from a day on. */
function dearerWholesale(file: string, from: string): string {
  const change = `{ from: ${from}, model: per-unit, per: 1000, amount: "0.008" }`
  return file.replace('per: 1000, amount: "0.004"', `per: 1000, amount: "0.004", changes: [${change}]`)
}

function wholesaleMicros({ service }: TestTenant): bigint {
  return service.store.ledger.balance('acme', 'EUR', 'revenue').creditMicros
}

describe('applying a tenant file', () => {
  test('creates the tenant, keeps the version in the log, and shows what is new', () => {
    const applied = tenant.apply()
    expect(applied).toMatchObject({ ok: true, value: { tenant: 'acme', version: 0, applied: true } })
    const diff = applied.ok ? applied.value.diff : []
    expect(diff.length).toBeGreaterThan(10)
    expect(diff).toEqual(expect.arrayContaining([expect.stringMatching(/^\+ account north/)]))
    const entry = decodeLogEntry(tenant.service.store.log.entry(0) ?? new Uint8Array(0))
    expect(entry).toMatchObject({ ok: true, value: { kind: 'catalogue' } })
  })

  test('again changes nothing, however it is written', () => {
    tenant.apply()
    const again = tenant.apply((file) => `# a comment\n${file}`.replace('meters:\n', 'meters:   # what is counted\n'))
    expect(again).toMatchObject({ ok: true, value: { version: 0, applied: false, diff: [] } })
    expect(tenant.service.store.log.size).toBe(1)
  })

  test('dry changes nothing, not even for a new tenant', () => {
    expect(apply(acmeFile([]), true)).toMatchObject({ ok: true, value: { version: null, applied: false } })
    expect(readdirSync(dataDirectory)).toEqual([])
    tenant.apply()
    const dry = apply(
      acmeFile([{ id: 'gw-1', key: tenant.agent.key.publicKeyBase64 }]).replace('BrightDesk', 'Bright'),
      true,
    )
    expect(dry).toMatchObject({ ok: true, value: { version: 0, applied: false } })
    expect(dry.ok && dry.value.diff).toEqual(['~ account bright: name BrightDesk → Bright'])
    expect(tenant.service.store.log.size).toBe(1)
  })

  test('is remembered over a restart, and rates with the version in force', () => {
    tenant.apply()
    tenant.apply((file) => dearerWholesale(file, '2025-06-01'))
    tenant.registry.kill()
    const later = new TestTenant({
      dataDirectory,
      signingKey,
      nowMs: usageTimeMs,
      random: seededRandom('apply'),
      log: silentLog(),
    })
    expect(later.service.inForce?.version).toBe(1)
    later.apply((file) => dearerWholesale(file, '2025-06-01'))
    later.use([usageEvent({ id: 'a' })])
    expect(wholesaleMicros(later)).toBe(8000n)
    later.registry.kill()
  })

  test('rates usage by its own time under dated prices, and what was rated keeps its charge', () => {
    tenant.apply((file) => dearerWholesale(file, '2025-06-16'))
    tenant.use([usageEvent({ id: 'before', timeMs: Date.UTC(2025, 5, 16) - 1 })])
    expect(wholesaleMicros(tenant)).toBe(4000n)
    tenant.clock.advance(2 * 86_400_000)
    tenant.use([usageEvent({ id: 'after', timeMs: Date.UTC(2025, 5, 16) })])
    expect(wholesaleMicros(tenant)).toBe(4000n + 8000n)
    tenant.use([usageEvent({ id: 'late', timeMs: Date.UTC(2025, 5, 15) })])
    expect(wholesaleMicros(tenant)).toBe(4000n + 8000n + 4000n)
    const earlier = '{ from: 2025-06-10, model: per-unit, per: 1000, amount: "0.006" }, { from: 2025-06-16'
    const applied = tenant.apply((file) => dearerWholesale(file, '2025-06-16').replace('{ from: 2025-06-16', earlier))
    expect(applied).toMatchObject({ ok: true, value: { applied: true } })
    expect(wholesaleMicros(tenant)).toBe(4000n + 8000n + 4000n)
    tenant.use([usageEvent({ id: 'later still', timeMs: Date.UTC(2025, 5, 15) })])
    expect(wholesaleMicros(tenant)).toBe(4000n + 8000n + 4000n + 6000n)
  })

  test('refuses other terms for a price in force, and says how to write them', () => {
    tenant.apply()
    const applied = tenant.apply((file) => file.replace('per: 1000, amount: "0.004"', 'per: 1000, amount: "0.008"'))
    expect(applied.ok ? [] : applied.mistakes).toMatchObject([
      {
        path: 'prices[1].amount',
        message: 'changes terms of wholesale-data that are in force (amount was 0.004)',
        suggestion: expect.stringContaining('changes: [{ from: 2025-06-16, model: per-unit, … }]') as string,
      },
    ])
    expect(tenant.service.inForce?.version).toBe(0)
  })

  test('with mistakes applies nothing and names them all, with their places', () => {
    const text = acmeFile([])
      .replace('kind: fleet', 'kind: flet')
      .replace('offering: wholesale', 'offering: wholsale')
      .replace('parent: nordlink', 'parent: nordlnk')
    const applied = apply(text)
    expect(applied).toMatchObject({ ok: false, fault: { code: 'tenant_file_invalid' } })
    const mistakes = applied.ok ? [] : applied.mistakes
    expect(mistakes.map(({ file, path, suggestion }) => [file, path, suggestion])).toEqual([
      ['acme.yaml', 'accounts[1].parent', 'did you mean nordlink?'],
      ['acme.yaml', 'accounts[2].kind', 'did you mean fleet?'],
      ['acme.yaml', 'subscriptions[1].offering', 'did you mean wholesale?'],
    ])
    for (const { line, column } of mistakes) expect(Math.min(line, column)).toBeGreaterThan(0)
    expect(tenant.registry.find('acme')).toBe('unknown')
  })

  test('may not take back what was charged under', () => {
    tenant.apply()
    const applied = tenant.apply((file) => file.replace(/ {2}- \{ id: north-trackers.*\n/, ''))
    expect(applied).toMatchObject({ ok: false, fault: { code: 'tenant_file_invalid' } })
    expect(applied.ok ? [] : applied.mistakes).toMatchObject([{ path: 'subscriptions' }])
  })

  test.each([
    ['text that is no YAML', 'tenant: [acme'],
    ['an empty file', ''],
    ['a list', '- acme'],
  ])('refuses %s', (_name, text) => {
    const applied = apply(text)
    expect(applied.ok).toBe(false)
    expect(applied.ok ? [] : applied.mistakes.length).toBeGreaterThan(0)
  })

  test('creates tenants up to the cap', () => {
    for (const name of ['a', 'b', 'c']) expect(apply(acmeFile([]).replaceAll('acme', name))).toMatchObject({ ok: true })
    expect(apply(acmeFile([]).replaceAll('acme', 'd'))).toMatchObject({ fault: { code: 'too_many_tenants' } })
  })

  test('ends the session of an agent that is gone or has a new epoch', () => {
    tenant.apply()
    tenant.use([usageEvent({ id: 'a' })])
    tenant.apply((file) => file.replace('epoch: 1', 'epoch: 2'))
    expect(tenant.messages.at(-1)).toMatchObject({ kind: 'refusal', code: 'epoch_unknown' })
    expect(tenant.service.connectedAgents).toEqual([])
  })
})
