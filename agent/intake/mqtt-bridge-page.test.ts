import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { readConfig } from '@meterline/shared/config/read-config.ts'
import { bridgeMistakes, bridgesSchema } from '../config/bridges.ts'
import { mappingsSchema } from '../domain/mapping/rule-schema.ts'
import { bridgeFaultCodes } from './mqtt-bridge-faults.ts'

describe('docs/bridge.md', () => {
  const page = readFileSync(new URL('../../docs/bridge.md', import.meta.url), 'utf8')

  test('shows a configuration that is good', () => {
    const example = /```yaml\n(.*?)```/s.exec(page)?.[1] ?? ''
    const read = readConfig(z.strictObject({ bridges: bridgesSchema, mappings: mappingsSchema }), 'agent', {
      file: { name: 'bridge.md', text: example },
      environment: {},
      flags: {},
      readSecret: (file) => ({ secret: `what is in ${file}` }),
    })
    const { bridges, mappings } = read.ok ? read.value : { bridges: [], mappings: [] }
    expect(read.ok ? [] : read.mistakes).toEqual([])
    expect(bridges[0]?.password).toBe('what is in /etc/meterline/plant-password')
    expect(bridgeMistakes(bridges, new Set(mappings.map(({ name }) => name)), new Set())).toEqual([])
  })

  test('names every key of a bridge and of a subscription', () => {
    const keysOf = (shape: object): string[] => Object.keys(shape)
    const bridge = bridgesSchema.unwrap().element
    const subscription = bridge.shape.subscriptions.element
    const named = [...keysOf(bridge.shape), ...keysOf(subscription.shape)].filter((key) => !page.includes(key))
    expect(named).toEqual([])
  })

  test('explains every code of bridge faults', () => {
    expect(bridgeFaultCodes.filter((code) => !page.includes(`\`${code}\``))).toEqual([])
  })
})
