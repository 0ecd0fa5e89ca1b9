/** How a process that was to become ready ended, or that it did not end; and what it wrote in this start. */
export interface FailedStart {
  /** The exit code or signal; null while the process is still there, or when it could not be started at all. */
  readonly ended: string | null
  readonly afterMs: number
  readonly output: string
}

const shownLines = 15

/** The service that did not come up. */
export interface FailedService {
  readonly name: string
  readonly logFile: string
}

/** A service that did not come up: in words, with the code its log ends with. */
export class StartFailure extends Error {
  /** The fault's code in the last line of the log, such as `mqtt_listen_failed`; null where there is none. */
  readonly code: string | null

  constructor({ name, logFile }: FailedService, start: FailedStart) {
    const lines = start.output.split('\n').filter((line) => line !== '')
    const last = start.ended === null ? null : faultOf(lines.at(-1) ?? '')
    const how =
      start.ended === null
        ? `did not become ready within ${start.afterMs} ms`
        : `ended with ${start.ended} before it was ready`
    super(
      last === null
        ? `${name} ${how}. The end of ${logFile}:\n${lines.slice(-shownLines).join('\n') || '(nothing)'}`
        : `${name} ${how} (${last.code}): ${last.message}`,
    )
    this.name = 'StartFailure'
    this.code = last?.code ?? null
  }
}

/** What a line of a service's JSON log names as its fault; null for any other line. */
function faultOf(line: string): { readonly code: string; readonly message: string } | null {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    // Mistakes of a configuration are written as text, before there is a log.
    return null
  }
  if (typeof parsed !== 'object' || parsed === null || !('code' in parsed) || !('message' in parsed)) return null
  const { code, message } = parsed
  return typeof code === 'string' && typeof message === 'string' ? { code, message } : null
}
