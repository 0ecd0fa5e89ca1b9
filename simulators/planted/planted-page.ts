import { allDefects } from './all-defects.ts'
import type { HuntResult } from './hunt-defects.ts'

/** The median of the worlds that defects needed which worlds show; null when there are none. */
export function medianSeeds(results: readonly HuntResult[]): number | null {
  const needed = results
    .flatMap(({ caught, seedsRun }) => (caught === null || seedsRun === null ? [] : [seedsRun]))
    .toSorted((left, right) => left - right)
  return needed[Math.floor((needed.length - 1) / 2)] ?? null
}

/** The page about all defects: what each breaks, what caught it, and how many worlds that took. */
export function plantedPage(results: readonly HuntResult[], mostSeeds: number): string {
  const rows = results.map((result) => {
    const { defect, caught, seedsRun } = result
    const how = caught === null ? 'nothing' : howCaught(result)
    return `| ${defect.name} | ${cell(defect.breaks)} | ${cell(defect.file)} | ${how} | ${caught === null || seedsRun === null ? '' : seedsRun} |`
  })
  const missed = results.filter(({ caught }) => caught === null).length
  const inWorlds = results.filter(({ seedsRun }) => seedsRun !== null)
  return `# Planted defects

Each is one small edit of the product's source, made by \`simulators/planted/plant-on-load.ts\` while the module is loaded:
the code that ships holds no switch. \`npm run sim -- planted --record\` hunts all of them and writes this page;
\`npm test\` hunts each once, beginning with the seed that caught it last.

A world is a quarter of an hour of light usage under dense faults. Worlds are run in the order of their numbers until one
reports what the defect is expected to break, at most ${mostSeeds}; a defect that only a test can show has no number.

| defect | breaks | where | caught by | worlds |
| ------ | ------ | ----- | --------- | ------ |
${rows.join('\n')}

${results.length} defects of ${allDefects.length}, ${missed} not caught. ${inWorlds.length} are shown by worlds, after a median of ${medianSeeds(results) ?? 0}; ${results.length - inWorlds.length} by tests.
`
}

const longestMessage = 140

function howCaught({ defect, caught }: HuntResult): string {
  if (caught === null) return 'nothing'
  if (defect.caughtBy.kind === 'test') return `\`${defect.caughtBy.test}\`: ${cell(caught.by)}`
  const told = withoutPlaces(caught.message)
  const message = told.length > longestMessage ? `${told.slice(0, longestMessage)}…` : told
  return `${caught.by}: ${cell(message)}`
}

/** Paths as they are inside of the project or of a world's folder: the page says nothing of the machine it was made on. */
function withoutPlaces(text: string): string {
  return text
    .replaceAll(/(?:file:\/\/)?(?:\/[\w.@+-]+)+\/((?:agent|aggregator|shared|simulators)\/)/g, '$1')
    .replaceAll(/(?:\/[\w.@+-]+)*\/meterline-world-\w+\//g, '')
}

/** Text that stays inside its cell and means nothing to Markdown. */
function cell(text: string): string {
  return text.replaceAll('\n', ' ').replaceAll(/[|<>*_`[\]\\]/g, (mark) => `\\${mark}`)
}
