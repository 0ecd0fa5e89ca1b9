import fc from 'fast-check'
import { expect, test } from 'vitest'
import { weekdays } from '@meterline/shared/rating/weekly-hours.ts'
import { parsePrice } from '@meterline/shared/rating/price-schema.ts'
import { compilePrice, type CompiledPrice } from '@meterline/shared/rating/price.ts'
import { partsOf } from '@meterline/shared/rating/route.ts'
import type { ZoneOffset } from '@meterline/shared/rating/zone-time.ts'
import { zoneOffsets } from './zone-offsets.ts'

const zones = [
  'Europe/Berlin',
  'Europe/London',
  'Europe/Lisbon',
  'Europe/Athens',
  'Europe/Chisinau',
  'Atlantic/Azores',
  'America/New_York',
  'America/Los_Angeles',
  'America/St_Johns',
  'America/Havana',
  'America/Santiago',
  'America/Nuuk',
  'Asia/Beirut',
  'Asia/Jerusalem',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Australia/Lord_Howe',
  'Australia/Adelaide',
  'Pacific/Auckland',
  'Pacific/Chatham',
  'Antarctica/Troll',
]
const minuteMs = 60_000
const hourMs = 60 * minuteMs

/** What the clocks of a zone show, read from the library's texts and from nothing the product computes. */
function clockOf(zone: string): (ms: number) => { readonly day: number; readonly minute: number } {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  return (ms) => {
    const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, value]))
    const day = weekdays.findIndex((name) => name === parts.get('weekday')?.toLowerCase())
    return { day, minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')) }
  }
}

/** The first minutes of 2026 at which the clocks of a zone show something else than a minute more. */
function changesOf2026(zone: string): readonly number[] {
  const clock = clockOf(zone)
  const shownAt = (ms: number): number => clock(ms).minute
  const changes: number[] = []
  for (let ms = Date.UTC(2026, 0, 1); ms < Date.UTC(2027, 0, 1); ms += 6 * hourMs) {
    if ((shownAt(ms) + 360) % 1440 === shownAt(ms + 6 * hourMs)) continue
    for (let at = ms + minuteMs; at <= ms + 6 * hourMs; at += minuteMs) {
      if ((shownAt(at - minuteMs) + 1) % 1440 !== shownAt(at)) changes.push(at)
    }
  }
  return changes
}

test.each(zones)('offsets of %s change when its clocks do', (zone) => {
  const offsets = zoneOffsets(zone)
  if (!offsets.ok) throw new Error(offsets.fault.message)
  const inYear = offsets.value
    .map(({ fromMs }) => fromMs)
    .filter((ms) => ms > Date.UTC(2026, 0, 1) && ms < Date.UTC(2027, 0, 1))
  expect(inYear).toEqual(changesOf2026(zone))
  expect(inYear).not.toEqual([])
})

interface WrittenHours {
  readonly days: readonly string[]
  readonly from: string
  readonly to: string
}

const quarters = fc.uniqueArray(fc.integer({ min: 0, max: 96 }), { minLength: 2, maxLength: 2 })
const hours: fc.Arbitrary<WrittenHours> = fc
  .record({ days: fc.subarray([...weekdays], { minLength: 1 }), quarters })
  .map(({ days, quarters: chosen }) => {
    const [from = 0, to = 1] = chosen.toSorted((left, right) => left - right)
    return { days, from: clockTextOf(from * 15), to: clockTextOf(to * 15) }
  })
const windowsOf = fc.array(fc.array(hours, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 })

function clockTextOf(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
}

function compiled(
  zone: string,
  offsets: readonly ZoneOffset[],
  windows: readonly (readonly WrittenHours[])[],
): CompiledPrice {
  const parsed = parsePrice({
    model: 'time-of-use',
    zone,
    offsets: offsets.map(({ fromMs, offsetMinutes }) => [fromMs, offsetMinutes]),
    windows: windows.map((at, index) => ({ name: `w${index}`, at, price: { model: 'per-unit', amount: `${index}` } })),
    otherwise: { name: 'otherwise', price: { model: 'per-unit', amount: '9' } },
    duration: { fact: 'took', unit: '1ms' },
  })
  if (!parsed.ok) throw new Error(parsed.fault.message)
  return compilePrice(parsed.value)
}

/** Milliseconds of a span in each window, minute by minute of the clocks on the wall. */
function sharesByClock(
  shown: (ms: number) => { readonly day: number; readonly minute: number },
  windows: readonly (readonly WrittenHours[])[],
  fromMs: number,
  toMs: number,
): ReadonlyMap<number, bigint> {
  const shares = new Map<number, bigint>()
  for (let at = fromMs; at < toMs;) {
    const next = Math.min(toMs, at - (at % minuteMs) + minuteMs)
    const { day, minute } = shown(at - (at % minuteMs))
    const text = clockTextOf(minute)
    const found = windows.findIndex((entries) =>
      entries.some(({ days, from, to }) => days.includes(weekdays[day] ?? '') && from <= text && text < to),
    )
    const window = found < 0 ? windows.length : found
    shares.set(window, (shares.get(window) ?? 0n) + BigInt(next - at))
    at = next
  }
  return shares
}

test.each(zones)(
  'time of use splits to the whole, each part in its window, across every change of 2026 in %s',
  (zone) => {
    const offsets = zoneOffsets(zone)
    if (!offsets.ok) throw new Error(offsets.fault.message)
    const clock = clockOf(zone)
    const known = new Map<number, { readonly day: number; readonly minute: number }>()
    const shown = (ms: number): { readonly day: number; readonly minute: number } => {
      let found = known.get(ms)
      if (found === undefined) known.set(ms, (found = clock(ms)))
      return found
    }
    for (const changeMs of changesOf2026(zone)) {
      const span = fc.record({
        windows: windowsOf,
        beforeMs: fc.integer({ min: 0, max: 30 * hourMs }),
        afterMs: fc.integer({ min: 1, max: 30 * hourMs }),
        perMs: fc.bigInt(1n, 1_000_000n),
        rest: fc.bigInt(0n, 1_000_000n),
      })
      fc.assert(
        fc.property(span, ({ windows, beforeMs, afterMs, perMs, rest }) => {
          const [fromMs, tookMs] = [changeMs - beforeMs, beforeMs + afterMs]
          const price = compiled(zone, offsets.value, windows)
          const expected = sharesByClock(shown, windows, fromMs, fromMs + tookMs)
          const usage = { timeMs: fromMs, labels: [], facts: [['took', BigInt(tookMs)]] as const }
          const exact = partsOf(price, usage, BigInt(tookMs) * perMs)
          const expectedExact = [...expected].map(([model, ms]) => [model, ms * perMs])
          expect(new Map(exact.map(({ model, quantity }) => [model, quantity]))).toEqual(
            new Map(expectedExact as [number, bigint][]),
          )
          // Quantities that do not divide evenly are at most one unit off, and never lost.
          const parts = partsOf(price, usage, rest)
          expect(parts.reduce((sum, { quantity }) => sum + quantity, 0n)).toBe(rest)
          for (const { model, quantity } of parts) {
            const ideal = (expected.get(model) ?? 0n) * rest
            const off = quantity * BigInt(tookMs) - ideal
            expect(off > -BigInt(tookMs) && off < BigInt(tookMs)).toBe(true)
          }
        }),
        { numRuns: 12 },
      )
    }
  },
)

const refused: readonly [string, string][] = [
  ['Europe/Berln', 'did you mean Europe/Berlin?'],
  ['europe/berlin', 'did you mean Europe/Berlin?'],
  ['+01:00', 'write a name such as Europe/Berlin or UTC'],
  ['', 'write a name such as Europe/Berlin or UTC'],
]

test.each(refused)('%j is no zone, and the answer says what to write', (zone, hint) => {
  const found = zoneOffsets(zone)
  expect(found.ok).toBe(false)
  if (!found.ok) expect(found.fault.message).toContain(hint)
})

test('other names of a zone are its zone, and UTC has no changes', () => {
  expect(zoneOffsets('US/Eastern')).toEqual(zoneOffsets('America/New_York'))
  const utc = zoneOffsets('UTC')
  expect(utc.ok && utc.value.map(({ offsetMinutes }) => offsetMinutes)).toEqual([0])
})
