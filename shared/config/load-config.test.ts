import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { loadConfig } from './load-config.ts'
import { formatMistakes } from './mistakes.ts'

const schema = z.strictObject({ tenant: z.string(), token: z.string().meta({ secret: true }).optional() })

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-config-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('a configuration and a secret are read from their files', () => {
  writeFileSync(join(folder, 'token'), 'geheim ü\r\n')
  writeFileSync(join(folder, 'agent.yaml'), `tenant: acme\ntokenFile: ${join(folder, 'token')}\n`)
  expect(load('agent.yaml')).toEqual({ tenant: 'acme', token: 'geheim ü' })
})

test.each([
  ['none.yaml', 'does not exist'],
  ['folder', 'is no file'],
  ['latin.yaml', 'is not UTF-8 text'],
  ['huge.yaml', 'is larger than 16777216 bytes'],
])('%s %s', (name, problem) => {
  mkdirSync(join(folder, 'folder'))
  writeFileSync(join(folder, 'latin.yaml'), Buffer.from('tenant: m\xfcller', 'latin1'))
  writeFileSync(join(folder, 'huge.yaml'), Buffer.alloc(16 * 1024 * 1024 + 1, '#'))
  expect(load(name)).toBe(`${join(folder, name)}: ${problem}`)
})

test('a secret that cannot be read is named', () => {
  writeFileSync(join(folder, 'agent.yaml'), `tenant: acme\ntokenFile: ${folder}\n`)
  expect(load('agent.yaml')).toBe(`${join(folder, 'agent.yaml')}:2:12: tokenFile: ${folder} is no file`)
})

function load(name: string): unknown {
  const checked = loadConfig({ schema, area: 'agent', fileName: join(folder, name), environment: {}, flags: {} })
  return checked.ok ? checked.value : formatMistakes(checked.mistakes)
}
