import { describe, expect, test } from 'vitest'
import { formatMistakes } from '@meterline/shared/config/mistakes.ts'
import { accepted, mistakesWith, movingFile as file, read } from './testing/moving-accounts.ts'

describe('what cannot change', () => {
  const before = accepted(file)

  test.each<readonly [what: string, text: string, replacement: string, mistake: RegExp]>([
    [
      'a move that has happened',
      '{ at: 2026-03-14T23:00:00Z, parent: lower }, ',
      '',
      /«\[{ at: 20.*leave out that north moved below lower at 2026-03-14T23:00:00.000Z; put it back/,
    ],
    ['where it moved then', 'parent: lower }, {', 'parent: acme }, {', /leave out that north moved below lower/],
    ['a move that has not happened', ', { at: 2026-09-14T22:00:00Z, parent: acme }', '', /^$/],
    ['its time', '2026-09-14T22:00:00Z', '2026-10-14T22:00:00Z', /^$/],
    [
      'a move in time that is over',
      'name: East, payer: parent',
      'name: East, payer: parent, moves: [{ at: 2026-04-14T22:00:00Z, parent: west }]',
      /«2026-04-1.*which is over: what was used since is owed where east was; write the turn of a period to come/,
    ],
    [
      'a move to come',
      'name: East, payer: parent',
      'name: East, payer: parent, moves: [{ at: 2026-08-14T22:00:00Z, parent: west }]',
      /^$/,
    ],
    [
      'where it was first',
      'parent: upper',
      'parent: lower',
      /was upper before and cannot change to lower; move it from a date on with moves:/,
    ],
    [
      'what its parent pays',
      '{ meters: [data] }',
      '{ meters: [data], share: "1" }',
      /was data before and cannot change to data, a share of 1; add a new account/,
    ],
    ['that its parent pays', ', parentPays: { meters: [data] }', '', /was data before and cannot change to not there/],
    [
      'that there is one',
      '{ id: north, cycle: mid }, ',
      '',
      /was mid for north before and cannot change to calendar months: north is billed by its periods/,
    ],
    [
      'a cycle where there was none',
      '{ id: roam, paymentDays: 30 }',
      '{ id: lower, cycle: spare }',
      /was calendar months for lower before and cannot change to spare/,
    ],
    ['its day', 'day: 15', 'day: 16', /was 15 before and cannot change to 16: north is billed by its periods/],
    ['its zone', 'Europe/Berlin', 'Europe/Paris', /was Europe\/Berlin before and cannot change to Europe\/Paris/],
    ['a cycle that nobody uses', 'id: spare, day: 7', 'id: spare, day: 8', /^$/],
  ])('%s', (_what, text, replacement, mistake) => {
    expect(mistakesWith(text, replacement, before)).toMatch(mistake)
  })

  test('the cycle of one for whom nothing has begun yet can', () => {
    // Without the moves, which fall on turns of that cycle.
    const resting = file.replace(/, moves: .*\] \}$/m, ' }')
    const parsed = read(resting.replace('{ id: west, cycle: mid }', '{ id: west, cycle: spare }'), accepted(resting))
    expect(parsed.ok ? '' : formatMistakes(parsed.mistakes)).toBe('')
    const charged = read(resting.replace('{ id: north, cycle: mid }', '{ id: north, cycle: spare }'), accepted(resting))
    expect(charged.ok ? '' : formatMistakes(charged.mistakes)).toMatch(
      /was mid for north before and cannot change to spare/,
    )
  })

  test('the offsets of a zone cannot, however they come', () => {
    const [zone] = before.zones
    const offsets = zone?.offsets.map(({ fromMs, offsetMinutes }, index) => [
      fromMs,
      offsetMinutes + (index === 0 ? 1 : 0),
    ])
    const zones = `zones: [{ id: Europe/Berlin, offsets: ${JSON.stringify(offsets)} }]\n`
    const parsed = read(file + zones, before)
    expect(parsed.ok ? '' : parsed.mistakes.map(({ path, message }) => `${path} ${message}`).join()).toMatch(
      /^zones\[0\].offsets were others before: north is billed by its periods/,
    )
  })
})
