import { logSum } from '@meterline/shared/sqlite/log-checksum.ts'

const headerBytes = 32
const frameHeaderBytes = 24

/**
 * How much of a write-ahead log lies before its last transaction, in bytes; 0 where there are not two of them. Everything
 * in front of that was synchronised before the last one was begun, so whatever is wrong there is damage. The format, with
 * its running checksum, is sqlite.org/fileformat2.html#walformat.
 */
export function settledLogBytes(log: Buffer): number {
  if (log.length < headerBytes) return 0
  const pageBytes = log.readUInt32BE(8)
  const frameBytes = frameHeaderBytes + pageBytes
  const bigEndian = (log.readUInt32BE(0) & 1) === 1
  let sum = logSum(log.subarray(0, 24), [0, 0], bigEndian)
  let settled = 0
  let lastCommit = 0
  for (let offset = headerBytes; offset + frameBytes <= log.length; offset += frameBytes) {
    if (!log.subarray(offset + 8, offset + 16).equals(log.subarray(16, 24))) break
    sum = logSum(log.subarray(offset, offset + 8), sum, bigEndian)
    sum = logSum(log.subarray(offset + frameHeaderBytes, offset + frameBytes), sum, bigEndian)
    if (log.readUInt32BE(offset + 16) !== sum[0] || log.readUInt32BE(offset + 20) !== sum[1]) break
    const isCommit = log.readUInt32BE(offset + 4) > 0
    if (!isCommit) continue
    settled = lastCommit
    lastCommit = offset + frameBytes
  }
  return settled
}
