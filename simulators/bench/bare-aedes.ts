import { createServer } from 'node:net'
import { Aedes } from 'aedes'
import { serveMeasured } from './served-process.ts'

/** The limit the door is measured against: aedes as it is, acknowledging at once and storing nothing. */
let published = 0
const broker = await Aedes.createBroker({
  authorizePublish: (_client, _packet, done) => {
    published++
    done(null)
  },
})
const server = createServer({ noDelay: true }, (socket) => {
  broker.handle(socket)
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  serveMeasured(typeof address === 'object' && address !== null ? address.port : 0, () => ({ published }))
})
