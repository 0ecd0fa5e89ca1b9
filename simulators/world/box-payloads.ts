import { originText } from '@meterline/agent/flow/origin.ts'
import type { AgentConfigInput } from '@meterline/agent/config.ts'
import type { Random } from '@meterline/shared/base/random.ts'
import type { MeantEvent } from '../oracle/published.ts'

const ruleName = 'boxes'
const mostChannels = 4

/** The rule by which every agent of the world reads what boxes send. */
export const boxRules: NonNullable<AgentConfigInput['mappings']> = [
  {
    name: ruleName,
    topics: ['boxes/+/readings'],
    records: '/channels',
    when: [{ at: '/off', exists: false }],
    id: ['$/box', '$/boot', '/seq'],
    source: '/no',
    subject: '$/box',
    time: '/at',
    timeUnit: 's',
    meters: [
      { meter: 'data.bytes', quantity: { at: '/kilobytes', unit: { from: 'kB', to: 'B' } } },
      { meter: 'messages', quantity: 1 },
    ],
  },
]

/** Where a box's payload comes from, as its door says. */
export function boxOrigin(box: string): string {
  return originText({ device: box, rule: ruleName, topic: `boxes/${box}/readings`, idempotencyKey: null })
}

/**
 * What a box reports at once: several channels with running numbers, quantities as decimal fractions of kilobytes and
 * times in seconds. Channels that are off count for nothing. `numbered` gives the next number of the box.
 */
export function boxPayload(
  random: Random,
  box: string,
  timesMs: () => number,
  numbered: () => number,
): { readonly json: object; readonly events: readonly MeantEvent[] } {
  const events: MeantEvent[] = []
  const boot = 1
  const channels = Array.from({ length: 1 + random.below(mostChannels) }, (_, index) => {
    const [no, seq, at] = [index + 1, numbered(), Math.floor(timesMs() / 1000)]
    const bytes = random.below(4_000)
    if (random.below(8) === 0) return { no, seq, off: true }
    events.push({
      source: `${box}/${no}`,
      id: `${box}/${boot}/${seq}`,
      subject: box,
      timeMs: at * 1000,
      labels: {},
      facts: {},
      measured: [
        { meter: 'data.bytes', quantity: BigInt(bytes) },
        { meter: 'messages', quantity: 1n },
      ],
    })
    const kilobytes = `${Math.floor(bytes / 1000)}.${String(bytes % 1000).padStart(3, '0')}`
    return { no, seq, kilobytes: random.below(2) === 0 ? kilobytes : Number(kilobytes), at }
  })
  return { json: { box, boot, channels }, events }
}
