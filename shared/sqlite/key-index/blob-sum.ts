import { crc32 } from 'node:zlib'
import { fault, FaultError } from '../../base/errors.ts'
import { entryBytes } from './entry.ts'

const sumBytes = 4
const head = Buffer.alloc(16)

/** The bytes of a row with a CRC-32 behind them, over its number, when it arrived (0: it does not say), and the bytes. */
export function withSum(id: number, arrivedMs: number, bytes: Uint8Array): Buffer {
  const summed = Buffer.allocUnsafe(bytes.length + sumBytes)
  summed.set(bytes)
  summed.writeUInt32LE(sumOf(id, arrivedMs, bytes), bytes.length)
  return summed
}

/** Whether a stored row is what was written; rows from before there were sums are whole entries and nothing else. */
export function fitsSum(id: number, arrivedMs: number, stored: Buffer): boolean {
  const rest = stored.length % entryBytes
  if (rest === 0) return true
  const end = stored.length - sumBytes
  return rest === sumBytes && stored.readUInt32LE(end) === sumOf(id, arrivedMs, stored.subarray(0, end))
}

/** Throws a `FaultError` with code `key_index_damaged` unless a stored row is what was written. */
export function assertSum(table: string, id: number, arrivedMs: number, stored: Buffer): void {
  if (fitsSum(id, arrivedMs, stored)) return
  throw new FaultError(fault('key_index_damaged', `row ${id} of ${table} is not what was written to it`))
}

function sumOf(id: number, arrivedMs: number, bytes: Uint8Array): number {
  head.writeDoubleLE(id, 0)
  head.writeDoubleLE(arrivedMs, 8)
  return crc32(bytes, crc32(head))
}
