import { hash } from 'node:crypto'
import type { DeterministicReader } from '../integrity/deterministic-reader.ts'
import { leafHash } from '../integrity/merkle.ts'
import { saltBytes } from '../integrity/salts.ts'
import { batchLimits } from './batch.ts'

/**
 * Where each of the next `count` units begins, and where the last one ends, as positions in the reader's bytes. Checks
 * their structure and size only. Null when they cannot be told apart; the reader then has the fault.
 */
export function locateUnits(reader: DeterministicReader, count: number): Uint32Array | null {
  const positions = new Uint32Array(count + 1)
  for (let index = 0; index < count; index++) {
    const start = reader.position
    positions[index] = start
    reader.skip()
    if (reader.position - start > batchLimits.unitBytes) reader.refuse('bytes_over_limit')
  }
  positions[count] = reader.position
  return reader.fault === null ? positions : null
}

// 0x00, salt, unit: filled anew for each unit, because a leaf is hashed in one piece and the salt is not beside the unit.
const leaf = Buffer.alloc(1 + saltBytes + batchLimits.unitBytes)

/**
 * Appends the Merkle leaves of the units at these positions, in binary form: SHA-256(0x00 ‖ salt ‖ unit). Unit i of the
 * batch, counted over all calls with the same list, takes salt i + 1; salt 0 is that of the tables.
 */
export function unitLeaves(bytes: Uint8Array, positions: Uint32Array, salts: Uint8Array, leaves: string[]): void {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const allSalts = Buffer.from(salts.buffer, salts.byteOffset, salts.byteLength)
  for (let index = 0; index + 1 < positions.length; index++) {
    const salt = (leaves.length + 1) * saltBytes
    allSalts.copy(leaf, 1, salt, salt + saltBytes)
    const length = source.copy(leaf, 1 + saltBytes, positions[index], positions[index + 1])
    leaves.push(hash('sha256', leaf.subarray(0, 1 + saltBytes + length), 'binary'))
  }
}

/** The Merkle leaf of one unit, for those who hold a unit and its revealed salt: SHA-256(0x00 ‖ salt ‖ unit bytes). */
export function unitLeafHash(salt: Uint8Array, unitBytes: Uint8Array): Uint8Array {
  return leafHash(Buffer.concat([salt, unitBytes]))
}
