/** One row of a trace, ready to be published. */
export interface TraceRow {
  /** Position in the file, from 0. */
  readonly row: number
  /** When it happened, in milliseconds since 1970. */
  readonly timeMs: number
  /** Below the topic prefix or a topic of its own, as the trace's profile says. */
  readonly topic: string
  readonly payload: Buffer
  /** What makes the event one and the same when it comes again; null: each row is an event of its own. */
  readonly identity: string | null
  /** What the row has to add to the invoice, by meter, in base units; null: it is not of the form, and lies in suspense. */
  readonly usage: Readonly<Record<string, bigint>> | null
}

/** A file of real usage and how its rows are read. */
export interface Trace {
  readonly file: string
  /** The profile's name, for messages. */
  readonly name: string
  /** What one row is called. */
  readonly events: 'calls' | 'uplinks'
  /** Where rows go over HTTP: the path and query on the agent's HTTP door. */
  readonly httpPath: string
  /** Reads the rows in their order. Throws with file, line and what was expected where one is not of the trace's form. */
  rows(): AsyncGenerator<TraceRow>
}

/** The words of a file's name that event ids begin with: the same file always gives the same ids, another one others. */
export function idPrefixOf(file: string): string {
  const name = file.split('/').at(-1) ?? ''
  const plain = name.replace(/\.gz$/, '').replace(/\.[A-Za-z0-9]+$/, '')
  return plain.replaceAll(/[^A-Za-z0-9._-]/g, '-').slice(0, 64) || 'trace'
}
