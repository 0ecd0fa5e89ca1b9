import { describeClosingKills } from './closing-kill-suite.ts'

describeClosingKills({ least: 5, mostPerStep: 2 }, 600_000)
