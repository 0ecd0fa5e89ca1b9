import { describePowerCuts } from './power-cut-suite.ts'

describePowerCuts(10, 300_000)
