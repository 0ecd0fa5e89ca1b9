import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import type { FaultMode } from '../faults/fault-mode.ts'
import { runWorld } from './run-world.ts'
import type { WorldOptions } from './world-options.ts'

const worlds = 600
const days = 12
const first = randomBytes(4).toString('hex')

/** Empty for a world that kept every invariant; else what was violated and how to see it again. */
async function complaints(options: WorldOptions & { readonly faults: FaultMode }): Promise<string> {
  const { violations } = await runWorld(options)
  if (violations.length === 0) return ''
  const { seed, faults, hours = 1, publishesPerDevice = 0 } = options
  return [
    ...violations.map(({ invariant, message }) => `${invariant} ${message}`),
    `replay: npm run sim -- world --seeds 1 --seed ${seed} --faults ${faults} --hours ${hours} --publishes ${publishesPerDevice} --trace`,
  ].join('\n')
}

test(`${worlds} worlds nobody has seen before, from seed ${first}`, async () => {
  for (let index = 0; index < worlds; index++) {
    const faults = index % 3 === 2 ? 'misbehaving' : 'stream'
    expect(await complaints({ seed: `${first}-${index}`, faults, publishesPerDevice: 40 })).toBe('')
  }
})

test(`${days} whole days, from seed ${first}`, async () => {
  for (let index = 0; index < days; index++) {
    const seed = `${first}-day-${index}`
    expect(await complaints({ seed, faults: 'stream', hours: 24, publishesPerDevice: 400 })).toBe('')
  }
})
