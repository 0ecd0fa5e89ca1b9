import { describePowerCuts } from './power-cut-suite.ts'

describePowerCuts(200, 3_600_000)
