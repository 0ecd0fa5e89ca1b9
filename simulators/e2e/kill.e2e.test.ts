import { describeKills } from './kill-suite.ts'

describeKills(20, 300_000)
