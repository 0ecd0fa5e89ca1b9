import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import { closePeriod } from './close-period.ts'
import { asked, modelEvent, withModels } from './fixtures/models-file.ts'
import { usageEvent } from './fixtures/sealing-agent.ts'
import { taxedFile } from './fixtures/taxed-tenant.ts'
import { acmeFile, dearerInput } from './fixtures/tenant-file.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import { simulateBill } from './simulate-bill.ts'
import type { Simulation, SimulationRequest } from './simulation-answers.ts'
import { voidUsage } from './void-usage.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
const inJune = Date.UTC(2025, 5, 20)

let dataDirectory = ''
let tenant: TestTenant
beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-what-if-'))
  tenant = tenantIn(dataDirectory)
})
afterEach(() => {
  tenant.registry.kill()
  rmSync(dataDirectory, { recursive: true, force: true })
})

function tenantIn(folder: string): TestTenant {
  const parts = { dataDirectory: folder, signingKey, nowMs: Date.UTC(2025, 8, 1), log: silentLog() }
  return new TestTenant({ ...parts, random: seededRandom('what-if') })
}

type Edit = (file: string) => string
const asItIs: Edit = (file) => file

function data(id: string, quantity: bigint, timeMs = inJune): UsageEvent {
  return usageEvent({ id, timeMs, measured: [{ meter: 'data.bytes', quantity }] })
}

function textOf(edit: Edit): string {
  return edit(acmeFile([{ id: 'gw-1', key: tenant.agent.key.publicKeyBase64 }]))
}

async function asks(edit: Edit, request: Partial<SimulationRequest> = {}): ReturnType<typeof simulateBill> {
  const asked: SimulationRequest = {
    account: 'logistics',
    period: '2025-06',
    fileName: 'new.yaml',
    text: textOf(edit),
    ...request,
  }
  return await tenant.clock.until(simulateBill(tenant.service, tenant.clock.wallMs(), asked))
}

async function simulated(edit: Edit, request: Partial<SimulationRequest> = {}): Promise<Simulation> {
  const answer = await asks(edit, request)
  if (!answer.ok) throw new Error(answer.fault.message)
  return answer.value
}

/** Line by line: what it is about, now, then, on documents. */
function lines({ bills }: Simulation): readonly (readonly unknown[])[] {
  return bills.flatMap((bill) =>
    bill.lines.map(({ description, now, tried, billed }) => [
      description,
      now?.amountMicros ?? null,
      tried?.amountMicros ?? null,
      billed,
    ]),
  )
}

async function close(period: string): Promise<void> {
  const closed = await tenant.clock.until(closePeriod(tenant.service, tenant.clock, { tenant: 'acme', period }))
  if (!closed.ok) throw new Error(closed.fault.message)
}

const dearerData: Edit = (file) => file.replace('upTo: 5000, amount: "0.02"', 'upTo: 5000, amount: "0.05"')

describe('what a bill would be by another tenant file', () => {
  test('is the stored usage at its prices, against what is charged; nothing is written', async () => {
    tenant.apply()
    tenant.use([data('a', 4_000n), data('other', 9_000n, inJune + 30 * 86_400_000)])
    tenant.use([data('b', 3_000n)])
    const size = tenant.service.store.log.size
    const answer = await simulated(dearerData)
    // 5,000 at 0.05 and 2,000 at 0.01 per 1,000, instead of 5,000 at 0.02.
    expect(lines(answer)).toEqual([['Tracker connectivity: data.bytes', '120000', '270000', '0.00']])
    expect(answer).toMatchObject({
      bills: [
        {
          seller: 'nordlink',
          buyer: 'logistics',
          now: { lines: '0.12', tax: '0.00', toPay: '0.12' },
          tried: { lines: '0.27', toPay: '0.27' },
          difference: { lines: '0.15', toPay: '0.15' },
          billed: '0.00',
        },
      ],
      batches: 2,
      units: 2,
      notCharged: [],
      suspended: { units: 0, listed: [] },
    })
    expect(answer.obstacles).toEqual([expect.stringContaining('new.yaml')])
    expect(tenant.apply(dearerData)).toMatchObject({ ok: false })
    expect(tenant.service.store.log.size).toBe(size)
  })

  test('by the file in force is what it is, on every leg and for every model', async () => {
    const file: Edit = (text) => taxedFile(withModels(text))
    expect(tenant.apply(file)).toMatchObject({ ok: true })
    tenant.use([data('a', 4_000n), asked('1', 'small', 700n), asked('2', 'large', 2_000n)])
    tenant.use([
      modelEvent('3', 'energy', 9_000n, { facts: [['duration', 7_200n]] }),
      modelEvent('4', 'payments', 2_500n),
      modelEvent('5', 'payments', 100n),
      modelEvent('6', 'payments', 700n),
      modelEvent('7', 'messages', 170n),
      data('b', 3_000n),
    ])
    for (const account of ['logistics', 'nordlink', 'bright', 'acme']) {
      const answer = await simulated(file, { account })
      expect(answer.bills.length).toBeGreaterThan(0)
      for (const { now, tried } of answer.bills) expect(tried).toEqual(now)
      for (const line of answer.bills.flatMap((bill) => bill.lines)) expect(line.tried).toEqual(line.now)
      expect(answer.obstacles).toEqual([])
    }
  })

  test('is what the file makes of the same usage when it is applied from the beginning', async () => {
    const file: Edit = (text) => dearerInput(withModels(text), '2025-06-18')
    const events = [
      modelEvent('1', 'ai.input_tokens', 500_000n, { labels: [['ai.model', 'large']], facts: [['total', 500_000n]] }),
      modelEvent('2', 'ai.output_tokens', 70_000n, { timeMs: inJune }),
      modelEvent('3', 'payments', 900n, { timeMs: inJune }),
      modelEvent('4', 'payments', 100n, { timeMs: inJune - 86_400_000 }),
      modelEvent('5', 'payments', 300n, { timeMs: inJune + 86_400_000 }),
    ]
    const other = mkdtempSync(join(tmpdir(), 'meterline-what-if-'))
    const applied = tenantIn(other)
    applied.apply(file)
    applied.use(events)
    await applied.clock.until(closePeriod(applied.service, applied.clock, { tenant: 'acme', period: '2025-06' }))
    const [document] = [...applied.service.store.documents.all()]
    applied.registry.kill()
    rmSync(other, { recursive: true, force: true })

    // Charged at another price, in another order and in two batches.
    const tariff: Edit = (text) => file(text).replace('rate: "2", fixed: "0.30"', 'rate: "9", fixed: "0.90"')
    tenant.apply(tariff)
    tenant.use(events.slice(2))
    tenant.use(events.slice(0, 2))
    const answer = await simulated(file, { account: 'bright' })
    expect(answer.bills[0]?.tried.toPay).toBe(document?.total)
    expect(answer.bills[0]?.now.toPay).not.toBe(document?.total)
  })

  test('of a period that has its documents says what they have, too', async () => {
    tenant.apply()
    tenant.use([data('a', 4_000n)])
    await close('2025-06')
    tenant.use([data('late', 2_000n)])
    const answer = await simulated(dearerData)
    expect(lines(answer)).toEqual([['Tracker connectivity: data.bytes', '110000', '260000', '0.08']])
    expect(answer.bills[0]).toMatchObject({ billed: '0.08', sinceBilled: '0.18', difference: { lines: '0.15' } })
  })

  test('has fees, minimums, shares and tax in it, made by the functions that make bills', async () => {
    const file: Edit = (text) =>
      taxedFile(text)
        .replace('prices:\n', 'prices:\n  - { id: port, model: recurring, amount: "7.50", tax: vat }\n')
        .replace('prices: [ai-input, ai-output]', 'prices: [port, ai-input, ai-output]')
        .replace('name: Fleet North, payer: parent', 'name: Fleet North, payer: self, parentPays: { share: "0.5" }')
        .concat(
          'contracts:\n  - { id: least, account: bright, from: 2025-01-01, minimums: [{ id: floor, amount: "20" }] }\n',
        )
    expect(tenant.apply(file)).toMatchObject({ ok: true })
    tenant.use([data('a', 4_000n)])
    await close('2025-05')
    const dearer: Edit = (text) => dearerData(file(text).replace('amount: "7.50"', 'amount: "9.00"'))
    const ofBright = await simulated(dearer, { account: 'bright' })
    // The fee of June stood on the bill of May; what the minimum adds shrinks by as much as the fee grows.
    expect(lines(ofBright)).toEqual([
      ['AI tokens: port', '7500000', '9000000', '7.50'],
      [expect.stringContaining('floor') as string, '12500000', '11000000', '0.00'],
    ])
    expect(ofBright.bills[0]).toMatchObject({ difference: { lines: '0.00' }, billed: '7.50' })
    expect(ofBright.bills[0]?.tried.tax).not.toBe('0.00')
    // Half of 4,000 at 0.02, and then at 0.05 per 1,000, is the parent's.
    const ofParent = await simulated(dearer)
    expect(ofParent.bills.map(({ now, tried }) => [now.lines, tried.lines])).toEqual([['0.04', '0.10']])
    const ofFleet = await simulated(dearer, { account: 'north' })
    expect(ofFleet.bills.map(({ now, tried }) => [now.lines, tried.lines])).toEqual([['0.04', '0.10']])
  })

  test('counts the subjects that documents of the period counted, and all where there is none', async () => {
    const withSubjects =
      (subjects: string): Edit =>
      (text) =>
        text
          .replace(
            'prices:\n',
            'prices:\n  - { id: sim, model: recurring, due: in-arrears, each: subject, amount: "1.00" }\n',
          )
          .replace('prices: [ai-input, ai-output]', 'prices: [sim, ai-input, ai-output]')
          .replace('[llm-1]', subjects)
    tenant.apply(withSubjects('[llm-1]'))
    await close('2025-06')
    const grown = withSubjects('[llm-1, llm-2, llm-3]')
    expect(tenant.apply(grown)).toMatchObject({ ok: true })
    const june = await simulated(grown, { account: 'bright' })
    expect(lines(june)).toEqual([['AI tokens: sim', '1000000', '1000000', '1.00']])
    const july = await simulated(grown, { account: 'bright', period: '2025-07' })
    expect(lines(july)).toEqual([['AI tokens: sim', '3000000', '3000000', '0.00']])
  })

  test('has no usage that was taken back', async () => {
    tenant.apply()
    tenant.use([data('a', 4_000n), data('b', 500n)])
    const order = { targets: [{ source: 'trk-1', id: 'b' }], reason: 'wrong', by: 'Ada', dryRun: false }
    await tenant.clock.until(voidUsage(tenant.service, tenant.clock, order))
    expect(lines(await simulated(asItIs))).toEqual([['Tracker connectivity: data.bytes', '80000', '80000', '0.00']])
  })

  test('lists usage in suspense that it would charge, and usage that it would not', async () => {
    tenant.apply()
    const stranger = (id: string, timeMs = inJune): UsageEvent =>
      usageEvent({
        id,
        source: 'trk-9',
        subject: 'trk-9',
        timeMs,
        measured: [{ meter: 'data.bytes', quantity: 3_000n }],
      })
    tenant.use([data('a', 4_000n), stranger('s1'), stranger('s2'), stranger('july', inJune + 30 * 86_400_000)])
    const answer = await simulated((file) => file.replace('[trk-1, trk-2]', '[trk-1, trk-9]'))
    expect(lines(answer)).toEqual([['Tracker connectivity: data.bytes', '80000', '80000', '0.00']])
    expect(answer.suspended).toMatchObject({ units: 2, listed: [{ eventId: 's1' }, { eventId: 's2' }] })
    // 4,000 are there: 1,000 more at 0.02 and 5,000 at 0.01 per 1,000.
    expect(answer.bills[0]?.suspendedMicros).toBe('70000')

    const without = await simulated((file) => file.replace('[trk-1, trk-2]', '[trk-2]'))
    expect(without.notCharged).toEqual([
      { code: 'unknown_subject', units: 1, message: expect.stringContaining('trk-1') as string },
    ])
    expect(lines(without)).toEqual([['Tracker connectivity: data.bytes', '80000', null, '0.00']])
  })

  test('takes usage along that another account is charged for now', async () => {
    tenant.apply()
    tenant.use([data('a', 4_000n)])
    const moved: Edit = (file) =>
      file
        .replace('prices: [ai-input, ai-output]', 'prices: [ai-input, ai-output, retail-data]')
        .replace('[trk-1, trk-2]', '[trk-2]')
        .replace('[llm-1]', '[llm-1, trk-1]')
    expect(lines(await simulated(moved, { account: 'bright' }))).toContainEqual([
      'AI tokens: data.bytes',
      null,
      '80000',
      '0.00',
    ])
  })

  test('rates counters and maxima by what they were charged for', async () => {
    const file: Edit = (text) =>
      text
        .replace(
          'prices:\n',
          '  - { id: odometer, unit: m, kind: counter }\n  - { id: peak, unit: W, kind: maximum }\nprices:\n',
        )
        .replace(
          'prices:\n',
          'prices:\n  - { id: metre, meter: odometer, model: per-unit, amount: "0.01" }\n  - { id: watt, meter: peak, model: per-unit, amount: "0.02" }\n',
        )
        .replace('prices: [ai-input, ai-output]', 'prices: [ai-input, ai-output, metre, watt]')
    expect(tenant.apply(file)).toMatchObject({ ok: true })
    const reading = (id: string, meter: string, quantity: bigint, timeMs: number): UsageEvent =>
      modelEvent(id, meter, quantity, { timeMs })
    tenant.use([
      reading('may', 'odometer', 1_000n, inJune - 30 * 86_400_000),
      reading('1', 'odometer', 1_250n, inJune),
      reading('p1', 'peak', 700n, inJune),
    ])
    tenant.use([reading('2', 'odometer', 1_400n, inJune + 1_000), reading('p2', 'peak', 900n, inJune + 1_000)])
    const answer = await simulated(
      (text) => file(text).replace('amount: "0.01" }\n  - { id: watt', 'amount: "0.03" }\n  - { id: watt'),
      { account: 'bright' },
    )
    expect(lines(answer)).toEqual([
      ['AI tokens: odometer', '4000000', '12000000', '0.00'],
      ['AI tokens: peak', '18000000', '18000000', '0.00'],
    ])
  })

  test('is of the moment it began, while the service receives and rates as ever', async () => {
    tenant.apply()
    for (let batch = 0; batch < 10; batch++) tenant.use([data(`a${batch}`, 1_000n)])
    const request = { account: 'logistics', period: '2025-06', fileName: 'new.yaml', text: textOf(dearerData) }
    const told: string[] = []
    const asked = simulateBill(tenant.service, tenant.clock.wallMs(), request, (message) => void told.push(message))
    for (let turn = 0; turn < 20 && told.length === 0; turn++) {
      tenant.clock.advance(0)
      await Promise.resolve()
    }
    tenant.use([data('meanwhile', 5_000n)])
    expect(tenant.service.hasUnrated).toBe(false)
    const order = { targets: [{ source: 'trk-1', id: 'a9' }], reason: 'wrong', by: 'Ada', dryRun: false }
    await tenant.clock.until(voidUsage(tenant.service, tenant.clock, order))
    const answer = await tenant.clock.until(asked)
    // 5,000 at 0.02 or 0.05, and 5,000 at 0.01 per 1,000.
    expect(answer).toMatchObject({ ok: true, value: { batches: 10, units: 10 } })
    expect(answer.ok && lines(answer.value)).toEqual([['Tracker connectivity: data.bytes', '150000', '300000', '0.00']])
  })

  test('is refused where there is none', async () => {
    tenant.apply()
    const codeOf = async (edit: Edit, request: Partial<SimulationRequest> = {}): Promise<string> => {
      const answer = await asks(edit, request)
      return answer.ok ? 'ok' : answer.fault.code
    }
    expect(await codeOf(asItIs, { account: 'north' })).toBe('account_not_billed')
    expect(await codeOf(asItIs, { account: 'nobody' })).toBe('account_unknown')
    expect(await codeOf(asItIs, { period: '2025-13' })).toBe('period_invalid')
    expect(await codeOf((file) => file.replace('tenant: acme', 'tenant: other'))).toBe('tenant_mismatch')
    expect(await codeOf((file) => file.replace('model: graduated', 'model: gradual'))).toBe('tenant_file_invalid')
    const midMonth: Edit = (file) =>
      file.replace(
        'subscriptions:\n',
        'cycles:\n  - { id: mid, day: 15 }\nbillingProfiles:\n  - { id: logistics, cycle: mid }\nsubscriptions:\n',
      )
    const other = await asks(midMonth)
    expect(other).toMatchObject({
      ok: false,
      fault: { code: 'period_of_other_cycle', details: { period: '2025-06~mid' } },
    })
    tenant.use([data('a', 4_000n)])
    const answer = await simulated(midMonth, { period: '2025-06~mid' })
    expect(lines(answer)).toEqual([['Tracker connectivity: data.bytes', null, '80000', '0.00']])
  })
})
