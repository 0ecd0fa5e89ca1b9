import type { Acknowledger, DeliveryKind, Intake, Reject } from '../ports.ts'

/** A door for tests: submits what it is told to and writes down what it hears. */
export class TestDoor implements Acknowledger {
  /** `token outcome`, and `flush`, in the order they came. */
  readonly told: string[] = []
  readonly rejects: Reject[] = []
  readonly stored = new Set<number>()
  readonly unavailable = new Set<number>()
  roomCalls = 0
  #intake: Intake | null = null
  #nextToken = 0

  /** Goes on with another agent, such as the same one after a crash. */
  attach(intake: Intake): void {
    this.#intake = intake
    intake.onRoom(() => (this.roomCalls += 1))
    intake.onReject((reject) => this.rejects.push(reject))
  }

  /** Submits a payload: an object as JSON, a text as it is. Gives its token, or null when it was not taken. */
  submit(device: string, payload: object | string, kind: DeliveryKind = 'usage'): number | null {
    const token = this.#nextToken++
    const bytes = Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload))
    const taken = this.#intake?.submit(device, kind, bytes, this, token) ?? false
    // The intake copies at once: a door may use its buffer again.
    bytes.fill(0)
    return taken ? token : null
  }

  settled(token: number, outcome: 'stored' | 'unavailable'): void {
    this.told.push(`${token} ${outcome}`)
    if (outcome === 'stored') this.stored.add(token)
    else this.unavailable.add(token)
  }

  flush(): void {
    this.told.push('flush')
  }
}
