import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { huntDefect } from './hunt-defect.ts'
import type { TestHunt } from './hunt-in-tests.ts'
import type { SourceDefect } from './source-defect.ts'

/** What hunting one defect came to. */
export interface HuntResult {
  readonly defect: SourceDefect
  /** Who said what: an invariant of the oracle with its message, or a test; null when nothing caught the defect. */
  readonly caught: { readonly by: string; readonly message: string } | null
  /** Worlds that were run up to the one that showed it; null for a defect that a test catches. */
  readonly seedsRun: number | null
  /** The number of the seed that showed it. */
  readonly seed: number | null
  /** What worlds reported that does not count. */
  readonly otherwise: readonly string[]
}

/** How far to hunt. */
export interface HuntLimits {
  /** Worlds for each defect at most. */
  readonly mostSeeds: number
  /** Threads for worlds; as many more for tests. */
  readonly jobs: number
  /** Begin with the seed that caught it last, so that the rest is seldom needed. Not for honest figures. */
  readonly hinted: boolean
}

/** Two are enough for defects that fall in the first seeds, and leave the machine to others. */
export const defaultJobs = Math.min(2, availableParallelism())

/**
 * Starts hunting all these defects, a few at a time in their order, and gives a promise for each: whoever waits for the first
 * one does not wait for the last.
 */
export function huntDefects(
  defects: readonly SourceDefect[],
  limits: HuntLimits,
): ReadonlyMap<string, Promise<HuntResult>> {
  const results = new Map<string, Promise<HuntResult>>()
  const waiting: (() => Promise<void>)[] = []
  for (const defect of defects) {
    if (defect.caughtBy.kind === 'test') continue
    const { promise, resolve, reject } = Promise.withResolvers<HuntResult>()
    results.set(defect.name, promise)
    waiting.push(() => huntWorlds(defect, limits).then(resolve, reject))
  }
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await next()
  }
  for (let job = 0; job < limits.jobs; job++) lane().catch(ignored)
  const tested = defects.filter(({ caughtBy }) => caughtBy.kind === 'test')
  if (tested.length === 0) return results
  const hunts = huntTests(tested, limits.jobs)
  for (const defect of tested)
    results.set(
      defect.name,
      hunts.then((found) => testResult(defect, found)),
    )
  return results
}

async function huntWorlds(defect: SourceDefect, { mostSeeds, hinted }: HuntLimits): Promise<HuntResult> {
  const { name, caughtBy } = defect
  const inOrder = Array.from({ length: mostSeeds }, (_, seed) => seed)
  const hint = caughtBy.kind === 'world' && hinted ? caughtBy.hint : undefined
  const seeds = hint === undefined ? inOrder : [hint, ...inOrder.filter((seed) => seed !== hint)].slice(0, mostSeeds)
  const { caught, seedsRun, otherwise } = await huntDefect({ name, seeds })
  if (caught === null) return { defect, caught, seedsRun, seed: null, otherwise }
  const { seed, invariant, message } = caught
  return { defect, caught: { by: invariant, message }, seedsRun, seed, otherwise }
}

function testResult(defect: SourceDefect, hunts: readonly TestHunt[]): HuntResult {
  const caught = hunts.find(({ name }) => name === defect.name)?.caught ?? null
  const told = caught === null ? null : { by: caught.test, message: caught.message }
  return { defect, caught: told, seedsRun: null, seed: null, otherwise: [] }
}

/** The test runner runs in a process of its own: it may itself be the one that asks. */
function huntTests(defects: readonly SourceDefect[], workers: number): Promise<readonly TestHunt[]> {
  const script = fileURLToPath(new URL('./hunt-tests-process.ts', import.meta.url))
  // What tells a process that it runs inside of the test runner is not for one that runs a test runner of its own.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST') && name !== 'NODE_OPTIONS'),
  )
  const child = spawn(process.execPath, [script, String(workers), ...defects.map(({ name }) => name)], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (part: Buffer) => (out += part.toString('utf8')))
  child.stderr.on('data', (part: Buffer) => (err += part.toString('utf8')))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      const line = out.trimEnd().split('\n').at(-1) ?? ''
      // The last line is what hunt-tests-process.ts writes; anything else means that it did not come so far.
      if (code === 0 && line.startsWith('[')) resolve(JSON.parse(line) as readonly TestHunt[])
      else reject(new Error(`the test runner ended with ${String(code)}: ${err.slice(0, 2000)}${out.slice(-2000)}`))
    })
  })
}

function ignored(): void {
  // Each hunt tells its own failure to whoever waits for it.
}
