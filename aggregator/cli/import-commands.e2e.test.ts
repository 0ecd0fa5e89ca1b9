import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { TestPrograms, type EndedProgram } from '@meterline/shared/command-line/testing/test-programs.ts'

const program = fileURLToPath(new URL('../bin/meterline-aggregator.mjs', import.meta.url))
const programs = new TestPrograms()
let folder = ''
let table = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-import-'))
  table = join(folder, 'prices.json')
  writeFileSync(
    table,
    `{ "small": { "mode": "chat", "input_cost_per_token": 2.5e-07, "output_cost_per_token": 1e-06 },
       "large": { "mode": "chat", "input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05 },
       "painter": { "mode": "image_generation", "output_cost_per_image": 0.04 } }`,
  )
})
afterEach(() => {
  programs.kill()
  rmSync(folder, { recursive: true, force: true })
})

async function importing(...args: string[]): Promise<EndedProgram> {
  return await programs.start([process.execPath, program, 'import', 'ai-prices', ...args]).ended
}

test('the entries go to standard output and the report to standard error', async () => {
  const { code, out: stdout, err: stderr } = await importing(table, '--models', 'small', 'painter')
  expect(code).toBe(0)
  expect(stdout).toMatch(/^# 1 model of "prices.json" \(SHA-256 [0-9a-f]{64}\)\n/)
  expect(stdout).toContain('{ when: { "model": "small" }, amounts: { ai.input_tokens: "0.25",')
  expect(stdout).not.toContain('large')
  expect(stderr).toBe(
    '1 of 2 models priced, in 1 row.\n\nNot in the matrix, because the model:\n     1  is priced by images: painter\n',
  )
})

test('a file is written once and never over another', async () => {
  const out = join(folder, 'entries.yaml')
  const written = await importing(table, '--out', out, '--json', '--matrix', 'models', '--currency', 'EUR')
  expect(written.code).toBe(0)
  expect(JSON.parse(written.out)).toEqual({
    modelsRead: 3,
    modelsPriced: 2,
    refused: [{ note: 'is priced by images', models: ['painter'] }],
    leftOut: [],
    assumed: [],
    rows: 2,
    out,
  })
  const text = readFileSync(out, 'utf8')
  expect(text).toContain(
    '{ id: models.input_tokens, meter: ai.input_tokens, currency: EUR, model: matrix, matrix: models }',
  )
  const again = await importing(table, '--out', out)
  expect(again.code).toBe(6)
  expect(again.err).toContain('(file_not_written)')
  expect(readFileSync(out, 'utf8')).toBe(text)
})

test('with --json and without a file one value holds both', async () => {
  const { code, out: stdout, err: stderr } = await importing(table, '--json')
  expect([code, stderr]).toEqual([0, ''])
  expect(JSON.parse(stdout)).toMatchObject({
    modelsPriced: 2,
    rows: 2,
    tenantFile: expect.stringContaining('matrices:'),
  })
})

test.each([
  ['a file that is not there', ['nothing.json'], 6, '(file_unreadable)'],
  ['a model that is not there', ['TABLE', '--models', 'smal'], 6, 'did you mean small? (model_unknown)'],
  ['a currency that is none', ['TABLE', '--currency', 'usd'], 2, 'Write a currency code of ISO 4217'],
])('%s is refused', async (_, args, code, message) => {
  const out = join(folder, 'out.yaml')
  const { code: exitCode, err: stderr } = await importing(
    ...args.map((arg) => (arg === 'TABLE' ? table : arg)),
    '--out',
    out,
  )
  expect(exitCode).toBe(code)
  expect(stderr).toContain(message)
  expect(existsSync(out)).toBe(false)
})
