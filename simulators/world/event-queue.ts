interface Scheduled {
  readonly atMs: number
  readonly tieBreak: number
  readonly order: number
  readonly owner: string
  readonly what: string
  readonly run: () => void
  cancelled: boolean
}

/** An event that is still to come. */
export interface Pending {
  cancel(): void
}

/** The event that comes next. */
export interface NextEvent {
  readonly atMs: number
  readonly owner: string
  readonly what: string
  readonly run: () => void
}

/**
 * The one queue that makes time pass in the world. Events of one owner at the same millisecond run in the order they
 * were scheduled, as timers of one process do; which owner goes first is drawn from the seed, as it is between machines.
 */
export class EventQueue {
  readonly #heap: Scheduled[] = []
  readonly #seed: number
  #nowMs: number
  #order = 0
  #cancelledInHeap = 0

  constructor(startMs: number, seed: number) {
    this.#nowMs = startMs
    this.#seed = seed
  }

  /** True time of the world, epoch milliseconds. */
  get nowMs(): number {
    return this.#nowMs
  }

  /** Events still to come. */
  get size(): number {
    return this.#heap.length - this.#cancelledInHeap
  }

  /** Runs `run` at true time `atMs`, or now when that has passed. */
  at(atMs: number, owner: string, what: string, run: () => void): Pending {
    const dueMs = Math.max(Math.ceil(atMs), this.#nowMs)
    const entry: Scheduled = {
      atMs: dueMs,
      tieBreak: mixed(this.#seed, owner, dueMs),
      order: this.#order,
      owner,
      what,
      run,
      cancelled: false,
    }
    this.#order += 1
    this.#push(entry)
    return {
      cancel: () => {
        if (entry.cancelled) return
        entry.cancelled = true
        this.#cancelledInHeap += 1
      },
    }
  }

  /** Takes the next event and moves time to it; undefined when nothing is left or the next one lies after `limitMs`. */
  take(limitMs: number): NextEvent | undefined {
    for (;;) {
      const first = this.#heap[0]
      if (first === undefined || first.atMs > limitMs) return undefined
      this.#dropFirst()
      if (first.cancelled) {
        this.#cancelledInHeap -= 1
        continue
      }
      // A cancel that comes while or after the event runs must not count as one inside the heap.
      first.cancelled = true
      this.#nowMs = first.atMs
      return first
    }
  }

  /** Lets time pass without an event. */
  passTo(atMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, atMs)
  }

  #push(entry: Scheduled): void {
    const heap = this.#heap
    let index = heap.length
    heap.push(entry)
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = heap[parentIndex]
      if (parent === undefined || !before(entry, parent)) break
      heap[index] = parent
      index = parentIndex
    }
    heap[index] = entry
  }

  #dropFirst(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let index = 0
    for (;;) {
      let childIndex = 2 * index + 1
      let child = heap[childIndex]
      if (child === undefined) break
      const right = heap[childIndex + 1]
      if (right !== undefined && before(right, child)) {
        child = right
        childIndex += 1
      }
      if (!before(child, last)) break
      heap[index] = child
      index = childIndex
    }
    heap[index] = last
  }
}

function before(a: Scheduled, b: Scheduled): boolean {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs
  if (a.tieBreak !== b.tieBreak) return a.tieBreak < b.tieBreak
  return a.order < b.order
}

/** FNV-1a over seed, owner and time: the same for all events of an owner in one millisecond. */
function mixed(seed: number, owner: string, atMs: number): number {
  let hash = 0x811c9dc5 ^ seed
  for (let index = 0; index < owner.length; index++) hash = Math.imul(hash ^ owner.charCodeAt(index), 0x01000193)
  hash = Math.imul(hash ^ (atMs & 0xffff), 0x01000193)
  hash = Math.imul(hash ^ ((atMs / 65536) & 0xffff), 0x01000193)
  return (hash ^ (hash >>> 15)) >>> 0
}
