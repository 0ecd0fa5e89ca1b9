import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A program with the manners of served-process.ts, as seen from outside. */
export interface ServedChild {
  readonly port: number
  /** Asks for its CPU, memory and counts. */
  ask(): Promise<Readonly<Record<string, unknown>>>
}

/** Starts a program of this folder that serves (see served-process.ts), lets `work` use it, and stops it. */
export async function withServed<Value>(
  file: string,
  args: readonly string[],
  work: (child: ServedChild) => Promise<Value>,
): Promise<Value> {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const child = spawn(process.execPath, [path, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const closed = new Promise((resolve) => child.once('close', resolve))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async (): Promise<Readonly<Record<string, unknown>>> => {
    const { value } = await lines.next()
    const parsed: unknown = JSON.parse(value ?? 'null')
    if (typeof parsed !== 'object' || parsed === null) throw new Error(`${file} ended by itself`)
    return { ...parsed }
  }
  try {
    const { port } = await answer()
    if (typeof port !== 'number') throw new Error(`${file} names no port`)
    const ask = async (): Promise<Readonly<Record<string, unknown>>> => {
      child.stdin.write('\n')
      return await answer()
    }
    return await work({ port, ask })
  } finally {
    // It ends when its standard input does.
    child.stdin.end()
    await closed
  }
}
