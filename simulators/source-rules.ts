import { isPure, isTest } from './floors.ts'

interface SourceRule {
  readonly pattern: RegExp
  readonly problem: string
  readonly applies: (file: string) => boolean
}

const isProduction = (file: string): boolean => !file.startsWith('simulators/') && !isTest(file)
/** Folders of the simulators that a run of the world is made of: the same seed has to give the same run there. */
const isOfTheWorld = (file: string): boolean =>
  /^simulators\/(world|oracle|faults|planted)\//.test(file) && !isTest(file)
/** Where the event loop itself is waited for: the world between two steps, and the writer's thread between two groups. */
const eventLoopHomes = ['simulators/world/turn.ts', 'simulators/world/ambient-guard.ts', 'agent/writer/thread.ts']
/** Where the time zone database that Node carries is read; what it says is kept with the catalogue, so nothing else asks. */
const zoneDatabaseHome = 'aggregator/catalogue-files/zone-offsets.ts'
const isPureSource = (file: string): boolean =>
  isPure(file) && file.endsWith('.ts') && !isTest(file) && file !== zoneDatabaseHome

/** What the linter cannot be told to refuse. */
const rules: readonly SourceRule[] = [
  {
    pattern: /(oxlint|eslint)-(disable|enable)|@ts-(ignore|nocheck|expect-error)|prettier-ignore/,
    problem: 'switches a check off',
    // The words stand in this pattern and in its test.
    applies: (file) => !file.startsWith('simulators/source-rules'),
  },
  {
    pattern: /\b(Intl|toLocale[A-Z]\w*|localeCompare|process|console|fetch|globalThis|setImmediate|queueMicrotask)\b/,
    problem: 'uses the machine, its locale or its event loop in code that must stay pure',
    applies: isPureSource,
  },
  {
    pattern: /\b(globalThis|global)\s*(\.|\[)\s*['"]?(Date|performance|setTimeout|setInterval|Math)\b/,
    problem: 'reaches time or randomness through the global object',
    // The guard replaces them to see who asks.
    applies: (file) => (isProduction(file) || isOfTheWorld(file)) && file !== 'simulators/world/ambient-guard.ts',
  },
  {
    pattern: /\b(setImmediate|queueMicrotask|nextTick)\b/,
    problem: 'waits for the event loop, which the world knows nothing of',
    applies: (file) => (isProduction(file) || isOfTheWorld(file)) && !eventLoopHomes.includes(file),
  },
  {
    pattern: /\b(test|it|describe)\b.*\.(only|todo|fails)\b/,
    problem: 'does not run all tests, or expects one to fail',
    applies: (file) => file.endsWith('.test.ts'),
  },
]

/** Every line of a source file that breaks a rule: `file:line: problem: text`. Comments count only for switched-off checks. */
export function sourceProblems(file: string, text: string): readonly string[] {
  return text.split('\n').flatMap((line, index) => {
    const code = line.replace(/^\s*(\/\/|\/\*|\*).*$/, '').replaceAll(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g, "''")
    return rules.flatMap((rule, position) => {
      const seen = position === 0 ? line : code
      if (!rule.applies(file) || !rule.pattern.test(seen)) return []
      return [`${file}:${index + 1}: ${rule.problem}: ${line.trim()}`]
    })
  })
}
