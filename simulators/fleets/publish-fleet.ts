import { DeviceConnections, type FleetAccess } from './device-connections.ts'
import { ExpectedInvoice, type FleetExpectation } from './expected-invoice.ts'
import { estimatedMessages } from './fleet-estimate.ts'
import { FleetTimeline, type FleetPlan, type FleetTroubles } from './fleet-timeline.ts'
import { Pace } from './pace.ts'
import { Progress } from './progress.ts'

/** Where and how a fleet is published. */
export interface FleetPublishing extends FleetAccess {
  readonly plan: FleetPlan
  /** 1 is real time, 60 a minute a second, Infinity as fast as the gateways acknowledge. */
  readonly speed: number
  /** Messages of all devices together that may be unacknowledged. */
  readonly window: number
  readonly quiet: boolean
  /** Ends the run early: what is under way is still acknowledged, and the summary says what was published. */
  readonly signal?: AbortSignal
}

/** What a fleet published, all of it acknowledged, and what should be on the invoices. */
export interface FleetSummary extends FleetExpectation, FleetTroubles {
  readonly fleet: string
  readonly seed: string
  readonly devices: number
  readonly connections: number
  readonly published: number
  /** Messages sent again because no acknowledgement came in time. */
  readonly retried: number
  readonly seconds: number
  readonly stoppedEarly: boolean
}

/** Connects every device, publishes everything it has to say at QoS 1, and waits for every acknowledgement. */
export async function publishFleet(run: FleetPublishing): Promise<FleetSummary> {
  const { plan, signal } = run
  const startedMs = performance.now()
  const connections = new DeviceConnections(run)
  const timeline = new FleetTimeline(plan, run.urls.length)
  const expected = new ExpectedInvoice()
  const stopped = (): boolean => signal?.aborted ?? false
  try {
    const connecting = new Progress('connecting', plan.devices.length, run.quiet)
    await connections.connectAll(plan.devices, (connected) => connecting.update(connected), signal)
    connecting.finish(connections.count)

    const progress = new Progress(plan.file.fleet, estimatedMessages(plan), run.quiet)
    const window = new Window(run.window)
    const pace = new Pace(run.speed, signal)
    let published = 0
    let lastMs = plan.span.startMs
    for (const message of timeline.messages()) {
      await pace.until(message.event.timeMs)
      if (stopped()) break
      lastMs = message.event.timeMs
      expected.add(message)
      if (message.fate === 'dropped') continue
      await window.room()
      const publisher = await connections.publisher(message.device, message.gateway)
      window.enter()
      await publisher.publish(message, () => {
        window.leave()
        progress.update(window.left)
      })
      published += 1
    }
    await connections.drained()
    progress.finish(published)
    return {
      fleet: plan.file.fleet,
      seed: plan.file.seed,
      devices: plan.devices.length,
      connections: connections.count,
      published,
      retried: await connections.retried(),
      seconds: (performance.now() - startedMs) / 1000,
      stoppedEarly: stopped(),
      ...timeline.troubles(lastMs),
      ...expected.expectation(),
    }
  } finally {
    await connections.close()
  }
}

/** How many messages of all devices may be under way. */
class Window {
  readonly #size: number
  #inside = 0
  #waiter: (() => void) | null = null
  /** Messages that came and went. */
  left = 0

  constructor(size: number) {
    this.#size = size
  }

  /** Resolves when there is room for one more. Only one may wait at a time. */
  async room(): Promise<void> {
    while (this.#inside >= this.#size) {
      await new Promise<void>((resolve) => {
        this.#waiter = resolve
      })
    }
  }

  enter(): void {
    this.#inside += 1
  }

  leave(): void {
    this.#inside -= 1
    this.left += 1
    const waiter = this.#waiter
    this.#waiter = null
    waiter?.()
  }
}
