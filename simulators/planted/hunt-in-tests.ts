import { join } from 'node:path'
import { startVitest } from 'vitest/node'
import type { TestModule } from 'vitest/node'
import { defectNamed } from './all-defects.ts'
import { plantingArguments } from './plant-on-load.ts'

/** What the test of one defect came to. */
export interface TestHunt {
  readonly name: string
  /** The first test that failed, with its reason; null when all of them passed, so that nothing caught the defect. */
  readonly caught: { readonly test: string; readonly message: string } | null
  readonly testsRun: number
}

const root = join(import.meta.dirname, '..', '..')

/**
 * Runs the tests that are to catch these defects in one run of the test runner: a project for each defect, whose threads
 * load their modules with the defect in them.
 */
export async function huntInTests(names: readonly string[], workers: number): Promise<readonly TestHunt[]> {
  const defects = names.map(defectNamed)
  const hunts: TestHunt[] = []
  const runner = await startVitest(
    [],
    {
      root,
      config: false,
      watch: false,
      maxWorkers: workers,
      pool: 'threads',
      reporters: [
        {
          onTestRunEnd(modules) {
            for (const module of modules) hunts.push(huntOf(module))
          },
        },
      ],
      projects: defects.map((defect) => ({
        root,
        test: {
          name: defect.name,
          include: [defect.caughtBy.kind === 'test' ? defect.caughtBy.test : ''],
          pool: 'threads',
          // The runtime loads the modules itself, so that the defect gets into them as it does everywhere else.
          experimental: { viteModuleRunner: false },
          execArgv: [...plantingArguments(defect.name)],
          testTimeout: 60_000,
        },
      })),
    },
    { root, logLevel: 'silent' },
  )
  await runner.close()
  // The exit code of the runner would say that tests failed, which is what they are here for.
  process.exitCode = 0
  return names.map((name) => hunts.find((hunt) => hunt.name === name) ?? { name, caught: null, testsRun: 0 })
}

function huntOf(module: TestModule): TestHunt {
  const name = module.project.name
  const [failed] = [...module.children.allTests('failed')]
  const testsRun = [...module.children.allTests()].length
  if (failed !== undefined) {
    const reason = failed.result().errors?.[0]?.message ?? 'no reason given'
    return { name, caught: { test: failed.fullName, message: firstLine(reason) }, testsRun }
  }
  // A file that cannot even be loaded says nothing about the defect: that counts as not caught.
  return { name, caught: null, testsRun }
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? ''
}
