import { defineConfig } from 'vitest/config'
import { wrongNodeMessage } from './shared/base/node-guard.mjs'

// Checked here because vitest started by hand runs on the machine's own Node, where the SQLite module crashes.
const wrongNode = wrongNodeMessage('vitest', 'test', process.versions.node, process.execPath)
if (wrongNode !== undefined) throw new Error(wrongNode)

const sources = '{shared,agent,aggregator,simulators}/**'
const realProcesses = { fileParallelism: false, hookTimeout: 120_000 }

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [`${sources}/*.test.ts`],
          exclude: ['**/node_modules/**', '**/*.e2e.test.ts', '**/*.long.test.ts'],
          // A limit for what hangs, not a measurement: property and world tests may share their cores with others.
          testTimeout: 60_000,
        },
      },
      { test: { name: 'e2e', include: [`${sources}/*.e2e.test.ts`], testTimeout: 600_000, ...realProcesses } },
      // Hours of tests are never started by accident: only `npm run test:long` sets this.
      ...(process.env['METERLINE_LONG'] === '1'
        ? [
            {
              test: { name: 'long', include: [`${sources}/*.long.test.ts`], testTimeout: 86_400_000, ...realProcesses },
            },
          ]
        : []),
    ],
  },
})
