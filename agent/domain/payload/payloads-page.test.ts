import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { normalise } from '../normalise.ts'
import { normaliseCodes } from './rejection.ts'

const page = readFileSync(new URL('../../../docs/payloads.md', import.meta.url), 'utf8')
const examples = [...page.matchAll(/```json\n([^]*?)```/g)].map(([, text]) => text ?? '')
const reasons = page.slice(page.indexOf('## Why something was refused'))

describe('the page about payloads', () => {
  test('names every reason for a refusal, and none that does not exist', () => {
    const rows = reasons.split('\n').filter((line) => line.startsWith('| `'))
    const named = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, code]) => code))
    expect(named).toHaveLength(normaliseCodes.length)
    expect(new Set(named)).toEqual(new Set(normaliseCodes))
  })

  test('has examples that are accepted', () => {
    expect(examples).toHaveLength(3)
    for (const example of examples) {
      const kind = example.includes('gen_ai') ? 'ai' : 'usage'
      expect(normalise(kind, 'device-1', Buffer.from(example), 0)).toMatchObject({ events: [{}], rejected: [] })
    }
  })

  test('has an example in CBOR that says what the page says it says', () => {
    const [, hex = ''] = /```hex\n([^]*?)```/.exec(page) ?? []
    const bytes = Buffer.from(hex.replaceAll(/\s/g, ''), 'hex')
    const [, json = ''] = /is `(\{.*\})` in (\d+) bytes/.exec(page) ?? []
    expect(page).toContain(`in ${bytes.length} bytes`)
    expect(normalise('usage', 'device-1', bytes, 0)).toEqual(normalise('usage', 'device-1', Buffer.from(json), 0))
    expect(normalise('usage', 'device-1', bytes, 0).events).toHaveLength(1)
  })

  test('counts the tokens of its AI call as it says', () => {
    const call = examples.find((example) => example.includes('gen_ai')) ?? ''
    const [event] = normalise('ai', 'llm-1', Buffer.from(call), 0).events
    for (const { meter, quantity } of event?.measured ?? [])
      expect(page).toMatch(new RegExp(`\\| \`${meter}\` .*\\| ${quantity} +\\|`))
    expect(event?.measured).toHaveLength(4)
  })
})
