import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { TestPrograms, type EndedProgram } from '@meterline/shared/command-line/testing/test-programs.ts'

const program = fileURLToPath(new URL('../bin/meterline-aggregator.mjs', import.meta.url))
const programs = new TestPrograms()
let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-rate-'))
})
afterEach(() => {
  programs.kill()
  rmSync(folder, { recursive: true, force: true })
})

async function rate(file: string, ...args: string[]): Promise<EndedProgram> {
  return await programs.start([process.execPath, program, 'rate', '--cases', file, ...args]).ended
}

function casesFile(text: string): string {
  const file = join(folder, 'cases.json')
  writeFileSync(file, text)
  return file
}

const volume = { model: 'volume', input: { tiers: [{ upTo: 5, unit: '7' }, { unit: '6' }], quantity: 6 } }
const good = { id: 'good', ...volume, expected: { total: '36' } }
const bad = { id: 'bad', ...volume, expected: { total: '37' } }
const other = { id: 'other', model: 'proration', input: {}, expected: { total: '1' } }

test('rates every case without a configuration, a service or books', async () => {
  const { code, out, err } = await rate(casesFile(JSON.stringify({ cases: [good, other] })))
  expect([code, err]).toEqual([0, ''])
  expect(out.split('\n').slice(0, 4)).toEqual([
    'case   expected  got       result',
    'good   total=36  total=36  ok',
    'other  total=1   -         not a price (proration)',
    '1 ok, 0 not ok, 1 not a price (1 proration)',
  ])
})

test('a case whose answer does not come out ends with code 8, as JSON as well', async () => {
  const { code, out } = await rate(casesFile(JSON.stringify([good, bad])), '--json')
  expect(code).toBe(8)
  expect(JSON.parse(out)).toMatchObject({
    cases: [
      { id: 'good', verdict: 'ok' },
      { id: 'bad', verdict: 'not ok', expected: 'total=37', got: 'total=36' },
    ],
    summary: { ok: 1, notOk: 1, notPrices: {} },
  })
})

test('what is longer than a pipe holds is printed whole', async () => {
  const cases = Array.from({ length: 3_000 }, (_, index) => ({ ...good, id: `case ${index}` }))
  const file = casesFile(JSON.stringify(cases))
  const text = await rate(file)
  expect(text.out.trimEnd().split('\n').at(-1)).toBe('3000 ok, 0 not ok, 0 not a price')
  const { cases: rated } = JSON.parse((await rate(file, '--json')).out) as { readonly cases: readonly unknown[] }
  expect(rated).toHaveLength(3_000)
})

test('a file that cannot be read, or has no cases, says what to do', async () => {
  const absent = await rate(join(folder, 'absent.json'))
  expect([absent.code, absent.err]).toEqual([2, expect.stringContaining('absent.json cannot be read')])
  const empty = await rate(casesFile('{}'))
  expect([empty.code, empty.err]).toEqual([6, expect.stringContaining('has no list of cases; write')])
})
