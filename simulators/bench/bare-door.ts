import { parseArgs } from 'node:util'
import { openMqttDoor } from '@meterline/agent/intake/mqtt-broker.ts'
import type { Acknowledger, Intake } from '@meterline/agent/flow/ports.ts'
import { systemClock } from '@meterline/shared/base/clock.ts'
import { silentLog } from '@meterline/shared/base/log.ts'
import { systemRandom } from '@meterline/shared/base/random.ts'
import { serveMeasured } from './served-process.ts'

/**
 * The MQTT door alone: an intake that copies every payload, as it must, and settles all of them at the end of the turn,
 * as if a commit cost nothing.
 */
class InstantIntake implements Intake {
  published = 0
  readonly #copy = Buffer.alloc(1024 * 1024)
  #copied = 0
  #acknowledgers: Acknowledger[] = []
  #tokens: number[] = []

  submit(_device: string, _kind: string, payload: Uint8Array, acknowledger: Acknowledger, token: number): boolean {
    if (this.#copied + payload.length > this.#copy.length) this.#copied = 0
    this.#copy.set(payload, this.#copied)
    this.#copied += payload.length
    this.published++
    if (this.#tokens.length === 0) setImmediate(() => this.#settle())
    this.#acknowledgers.push(acknowledger)
    this.#tokens.push(token)
    return true
  }

  onRoom(): void {
    // There always is room.
  }

  onReject(): void {
    // Nothing is looked at, so nothing is rejected.
  }

  #settle(): void {
    const acknowledgers = this.#acknowledgers
    const tokens = this.#tokens
    this.#acknowledgers = []
    this.#tokens = []
    const toFlush = new Set<Acknowledger>()
    let previous: Acknowledger | undefined
    for (const [index, acknowledger] of acknowledgers.entries()) {
      acknowledger.settled(tokens[index] ?? 0, 'stored')
      if (acknowledger !== previous) toFlush.add(acknowledger)
      previous = acknowledger
    }
    for (const acknowledger of toFlush) acknowledger.flush()
  }
}

const { values } = parseArgs({ options: { 'fast-path': { type: 'string', default: 'on' } } })
const intake = new InstantIntake()
const door = await openMqttDoor({
  listeners: [{ host: '127.0.0.1', port: 0 }],
  anonymous: 'loopback',
  devices: [],
  intake,
  clock: systemClock(),
  random: systemRandom(),
  log: silentLog(),
  fastPath: values['fast-path'] === 'on',
})
serveMeasured(door.addresses[0]?.port ?? 0, () => ({ published: intake.published }))
