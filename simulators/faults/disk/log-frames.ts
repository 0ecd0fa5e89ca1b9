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
  const readWord = (log.readUInt32BE(0) & 1) === 1 ? readBigEndian : readLittleEndian
  let sum = checksum(log.subarray(0, 24), [0, 0], readWord)
  let settled = 0
  let lastCommit = 0
  for (let offset = headerBytes; offset + frameBytes <= log.length; offset += frameBytes) {
    if (!log.subarray(offset + 8, offset + 16).equals(log.subarray(16, 24))) break
    sum = checksum(log.subarray(offset, offset + 8), sum, readWord)
    sum = checksum(log.subarray(offset + frameHeaderBytes, offset + frameBytes), sum, readWord)
    if (log.readUInt32BE(offset + 16) !== sum[0] || log.readUInt32BE(offset + 20) !== sum[1]) break
    const isCommit = log.readUInt32BE(offset + 4) > 0
    if (!isCommit) continue
    settled = lastCommit
    lastCommit = offset + frameBytes
  }
  return settled
}

type Sum = readonly [number, number]

function checksum(bytes: Buffer, [first, second]: Sum, read: (bytes: Buffer, offset: number) => number): Sum {
  let s0 = first
  let s1 = second
  for (let offset = 0; offset < bytes.length; offset += 8) {
    s0 = (s0 + read(bytes, offset) + s1) >>> 0
    s1 = (s1 + read(bytes, offset + 4) + s0) >>> 0
  }
  return [s0, s1]
}

function readBigEndian(bytes: Buffer, offset: number): number {
  return bytes.readUInt32BE(offset)
}

function readLittleEndian(bytes: Buffer, offset: number): number {
  return bytes.readUInt32LE(offset)
}
