import { expect, test } from 'vitest'
import { StartFailure } from './start-failure.ts'

const spec = { name: 'gw-1', logFile: 'gw-1.log' }

test('a service that ended tells its exit code and what its log names as the fault', () => {
  const output = [
    '{"level":"info","event":"starting"}',
    '{"level":"error","code":"mqtt_listen_failed","message":"cannot listen on 127.0.0.1 port 1883","event":"cannot start"}',
    '',
  ].join('\n')
  const failure = new StartFailure(spec, { ended: 'exit code 4', afterMs: 20_000, output })
  expect(failure.message).toBe(
    'gw-1 ended with exit code 4 before it was ready (mqtt_listen_failed): cannot listen on 127.0.0.1 port 1883',
  )
  expect(failure.code).toBe('mqtt_listen_failed')
})

test.each([
  ['text', 'gw-1.yaml:3:1: mappings: is no list'],
  ['a line without a fault', '{"level":"info","event":"stopped"}'],
  ['JSON that is no object', '7'],
])('one whose log ends with %s shows the end of it', (_what, output) => {
  const failure = new StartFailure(spec, { ended: 'exit code 3', afterMs: 20_000, output })
  expect(failure.message).toBe(`gw-1 ended with exit code 3 before it was ready. The end of gw-1.log:\n${output}`)
  expect(failure.code).toBeNull()
})

test('only one that is still there is said to be too slow', () => {
  const output = Array.from({ length: 40 }, (_, line) => `line ${line}`).join('\n')
  const failure = new StartFailure(spec, { ended: null, afterMs: 20_000, output })
  expect(failure.message).toMatch(
    /^gw-1 did not become ready within 20000 ms\. The end of gw-1\.log:\nline 25\n[^]*line 39$/,
  )
  expect(new StartFailure(spec, { ended: 'exit code 1', afterMs: 1, output: '' }).message).toContain('(nothing)')
})
