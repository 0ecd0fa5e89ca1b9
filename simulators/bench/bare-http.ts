import { createServer } from 'node:http'
import { serveMeasured } from './served-process.ts'

/** The limit the HTTP door is measured against: node:http that parses the same bodies, stores nothing and says 204. */
let received = 0
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const events: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
    if (Array.isArray(events)) received += events.length
    response.writeHead(204).end()
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  serveMeasured(typeof address === 'object' && address !== null ? address.port : 0, () => ({ received }))
})
