import { createReadStream, readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'

/** One payload to try a rule on. */
export interface Sample {
  /** File, and line where each line is a payload. */
  readonly name: string
  readonly payload: Uint8Array
  /** The topic it was published to, where the sample says so. */
  readonly topic?: string
}

const longestSampleBytes = 64 * 1024 * 1024

/** The files of a sample: itself, or those of a directory in the order of their names, hidden ones left out. */
export function sampleFiles(path: string): Result<readonly string[], Fault<'sample_unreadable'>> {
  if (path === '-') return ok(['-'])
  try {
    if (!statSync(path).isDirectory()) return ok([path])
    const entries = readdirSync(path, { withFileTypes: true })
    const names = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.')).map(({ name }) => name)
    if (names.length > 0) return ok(names.toSorted().map((name) => join(path, name)))
    return failed(fault('sample_unreadable', `There is no sample in ${path}: put a file for each payload into it.`))
  } catch (error) {
    return failed(unreadable(error))
  }
}

/**
 * Reads the payloads of a file: each line of `.ndjson` and `.jsonl` is one, each line of `.capture` is a topic and a payload
 * in hexadecimal, as `mosquitto_sub -F '%t %x'` writes them, any other file is one as a whole. Files ending in `.gz` are
 * unpacked; `-` is standard input. Throws what the file system throws, and a `RangeError` for what is no capture.
 */
export async function* readSamples(file: string): AsyncGenerator<Sample> {
  const isPacked = file.endsWith('.gz')
  const plainName = isPacked ? file.slice(0, -3) : file
  const raw: Readable = file === '-' ? process.stdin : createReadStream(file)
  const stream = isPacked ? raw.pipe(createGunzip()) : raw
  // An error of the file would otherwise get lost on the way to what unpacks it.
  if (isPacked) raw.on('error', (error) => stream.destroy(error))
  const name = basename(plainName)
  if (/\.(ndjson|jsonl|capture)$/.test(plainName)) {
    let line = 0
    for await (const text of createInterface({ input: stream, crlfDelay: Infinity })) {
      line += 1
      if (text.trim() === '') continue
      const place = `${name}:${line}`
      yield plainName.endsWith('.capture') ? capturedSample(place, text) : { name: place, payload: Buffer.from(text) }
    }
    return
  }
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream) {
    const part = Buffer.from(chunk as Uint8Array)
    bytes += part.length
    if (bytes > longestSampleBytes) throw new RangeError(`${file} is larger than ${longestSampleBytes} bytes`)
    chunks.push(part)
  }
  yield { name, payload: Buffer.concat(chunks) }
}

function capturedSample(name: string, line: string): Sample {
  // A topic may hold spaces, hexadecimal digits do not.
  const match = /^(.+) ((?:[0-9A-Fa-f]{2})*)$/.exec(line)
  const [, topic, digits] = match ?? []
  if (topic === undefined || digits === undefined) {
    throw new RangeError(`${name} is no capture: write the topic, a space, and the payload in hexadecimal digits`)
  }
  return { name, topic, payload: Buffer.from(digits, 'hex') }
}

/** What went wrong in reading a sample. */
export function unreadable(error: unknown): Fault<'sample_unreadable'> {
  const reason = error instanceof Error ? error.message : String(error)
  return fault('sample_unreadable', `The sample cannot be read: ${reason}`)
}
