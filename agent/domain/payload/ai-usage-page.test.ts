import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { normalise } from '../normalise.ts'
import { aiMeters } from './token-classes.ts'

const page = readFileSync(new URL('../../../docs/ai-usage.md', import.meta.url), 'utf8')
const examples = [...page.matchAll(/```json\n([^]*?)```\n\nbecomes ([^]*?)\.\n/g)].map(
  ([, body = '', classes = '']) => [body, classes] as const,
)

describe('the page about AI usage', () => {
  test('has an example of every API, and no example that is not counted', () => {
    expect(examples).toHaveLength(6)
    expect(page.match(/```json/g)).toHaveLength(6)
  })

  test.each(examples)('counts %s as it says', (body, classes) => {
    const { events, rejected } = normalise('ai', 'llm-1', Buffer.from(body), 0)
    expect(rejected).toEqual([])
    const stated = [...classes.matchAll(/`([\w.]+)`\s+(\d+)/g)].map(([, meter, count]) => [meter, BigInt(count ?? 0)])
    expect(events[0]?.measured.map(({ meter, quantity }) => [meter, quantity])).toEqual(stated)
    expect(events[0]?.id).not.toBeNull()
    const dialect = events[0]?.labels.find(([key]) => key === '+dialect')?.[1]
    expect(page).toContain(`\`${dialect}\``)
  })

  test('explains every meter, and none that does not exist', () => {
    const section = page.slice(page.indexOf('## The classes'), page.indexOf('## What may be published'))
    const named = [...section.matchAll(/^\| `([\w.]+)`/gm)].map(([, meter]) => meter)
    expect(new Set(named)).toEqual(new Set(Object.values(aiMeters)))
  })
})
