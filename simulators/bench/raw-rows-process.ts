import { runChild } from './child-program.ts'

/** What raw inserts are to be measured; see raw-rows.ts. */
export interface RawRows {
  readonly file: string
  readonly rows: number
  /** Random keys the table holds already. */
  readonly keysPresent: number
  readonly onOneCore: boolean
}

/** Events a second that better-sqlite3 alone inserts as rows, at the durability of the products. */
export async function rawRowsPerSecond(request: RawRows): Promise<number> {
  const { file, rows, keysPresent, onOneCore } = request
  const args = ['--file', file, '--rows', String(rows), '--present', String(keysPresent)]
  const answer = (await runChild({ file: 'raw-rows.ts', args, onOneCore })) as { readonly perSecond: number }
  return answer.perSecond
}
