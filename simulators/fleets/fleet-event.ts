/** One thing a device measured, before it is put into the words of a dialect. */
export interface FleetEvent {
  readonly id: string
  readonly device: string
  /** Whom the usage is of; often the device itself. */
  readonly subject: string
  /** Milliseconds since 1970; grows from event to event of one device. */
  readonly timeMs: number
  /** The device's own number of the event, from 0, over everything it measured, lost or not. */
  readonly sequence: number
  /** The id of its counters' run, which a reset changes; null when the device does not tell. */
  readonly reset: string | null
  /** By meter: an amount, or a reading where the meter is read and not summed. */
  readonly quantities: ReadonlyMap<string, bigint>
  readonly dimensions: Readonly<Record<string, string>>
  /** The model of an AI call. */
  readonly model: string
}
