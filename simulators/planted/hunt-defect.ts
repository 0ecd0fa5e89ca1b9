import { Worker } from 'node:worker_threads'
import type { Hunt } from './hunt-in-worlds.ts'
import type { HuntOrder } from './hunt-worker.ts'
import { plantingArguments } from './plant-on-load.ts'

/**
 * Hunts one defect through worlds in a thread of its own, whose modules are loaded with the defect in them. Everything a
 * thread loaded goes when it ends, so that the next defect starts from clean modules.
 */
export function huntDefect(order: HuntOrder): Promise<Hunt> {
  const worker = new Worker(new URL('./hunt-worker.ts', import.meta.url), {
    workerData: order,
    execArgv: [...plantingArguments(order.name)],
  })
  return new Promise((resolve, reject) => {
    worker.once('message', (hunt: Hunt) => {
      resolve(hunt)
    })
    worker.once('error', reject)
    worker.once('exit', () => {
      reject(new Error(`the thread that hunts ${order.name} ended without a word`))
    })
  })
}
