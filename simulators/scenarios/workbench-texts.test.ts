import { describe, expect, test } from 'vitest'
import { StartFailure } from './start-failure.ts'
import { nextSteps, portText, publishLines, startFailureText } from './workbench-texts.ts'

const names = { aggregator: 'bench/aggregator.yaml', agent: 'bench/gw-1.yaml', tenant: 'bench/tenant.yaml' }
const ports = { mqtt: 1884, http: 8481 }

describe('lines to publish with', () => {
  const plain = [
    `mosquitto_pub -q 1 -p 1884 -t meter/v1/device-1/usage -m '{"id":"a-1","meter":"messages","quantity":1}'`,
    `curl -i -H 'content-type: application/json' -d '{"id":"a-1","meter":"messages","quantity":1}' 'http://127.0.0.1:8481/v1/events?source=device-1'`,
  ]
  const file = "curl -i -H 'content-type: application/json' --data-binary @sample.json"

  test('have the real ports', () => {
    expect(publishLines(ports, [])).toEqual(plain)
    expect(publishLines({ mqtt: 1884, http: null }, [])).toEqual(plain.slice(0, 1))
    expect(publishLines({ mqtt: null, http: 8481 }, [])).toEqual(plain.slice(1))
  })

  test('are there for each rule, with a topic that it reads and no wildcard in it', () => {
    const rules = [
      { name: 'boxes', topics: ['boxes/+/readings', 'other'] },
      { name: 'all', topics: ['a b/#'] },
      { name: 'posted', topics: [] },
    ]
    expect(publishLines(ports, rules).slice(2)).toEqual([
      'mosquitto_pub -q 1 -p 1884 -t boxes/device-1/readings -f sample.json',
      `${file} 'http://127.0.0.1:8481/v1/events?rule=boxes&topic=boxes/device-1/readings'`,
      "mosquitto_pub -q 1 -p 1884 -t 'a b/device-1' -f sample.json",
      `${file} 'http://127.0.0.1:8481/v1/events?rule=all&topic=a%20b/device-1'`,
      `${file} 'http://127.0.0.1:8481/v1/events?rule=posted'`,
    ])
    expect(nextSteps(names, ports, rules)).toContain('    mosquitto_pub -q 1 -p 1884 -t boxes/device-1/readings')
  })
})

test.each([
  ['data_in_use', /Another workbench runs in bench/],
  ['journal_in_use', /Another workbench runs in bench/],
  [
    'listen_failed',
    /edge\.port in bench\/aggregator\.yaml and, to the same port, uplink\.address in bench\/gw-1\.yaml/,
  ],
  ['mqtt_listen_failed', /under mqtt: listeners: in bench\/gw-1\.yaml/],
  ['http_listen_failed', /under http: listeners: in bench\/gw-1\.yaml/],
])('after %s it says what to do', (code, advice) => {
  const output = JSON.stringify({ code, message: 'it did not work' })
  const failure = new StartFailure({ name: 'gw-1', logFile: 'l' }, { ended: 'exit code 4', afterMs: 1, output })
  expect(startFailureText(failure, 'bench', names)).toMatch(/\): it did not work\n/)
  expect(startFailureText(failure, 'bench', names)).toMatch(advice)
})

test('any other failure stands for itself', () => {
  const failure = new StartFailure({ name: 'gw-1', logFile: 'l' }, { ended: null, afterMs: 1, output: '' })
  expect(startFailureText(failure, 'bench', names)).toBe(failure.message)
})

test('a port that is not the usual one is told, with where to change it', () => {
  expect(portText('MQTT', 1883, 1883, 'f')).toBeNull()
  expect(portText('MQTT', 1883, 40_001, 'bench/gw-1.yaml')).toBe(
    '  port 1883 is taken by another program: MQTT is on 40001 (to change in bench/gw-1.yaml)',
  )
})
