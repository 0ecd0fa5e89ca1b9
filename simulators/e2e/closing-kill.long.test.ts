import { describeClosingKills } from './closing-kill-suite.ts'

describeClosingKills({ least: 200, mostPerStep: 12 }, 7_200_000)
