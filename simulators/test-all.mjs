import { requireNode } from '../shared/base/node-guard.mjs'

requireNode('test-all', 'test')
const { runAllTests } = await import('./test-steps.ts')
process.exitCode = await runAllTests({ long: process.argv.includes('--long') })
