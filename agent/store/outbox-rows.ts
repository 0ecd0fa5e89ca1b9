/** Whose chain it is and where it stands. */
export interface ChainRow {
  readonly tenant: string
  readonly agent: string
  readonly epoch: number
  readonly sealedSeq: number
  readonly sealedHash: Uint8Array
  /** The last chunk of the last sealed batch; later chunks belong to the open batch. */
  readonly sealedChunk: number
  readonly settledSeq: number
  readonly settledHash: Uint8Array
  /** Where the aggregator's log holds the last settled batch. */
  readonly settledLogIndex: number | null
}

/** A sealed batch without its units, which stay in the chunks it names. */
export interface BatchRow {
  readonly seq: number
  readonly firstChunk: number
  readonly lastChunk: number
  readonly unitCount: number
  readonly sealedMs: number
  /** Size of header, signature and body together. */
  readonly bytes: number
  readonly batchHash: Uint8Array
  readonly header: Uint8Array
  readonly signature: Uint8Array
  readonly secret: Uint8Array
  readonly tables: Uint8Array
}

/** A row with the CRC-32 it was stored with (row-sums.ts); null when a version before sums stored it. */
export type Summed<Row> = Row & { readonly sum: number | null }
