import { expect, test } from 'vitest'
import {
  parseAccountId,
  parseAgentId,
  parseTenantId,
  trustedAccountId,
  trustedAgentId,
  trustedTenantId,
} from './ids.ts'

const kinds = [
  ['tenant', parseTenantId, trustedTenantId],
  ['agent', parseAgentId, trustedAgentId],
  ['account', parseAccountId, trustedAccountId],
] as const

test.each(kinds)('%s: every allowed form is taken as it is', (_kind, parse, trusted) => {
  for (const text of ['a', '7', 'acme', 'gw-1', 'A.b_c-9', 'x'.repeat(64)]) {
    expect(parse(text)).toEqual({ ok: true, value: trusted(text) })
  }
})

test.each(kinds)('%s: anything else is refused with a short message', (kind, parse) => {
  for (const text of ['', '-a', '.a', '_a', 'a b', 'a/b', 'a\n', 'ä', 'a#', '+', 'x'.repeat(65), 'x'.repeat(100_000)]) {
    const result = parse(text)
    expect(result).toMatchObject({ ok: false, fault: { code: 'id_invalid' } })
    if (result.ok) continue
    expect(result.fault.message).toContain(`is no ${kind} id`)
    expect(result.fault.message.length).toBeLessThan(300)
  }
})
