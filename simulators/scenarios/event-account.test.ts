import { describe, expect, test } from 'vitest'
import type { Expectation, FleetMessage } from '../fleets/sample-fleet.ts'
import { accountForEvents, eventKeyOf, printableAccount } from './event-account.ts'
import type { Disposition } from '@meterline/aggregator/flow/commands.ts'

function message(eventId: string | null, expectation: Expectation): FleetMessage {
  return { device: 'dev', kind: 'usage', payload: Buffer.alloc(0), eventId, expectation, agent: 0 }
}

const CHARGED: Disposition = { kind: 'charged', logIndex: 1, unit: 0, amountMicros: '1', legs: [] }
const NO_PRICE: Disposition = { kind: 'suspended', logIndex: 1, unit: 0, code: 'no_price', message: '' }

function charged(...ids: string[]): Map<string, Disposition> {
  return new Map(ids.map((id) => [eventKeyOf('dev', id), CHARGED]))
}

describe('the account of published events', () => {
  test('puts every message into exactly one row', () => {
    const messages = [
      message('a', 'charged'),
      message('a', 'repeat'),
      message('b', 'suspended'),
      message(null, 'suspended'),
    ]
    const dispositions = charged('a').set(eventKeyOf('dev', 'b'), NO_PRICE)
    const account = accountForEvents(messages, dispositions, [
      { code: 'payload_not_json', source: 'dev', eventId: null, times: 1 },
    ])
    expect(account.unexplained).toEqual([])
    expect(account.rows).toEqual([
      { outcome: 'charged once', messages: 1 },
      { outcome: 'repeat of a charged event, not charged again', messages: 1 },
      { outcome: 'suspended: no_price', messages: 1 },
      { outcome: 'suspended: payload_not_json', messages: 1 },
    ])
    expect(printableAccount(account)).toContain('4 of 4')
  })

  test('a conflict is explained by its suspense item although its id was charged', () => {
    const conflict = { source: 'dev', eventId: 'a', code: 'event_conflict', times: 1 }
    const messages = [message('a', 'charged'), message('a', 'suspended')]
    expect(accountForEvents(messages, charged('a'), [conflict]).unexplained).toEqual([])
    expect(accountForEvents(messages, charged('a'), []).unexplained).toHaveLength(1)
  })

  test('one suspense item explains one message, not two', () => {
    const item = { code: 'payload_not_json', source: 'dev', eventId: null, times: 1 }
    const messages = [message(null, 'suspended'), message(null, 'suspended')]
    expect(accountForEvents(messages, new Map(), [item]).unexplained).toHaveLength(1)
  })

  test('lost and wrongly suspended events are named', () => {
    const suspended = new Map([[eventKeyOf('dev', 'b'), NO_PRICE]])
    const account = accountForEvents([message('a', 'charged'), message('b', 'charged')], suspended, [])
    expect(account.unexplained).toEqual([
      'dev a: ought to be charged, is unknown',
      'dev b: ought to be charged, is suspended no_price',
    ])
  })
})
