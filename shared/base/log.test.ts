import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { jsonLog, silentLog } from './log.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-log-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('a line is one JSON object with level, time, event and fields, and is there at once', () => {
  const file = join(folder, 'below', 'agent.log')
  const log = jsonLog({ level: 'info', destination: { file } })
  log.debug('not written')
  log.child({ session: 7 }).warn('batch refused', { seq: 3, micros: 12n, text: 'ü\n' })
  expect(linesOf(file)).toEqual([
    {
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      pid: process.pid,
      session: 7,
      event: 'batch refused',
      seq: 3,
      micros: 12,
      text: 'ü\n',
    },
  ])
})

test('errors are written with their message, secrets are not written', () => {
  const file = join(folder, 'agent.log')
  const log = jsonLog({ level: 'debug', destination: { file } })
  log.error('cannot store', { error: new RangeError('disk full'), password: 'p1', device: { secretHash: 'p2' } })
  log.debug('written too')
  const [first, second] = linesOf(file)
  expect(first).toMatchObject({
    error: { type: 'RangeError', message: 'disk full' },
    password: '[hidden]',
    device: { secretHash: '[hidden]' },
  })
  expect(second).toMatchObject({ level: 'debug', event: 'written too' })
  expect(readFileSync(file, 'utf8')).not.toMatch(/p1|p2/)
})

test('the silent log takes everything and its child is silent too', () => {
  const log = silentLog()
  expect(() => log.child({ a: 1 }).error('nothing', { b: 2 })).not.toThrow()
})

function linesOf(file: string): unknown[] {
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
}
