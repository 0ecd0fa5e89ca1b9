import type { RuleProfile } from '../rule-definition.ts'

const device = ['/device', '/deviceId', '/device_id', '/subject', 'device']
const metric = ['/metric', '/meter', '/name', '/key']
const time = ['/time', '/timestamp', '/ts']

/**
 * A plain array of telemetry, or one such object: `[{"device": "m-1", "metric": "energy", "value": 12, "ts": 1767225600000}]`
 * under any of the usual names. A value is told apart by its device, metric and time. The metric's name is the meter.
 */
export const telemetryArray: RuleProfile = {
  format: 'json',
  id: [device, metric, time],
  subject: device,
  time,
  meters: [{ meterFrom: metric, quantity: ['/value', '/quantity', '/v'] }],
}
