import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { allDefects } from './all-defects.ts'
import { defaultJobs, huntDefects } from './hunt-defects.ts'
import type { HuntResult } from './hunt-defects.ts'
import { medianSeeds, plantedPage } from './planted-page.ts'

/** What the command was given. */
export interface PlantedFlags {
  readonly only?: string
  readonly seeds: number
  /** Left out: one for each processor. */
  readonly jobs?: number
  readonly json?: boolean
  readonly record?: boolean
}

/** Hunts defects and tells what came of it. Exit code 0: everything was caught; 1: something was not; 2: there is no such defect. */
export async function huntCommand({
  only = '',
  seeds: mostSeeds,
  jobs = defaultJobs,
  json = false,
  record = false,
}: PlantedFlags): Promise<number> {
  const defects = allDefects.filter(({ name }) => name.includes(only))
  if (defects.length === 0) {
    console.error(`No planted defect has a name with "${only}" in it; leave --only out to hunt all of them.`)
    return 2
  }
  const hunts = huntDefects(defects, { mostSeeds, jobs, hinted: false })
  const results: HuntResult[] = []
  for (const { name } of defects) {
    const result = await hunts.get(name)
    if (result === undefined) continue
    results.push(result)
    if (!json) console.log(`${String(results.length).padStart(4)}/${defects.length} ${line(result)}`)
  }
  const missed = results.filter(({ caught }) => caught === null)
  if (json) {
    const plain = results.map(({ defect, ...rest }) => ({ name: defect.name, file: defect.file, ...rest }))
    console.log(JSON.stringify(plain))
  } else {
    const median = medianSeeds(results)
    const worlds = median === null ? '' : `, a median of ${median} worlds for those that worlds show`
    console.log(`${results.length - missed.length} of ${results.length} caught${worlds}`)
  }
  if (record) {
    const page = join(import.meta.dirname, '..', 'PLANTED.md')
    if (only !== '') console.error('Not written: the page lists all defects, so leave --only out.')
    else writeFileSync(page, plantedPage(results, mostSeeds))
  }
  return missed.length === 0 ? 0 : 1
}

function line({ defect, caught, seedsRun, seed, otherwise }: HuntResult): string {
  const { name, caughtBy } = defect
  if (caught === null) {
    const instead = otherwise.length === 0 ? '' : `\n       instead: ${otherwise.join('\n                ')}`
    return `${name}: NOT CAUGHT${seedsRun === null ? ` by ${caughtBy.kind === 'test' ? caughtBy.test : ''}` : ` in ${seedsRun} worlds`}${instead}`
  }
  if (seedsRun === null) return `${name}: by the test "${caught.by}": ${firstLine(caught.message)}`
  return `${name}: by ${caught.by} in world ${String(seed)}, the ${ordinal(seedsRun)}: ${firstLine(caught.message)}`
}

function ordinal(count: number): string {
  const suffix = count % 100 > 10 && count % 100 < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][count % 10] ?? 'th')
  return `${count}${suffix}`
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? ''
}
