import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { IdOrder } from './publish-template.ts'

/** What the load generator is to do, as its flags say it. */
export interface Load {
  readonly host: string
  readonly port: number
  readonly connections: number
  readonly window: number
  readonly ratePerSecond: number | null
  readonly events: number
  readonly warmUpEvents: number
  readonly kind: 'usage' | 'ai'
  readonly ids: IdOrder
  readonly devicePrefix: string
  readonly topicPrefix: string
  readonly password: string | null
  readonly timeMs: number
}

/** Reads the flags; a wrong one ends the process with its name. */
export function readLoad(): Load {
  const { values } = parseArgs({
    options: {
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '1883' },
      connections: { type: 'string', default: '10' },
      window: { type: 'string', default: '200' },
      rate: { type: 'string' },
      events: { type: 'string', default: '100000' },
      'warm-up': { type: 'string', default: '0' },
      kind: { type: 'string', default: 'usage' },
      ids: { type: 'string', default: 'ordered' },
      device: { type: 'string', default: 'load-' },
      prefix: { type: 'string', default: 'meter/v1' },
      'password-file': { type: 'string' },
      time: { type: 'string' },
    },
  })
  const count = (name: string, text: string, least: number): number => {
    const value = Number(text)
    return Number.isSafeInteger(value) && value >= least
      ? value
      : stop(`--${name} ${text} is not a whole number from ${least} on`)
  }
  const one = <Choice extends string>(name: string, text: string, choices: readonly Choice[]): Choice =>
    choices.find((choice) => choice === text) ?? stop(`--${name} ${text} is none of ${choices.join(', ')}`)
  const passwordFile = values['password-file']
  return {
    host: values.host,
    port: count('port', values.port, 1),
    connections: count('connections', values.connections, 1),
    window: Math.min(count('window', values.window, 1), 65_535),
    ratePerSecond: values.rate === undefined ? null : count('rate', values.rate, 1),
    events: count('events', values.events, 1),
    warmUpEvents: count('warm-up', values['warm-up'], 0),
    kind: one('kind', values.kind, ['usage', 'ai']),
    ids: one('ids', values.ids, ['ordered', 'random']),
    devicePrefix: values.device,
    topicPrefix: values.prefix,
    password: passwordFile === undefined ? null : readFileSync(passwordFile, 'utf8').trim(),
    timeMs: values.time === undefined ? Date.now() : count('time', values.time, 0),
  }
}

/** Ends the process with a message. */
export function stop(message: string): never {
  process.stderr.write(`mqtt-load: ${message}\n`)
  process.exit(1)
}
