import { describe, expect, test } from 'vitest'
import { formatMistakes } from '@meterline/shared/config/mistakes.ts'
import { compileCatalogue } from '../domain/catalogue/compile-catalogue.ts'
import { tenantFileJson } from '../domain/catalogue/tenant-file-json.ts'
import { accepted, mistakesWith, movingFile as file, read } from './testing/moving-accounts.ts'

test('a file with moves, shares and cycles compiles, and reads back to the same bytes', () => {
  const parsed = accepted(file.replace('{ meters: [data] }', '{ meters: [data], share: "0.25" }'))
  const compiled = compileCatalogue(parsed)
  expect(compiled.ok && compiled.value.cycles.get('mid')?.offsets?.length).toBeGreaterThan(50)
  expect(tenantFileJson(parsed)).toMatchObject({
    accounts: [
      {},
      {},
      {
        moves: [
          { at: '2026-03-14T23:00:00.000Z', parent: 'lower' },
          { at: '2026-09-14T22:00:00.000Z', parent: 'acme' },
        ],
      },
      { id: 'east', kind: 'fleet', parent: 'north', name: 'East', payer: 'parent' },
      { parentPays: { meters: ['data'], share: '0.25' } },
    ],
  })
  expect(read(file, accepted(file)).ok).toBe(true)
})

test('what most accounts do not have leaves no trace in the canonical form', () => {
  expect(tenantFileJson(accepted(file))).toMatchObject({
    accounts: [{ ...accountOf('upper', 'Upper') }, {}, {}, {}, {}],
  })
  expect(Object.keys((tenantFileJson(accepted(file)) as { accounts: object[] }).accounts[0] ?? {})).toEqual(
    Object.keys(accountOf('upper', 'Upper')),
  )
})

function accountOf(id: string, name: string): object {
  return { id, kind: 'reseller', parent: 'acme', name, payer: 'self' }
}

describe('what cannot be', () => {
  test.each<readonly [what: string, text: string, replacement: string, mistake: RegExp]>([
    [
      'a move below nobody',
      'parent: lower }, {',
      'parent: lowr }, {',
      /«lowr }, .*is lowr, but there is no such account; did you mean lower/,
    ],
    [
      'a move below a fleet',
      'parent: lower }, {',
      'parent: west }, {',
      /is west, a fleet; a customer hangs below operator or reseller/,
    ],
    [
      'a move to where it is',
      'parent: lower }, {',
      'parent: upper }, {',
      /is upper, below which north hangs already; remove the move/,
    ],
    [
      'two moves at once',
      '2026-09-14T22:00:00Z, parent: acme',
      '2026-03-14T23:00:00Z, parent: acme',
      /moves north at 2026-03-14T23:00:00.000Z a second time; keep one/,
    ],
    [
      'a move in the middle of a period',
      '2026-03-14T23:00:00Z',
      '2026-03-15T00:00:00Z',
      /«2026-03-1.*is 2026-03-15T00:00:00.000Z, in the middle of the period 2026-03~mid of north; write a turn of periods: 2026-03-14T23:00:00.000Z or 2026-04-14T22:00:00.000Z/,
    ],
    [
      'a move that cuts the period of a reseller below',
      'payer: self }\n  - { id: north',
      'payer: self, moves: [{ at: 2026-05-02, parent: upper }] }\n  - { id: north',
      /is 2026-05-02T00:00:00.000Z, in the middle of the period 2026-05 of lower/,
    ],
    [
      'a loop by two moves',
      'name: Upper, payer: self }\n  - { id: lower, kind: reseller, parent: acme, name: Lower, payer: self }',
      'name: Upper, payer: self, moves: [{ at: 2026-05-01, parent: lower }] }\n  - { id: lower, kind: reseller, parent: acme, name: Lower, payer: self, moves: [{ at: 2026-06-01, parent: upper }] }',
      /makes lower its own ancestor: lower → upper → lower/,
    ],
    [
      'a reseller that does not buy when it sells',
      'lower-buys, account: lower, offering: all, from: 2026-01-01',
      'lower-buys, account: lower, offering: all, from: 2026-10-01',
      /is lower, which sells data \(subscription east-uses\) but buys it from nobody/,
    ],
    ['a share of nothing', '{ meters: [data] }', '{ meters: [] }', /says neither meters: nor share:/],
    ['no share', '{ meters: [data] }', '{ share: "0.0" }', /is no share: write a decimal number above 0 and up to 1/],
    ['more than all', '{ meters: [data] }', '{ share: "1.5" }', /is no share/],
    ['a number', '{ meters: [data] }', '{ share: 0.25 }', /is no share: .* in quotes, such as "0.25"/],
    [
      'a meter that is not there',
      '{ meters: [data] }',
      '{ meters: [date] }',
      /is date, but there is no such meter; did you mean data/,
    ],
    ['a meter twice', '{ meters: [data] }', '{ meters: [data, data] }', /is data, listed twice; remove one/],
    [
      'a part where the parent pays everything',
      'payer: self, parentPays',
      'payer: parent, parentPays',
      /is there, but the parent of west pays for everything/,
    ],
    [
      'a part for a customer',
      'name: North, payer: self',
      'name: North, payer: self, parentPays: { meters: [data] }',
      /is there, but upper is the seller; remove it/,
    ],
    [
      'a zone that is not there',
      'Europe/Berlin',
      'Europe/Berln',
      /«Europe\/B.*is no zone: .*did you mean Europe\/Berlin/,
    ],
    ['a day that is not there', 'day: 7', 'day: 32', /is no day of a month/],
    [
      'a profile of nobody',
      'id: roam, paymentDays',
      'id: raom, paymentDays',
      /is raom, but there is no such account, operator or partner; did you mean roam/,
    ],
    [
      'a cycle that is not there',
      '{ id: west, cycle: mid }',
      '{ id: west, cycle: mids }',
      /is mids, but there is no such cycle; did you mean mid/,
    ],
    [
      'a cycle of a partner',
      'id: roam, paymentDays: 30',
      'id: roam, cycle: mid',
      /is mid, but roam is a partner, who gets no documents; give the cycle to acme/,
    ],
    [
      'a cycle of whom others pay for',
      '{ id: west, cycle: mid }',
      '{ id: east, cycle: mid }',
      /is mid, but east is billed with its parent/,
    ],
    [
      'two profiles of one',
      'id: roam, paymentDays: 30',
      'id: west, paymentDays: 30',
      /is west, which billingProfiles\[1\] is already called/,
    ],
  ])('%s', (_what, text, replacement, mistake) => {
    expect(mistakesWith(text, replacement, null)).toMatch(mistake)
  })

  test.each([
    ['of who paid before', '2026-07-01', '2026-06~mid of north, who pays for east'],
    ['of who pays then', '2026-07-14T22:00:00Z', '2026-07 of plain, who pays for east'],
  ])('a move in the middle of a period %s', (_whose, at, period) => {
    const plain = '  - { id: plain, kind: customer, parent: upper, name: Plain, payer: self }\n'
    const moving = file.replace(
      'name: East, payer: parent',
      `name: East, payer: parent, moves: [{ at: ${at}, parent: plain }]`,
    )
    const parsed = read(moving.replace('accounts:\n', `accounts:\n${plain}`), null)
    expect(parsed.ok ? '' : formatMistakes(parsed.mistakes)).toContain(`in the middle of the period ${period}; write`)
  })

  test('a move of a reseller that changes the partition of his customers in the middle of a period of theirs', () => {
    const resting = file.replace(/, moves: .*\] \}$/m, ' }')
    const moves = (at: string): string =>
      resting.replace('name: Upper, payer: self', `name: Upper, payer: self, moves: [{ at: ${at}, parent: lower }]`)
    const cut = read(moves('2026-05-01'), null)
    expect(cut.ok ? '' : formatMistakes(cut.mistakes)).toContain(
      'in the middle of the period 2026-04~mid of north; write',
    )
    const turn = read(moves('2026-05-14T22:00:00Z'), null)
    expect(turn.ok ? '' : formatMistakes(turn.mistakes)).toContain(
      'in the middle of the period 2026-05 of upper; write',
    )
    const plain = moves('2026-05-01').replace(/billingProfiles: .*/, '')
    expect(read(plain, null).ok).toBe(true)
  })

  test('a share between those who are billed for different periods', () => {
    const shared = file.replace('{ meters: [data] }', '{ share: "0.5" }')
    expect(read(shared, null).ok).toBe(true)
    const other = read(
      shared.replace(/, moves: .*\] \}$/m, ' }').replace('{ id: west, cycle: mid }', '{ id: west }'),
      null,
    )
    expect(other.ok ? '' : other.mistakes.map(({ message }) => message).join()).toMatch(
      /west and north, who takes the share, are billed for different periods/,
    )
  })
})
