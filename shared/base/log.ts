import pino from 'pino'

/** Structured log lines. `event` is a short fixed phrase to search for; everything that varies goes into `fields`. */
export interface Log {
  debug(event: string, fields?: object): void
  info(event: string, fields?: object): void
  warn(event: string, fields?: object): void
  error(event: string, fields?: object): void
  /** A log whose every line also carries `fields`. */
  child(fields: object): Log
}

/** Where lines go: a standard stream, or a file that is appended to (its folder is made when missing). */
export type LogDestination = 'stdout' | 'stderr' | { readonly file: string }

/** The levels `jsonLog` knows, most talkative first. */
export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const

// Secrets are kept out by never logging them; this list is the second line for a whole object logged by mistake.
const secretNames = ['password', 'secret', 'secretHash', 'privatePem', 'privateKey', 'authorization']

/**
 * A log that writes one JSON object a line. Lines are written synchronously, so that the last words before a crash
 * arrive. `level` is one of `logLevels`. Errors under `error` or `err` are written with type, message and stack.
 */
export function jsonLog(options: { level: string; destination: LogDestination }): Log {
  const { destination } = options
  const stream =
    typeof destination === 'object'
      ? pino.destination({ dest: destination.file, mkdir: true, sync: true })
      : pino.destination({ dest: destination === 'stdout' ? 1 : 2, sync: true })
  const logger = pino(
    {
      level: options.level,
      base: { pid: process.pid },
      messageKey: 'event',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err, err: pino.stdSerializers.err },
      redact: { paths: secretNames.flatMap((name) => [name, `*.${name}`]), censor: '[hidden]' },
    },
    stream,
  )
  return logOf(logger)
}

/** A log that writes nothing, for tests and the simulated world. */
export function silentLog(): Log {
  const log: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore, child: () => log }
  return log
}

function ignore(): void {
  // A silent log drops every line.
}

function logOf(logger: pino.Logger): Log {
  return {
    debug: (event, fields = {}) => logger.debug(fields, event),
    info: (event, fields = {}) => logger.info(fields, event),
    warn: (event, fields = {}) => logger.warn(fields, event),
    error: (event, fields = {}) => logger.error(fields, event),
    child: (fields) => logOf(logger.child(fields)),
  }
}
