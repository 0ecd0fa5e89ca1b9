import { Buffer } from 'node:buffer'
import type { FleetMessage } from '../fleets/sample-fleet.ts'

/** What a tracker measured on the 28th of a month (`YYYY-MM`) and can only send when the month is closed. */
export function lateMessage(month: string): FleetMessage {
  const device = 'trk-n-01'
  const eventId = `${device}-late`
  const event = { id: eventId, time: `${month}-28T09:00:00Z`, meter: 'data.bytes', quantity: 250_000 }
  return {
    device,
    kind: 'usage',
    payload: Buffer.from(JSON.stringify(event)),
    eventId,
    expectation: 'charged',
    agent: 0,
  }
}
