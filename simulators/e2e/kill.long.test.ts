import { describeKills } from './kill-suite.ts'

describeKills(500, 3_600_000)
