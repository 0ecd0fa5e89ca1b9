import type { Readable } from 'node:stream'
import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'

const longestSecretBytes = 1024

/**
 * Reads a secret from a stream to its end; the line break that a shell or an editor puts behind it is not part of it.
 * Arguments would show it to everybody on the machine.
 */
export async function readSecret(
  stream: Readable,
): Promise<Result<string, Fault<'secret_missing' | 'secret_too_long'>>> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of stream) {
    const bytes = Buffer.from(part as Uint8Array)
    length += bytes.length
    if (length > longestSecretBytes + 2) {
      return failed(fault('secret_too_long', `A secret has at most ${longestSecretBytes} bytes.`))
    }
    parts.push(bytes)
  }
  const secret = Buffer.concat(parts)
    .toString('utf8')
    .replace(/\r?\n$/, '')
  if (secret !== '') return ok(secret)
  return failed(
    fault('secret_missing', 'Write the secret to standard input, for example from a file: device hash < secret'),
  )
}
