/** How the program ends. The numbers are stable: scripts and service managers may rely on them. */
export const exitCodes = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  configuration: 3,
  cannotStart: 4,
  notRunning: 5,
  refused: 6,
  problemsFound: 8,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** The text about exit codes at the end of every help. */
export const exitCodeHelp = `
Exit codes: 0 done, 1 unexpected failure, 2 wrong usage, 3 mistakes in the configuration, 4 cannot start as configured,
5 no running aggregator answers, 6 the aggregator refused the command, 8 verify found problems, or rate other answers.`
