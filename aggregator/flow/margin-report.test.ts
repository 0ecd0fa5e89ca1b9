import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { usageEvent } from './fixtures/sealing-agent.ts'
import { TestTenant } from './fixtures/test-tenant.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
let dataDirectory = ''
let tenants: TestTenant[] = []
beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-margin-'))
})
afterEach(() => {
  for (const tenant of tenants) tenant.registry.kill()
  tenants = []
  rmSync(dataDirectory, { recursive: true, force: true })
})

/** The roaming partner sells in dollars, and charges a fee. */
function dollars(file: string, rates: string): string {
  return `${file
    .replace('id: roaming-data, ', 'id: roaming-data, currency: USD, ')
    .replace('prices: [roaming-data]', 'prices: [roaming-data, access]')
    .replace('offerings:', '  - { id: access, currency: USD, model: recurring, amount: "10" }\nofferings:')}
exchangeRates: [${rates}]
`
}

function used(rates: string): TestTenant {
  const parts = { dataDirectory, signingKey, random: seededRandom('margin'), log: silentLog() }
  const tenant = new TestTenant({ ...parts, nowMs: Date.UTC(2025, 6, 1) })
  tenants.push(tenant)
  expect(tenant.apply((file) => dollars(file, rates))).toMatchObject({ ok: true })
  tenant.use([usageEvent({ id: 'a', measured: [{ meter: 'data.bytes', quantity: 100_000n }] })])
  return tenant
}

const half = '{ id: usd, from: USD, to: EUR, rate: "0.5", at: 2025-01-01 }'
const later = '{ id: late, from: USD, to: EUR, rate: "0.9", at: 2025-07-01 }'

test('every leg shows what it brought and cost, at the rate in force as the period ended', async () => {
  const tenant = used(`${half}, ${later}`)
  // 100,000 bytes: 0.10 and 0.95 at retail, 0.40 wholesale, 0.15 USD of roaming.
  const rows = [
    ['acme', 'acme>nordlink', '0', '400000', '0', '400000'],
    ['acme', 'roamnet>acme', '0', '0', '75000', '-75000'],
    ['nordlink', 'acme>nordlink', '0', '0', '400000', '-400000'],
    ['nordlink', 'nordlink>logistics', '1050000', '0', '0', '1050000'],
  ]
  const item = ([
    entity,
    group,
    revenueMicros,
    wholesaleMicros,
    costMicros,
    marginMicros,
  ]: (typeof rows)[number]): object => ({ entity, group, revenueMicros, wholesaleMicros, costMicros, marginMicros })
  expect(tenant.commands.margin('acme', { period: '2025-06', by: 'leg' })).toMatchObject({
    ok: true,
    value: { currency: 'EUR', rows: rows.map(item), totals: [{ marginMicros: '325000' }, { marginMicros: '650000' }] },
  })
  await tenant.clock.until(tenant.commands.closePeriod({ tenant: 'acme', period: '2025-06' }))
  expect(tenant.commands.margin('acme', { period: '2025-06', by: 'partner' })).toMatchObject({
    value: { rows: [{ group: 'nordlink' }, { entity: 'acme', group: 'roamnet', costMicros: '5075000' }, {}, {}] },
  })
  expect(tenant.commands.margin('acme', { period: '2025-06', by: 'meter' })).toMatchObject({
    value: { rows: [{ group: 'data.bytes', costMicros: '75000' }, { group: 'fee', costMicros: '5000000' }, {}] },
  })
})

test('a currency without a rate is named, and a period that is none refused', () => {
  const tenant = used('')
  expect(tenant.commands.margin('acme', { period: '2025-06', by: 'leg' })).toMatchObject({
    ok: false,
    fault: { code: 'exchange_rate_missing' },
  })
  expect(tenant.commands.margin('acme', { period: 'June', by: 'leg' })).toMatchObject({
    ok: false,
    fault: { code: 'period_invalid' },
  })
  expect(tenant.commands.margin('acme', { period: '2025-05', by: 'leg' })).toMatchObject({
    ok: true,
    value: { rows: [], totals: [] },
  })
})
