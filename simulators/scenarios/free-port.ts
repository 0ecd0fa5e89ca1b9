import { createServer } from 'node:net'

/** A loopback port that was free a moment ago, for processes that must come back under the same one after a crash; `preferred` when that is free. */
export async function freePort(preferred = 0): Promise<number> {
  const server = createServer()
  const bound = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(preferred, '127.0.0.1', () => resolve(true))
  })
  if (!bound) {
    if (preferred === 0) throw new Error('the machine has no free loopback port')
    return await freePort()
  }
  const address = server.address()
  await new Promise<void>((resolve) => server.close(() => resolve()))
  if (address === null || typeof address === 'string') throw new Error('the machine gave no port')
  return address.port
}
