import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { compileRules } from '@meterline/agent/domain/mapping/compile-rules.ts'
import type { RuleDefinition } from '@meterline/agent/domain/mapping/rule-definition.ts'
import { dialects, type Dialect } from './dialects/dialect.ts'
import { ExpectedInvoice } from './expected-invoice.ts'
import { fleetMappings } from './fleet-mappings.ts'
import { FleetTimeline, planFleet, type FleetPlan, type TimedMessage } from './fleet-timeline.ts'
import { readFleetFile } from './read-fleet-file.ts'

const FILE = new URL('../scenarios/fleets/mapped.yaml', import.meta.url)

function planned(): FleetPlan {
  const read = readFleetFile('mapped.yaml', readFileSync(FILE, 'utf8'))
  if (!read.ok) throw new Error(JSON.stringify(read.mistakes))
  return planFleet(read.value, 0)
}

function billedOf({ device, event }: TimedMessage): ReadonlyMap<string, bigint> {
  const dialect: Dialect = dialects[device.group.dialect]
  return dialect.billed(event)
}

test('the rules it asks for read what each device sends, each message as it is expected', () => {
  const plan = planned()
  const gateways = [0, 1].map(() => {
    const compiled = compileRules(fleetMappings(plan) as RuleDefinition[])
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.mistakes))
    return compiled.value
  })
  const seen = new Set<string>()
  const expected = new ExpectedInvoice()
  for (const message of new FleetTimeline(plan, 2).messages()) {
    const { fate, device, payload, topic } = message
    expected.add(message)
    if (fate === 'dropped') continue
    const rule = gateways[message.gateway]?.byName.get(device.group.dialect)
    const mapped = rule?.map(payload, { device: device.id, topic, receivedWallMs: 0 })
    const ids = (mapped?.events ?? []).map(({ source, id }) => `${source} ${id}`)
    expect([topic, mapped?.rejected.length]).toEqual([topic, fate === 'malformed' ? 1 : 0])
    if (fate === 'birth') expect(ids).toEqual([])
    // A repeat gives the ids that were given before, everything else new ones.
    if (fate === 'billed' || fate === 'repeat') expect(ids.length).toBeGreaterThan(0)
    for (const id of ids) expect([id, seen.has(id)]).toEqual([id, fate === 'repeat'])
    if (fate !== 'billed') continue
    for (const id of ids) seen.add(id)
    const events = mapped?.events ?? []
    expect(new Set(events.map(({ subject, timeMs }) => `${subject} ${timeMs}`))).toEqual(
      new Set([`${device.subject} ${message.event.timeMs}`]),
    )
    const measured = events.flatMap((event) => event.measured.map(({ meter, quantity }) => [meter, quantity] as const))
    expect(new Map(measured)).toEqual(billedOf(message))
  }
  expect(Object.entries(expected.expectation().fates).filter(([, messages]) => messages === 0)).toEqual([
    ['wrong-unit', 0],
  ])
})

test('a fleet that needs no rules asks for none', () => {
  const plan = planned()
  expect(fleetMappings({ ...plan, file: { ...plan.file, groups: [] } })).toEqual([])
  expect(fleetMappings(plan)).toContainEqual({
    name: 'sparkplug-b',
    profile: 'sparkplug-b',
    topics: ['spBv1.0/fleet/DDATA/edge/+', 'spBv1.0/fleet/DBIRTH/edge/+'],
    meters: [{ meterFrom: '/name', quantity: '/value' }],
  })
})
