import type { FleetEvent } from '../fleet-event.ts'

/** A plain array of readings, one for each meter. */
export function telemetryArray(event: FleetEvent): object {
  return [...event.quantities].map(([metric, value]) => ({ device: event.device, metric, value, ts: event.timeMs }))
}
