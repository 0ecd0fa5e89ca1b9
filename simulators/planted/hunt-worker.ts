import { parentPort, workerData } from 'node:worker_threads'
import { defectNamed } from './all-defects.ts'
import type { Hunt } from './hunt-in-worlds.ts'
import { huntInWorlds } from './hunt-in-worlds.ts'

/** What a worker is told; the defect itself is planted by `plant-on-load.ts`, which the thread was started with. */
export interface HuntOrder {
  readonly name: string
  readonly seeds: readonly number[]
}

const { name, seeds } = workerData as HuntOrder
const { caughtBy } = defectNamed(name)
if (caughtBy.kind !== 'world') throw new Error(`defect ${name} is not one that worlds show`)
parentPort?.postMessage((await huntInWorlds(seeds, caughtBy)) satisfies Hunt)
