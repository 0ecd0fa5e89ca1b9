import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestPrograms, type EndedProgram } from '@meterline/shared/command-line/testing/test-programs.ts'
import { acmeFile } from '../flow/fixtures/tenant-file.ts'

const program = fileURLToPath(new URL('../bin/meterline-aggregator.mjs', import.meta.url))
const programs = new TestPrograms()
let folder = ''
let config = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-receivables-'))
  config = join(folder, 'aggregator.yaml')
  writeFileSync(config, `dataDirectory: ${join(folder, 'data')}\nedge: { host: 127.0.0.1, port: 0 }\n`)
})
afterAll(() => {
  programs.kill()
  rmSync(folder, { recursive: true, force: true })
})

async function aggregator(...args: string[]): Promise<EndedProgram> {
  return await programs.start([process.execPath, program, ...args, '--config', config]).ended
}

/** What a command prints as text; it has to end well. */
async function said(...args: string[]): Promise<string> {
  const { code, out, err } = await aggregator(...args)
  expect({ args, code, err }).toEqual({ args, code: 0, err: '' })
  return out
}

async function answer(...args: string[]): Promise<unknown> {
  return JSON.parse(await said(...args, '--json'))
}

/** BrightDesk has a plan at 100 a month, with 19 % of tax. */
function planFile(): string {
  return `${acmeFile([])
    .replace('offerings:', '  - { id: plan, tax: vat, model: recurring, amount: "100", due: in-arrears }\nofferings:')
    .replace('prices: [ai-input, ai-output]', 'prices: [ai-input, ai-output, plan]')}
taxCodes:
  - { id: vat, name: VAT, rates: [{ region: DE, percent: "19", from: 2025-01-01 }] }
billingProfiles:
  - { id: bright, region: DE }
`
}

test('from the document to the settled account, on the command line', async () => {
  await said('init')
  const readyFile = join(folder, 'ready.json')
  const { child, ended } = await programs.startUntilReady(
    [process.execPath, program, 'run', '--config', config],
    readyFile,
  )
  const file = join(folder, 'acme.yaml')
  writeFileSync(file, planFile())
  await said('apply', '--file', file)
  expect(await answer('close-period', '2025-06')).toMatchObject({
    documents: [{ number: 'acme-000001', buyer: 'bright', total: '119.00' }],
  })
  expect(await said('receivable', 'list')).toMatch(/acme-000001 +acme +bright .* 119\.00 +119\.00 +EUR/)

  const payment = [
    'receivable',
    'payment',
    '--buyer',
    'bright',
    '--amount',
    '50',
    '--reference',
    'bank 7',
    '--by',
    'Ada',
  ]
  const paid = await answer(...payment)
  expect(paid).toMatchObject({ repeated: false, decision: { moves: { cashMicros: '50000000' } } })
  expect(await answer(...payment)).toEqual({ ...(paid as object), repeated: true })
  const another = payment.map((argument) => (argument === '50' ? '51' : argument))
  expect(await aggregator(...another)).toMatchObject({ code: 6, err: expect.stringContaining('decision_key_taken') })

  const [line] = (await answer('receivable', 'lines', 'acme-000001')) as readonly { readonly key: string }[]
  const why = ['--reason', 'half a month', '--by', 'Ada']
  expect(await said('receivable', 'credit-note', 'acme-000001', '--line', `${line?.key}=20`, ...why)).toContain(
    'acme-cn-000001 about acme-000001 was issued by Ada: half a month',
  )
  expect(await said('invoice', 'show', 'acme-cn-000001')).toContain('-23.80')
  const opened = (await answer('dispute', 'open', 'acme-000001', line?.key ?? '', '--amount', '10', ...why)) as {
    readonly logIndex: number
  }
  const dispute = String(opened.logIndex)
  expect(await said('dispute', 'list')).toContain('11.90')
  expect(await said('receivable', 'aging')).toMatch(/bright .* 11\.90 +0\.00 +45\.20 +EUR/)
  expect(await said('dispute', 'show', dispute)).toContain('It is open.')
  expect(await aggregator('dispute', 'resolve', dispute, ...why)).toMatchObject({ code: 2 })
  expect(await said('dispute', 'resolve', dispute, '--credit', ...why)).toContain('credited with acme-cn-000002')
  expect(await aggregator('receivable', 'void', 'acme-000001', ...why)).toMatchObject({ code: 6 })
  expect(await said('receivable', 'statement', '--buyer', 'bright')).toMatch(/closing +33\.30/)
  expect(await said('receivable', 'decisions', '--buyer', 'bright')).toContain('bright paid 50.00 EUR (bank 7)')
  expect(await said('margin', '--period', '2025-06', '--by', 'meter')).toMatch(
    /acme +fee +100\.00 +0\.00 +0\.00 +100\.00/,
  )

  child.kill('SIGTERM')
  await ended
  expect(await said('verify')).toContain('no problems')
})
