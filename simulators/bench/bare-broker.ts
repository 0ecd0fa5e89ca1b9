import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** Starts aedes by itself (bare-aedes.ts), gives `work` its port, and stops it. */
export async function withBareAedes<Value>(work: (port: number) => Promise<Value>): Promise<Value> {
  const file = fileURLToPath(new URL('bare-aedes.ts', import.meta.url))
  const child = spawn(process.execPath, [file], { stdio: ['pipe', 'pipe', 'inherit'] })
  const closed = new Promise((resolve) => child.once('close', resolve))
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const first = await lines.next()
    const answer: unknown = JSON.parse(first.value ?? 'null')
    if (typeof answer !== 'object' || answer === null || !('port' in answer) || typeof answer.port !== 'number') {
      throw new Error('bare aedes did not start')
    }
    return await work(answer.port)
  } finally {
    // It ends when its standard input does.
    child.stdin.end()
    await closed
  }
}
