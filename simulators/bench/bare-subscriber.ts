import { parseArgs } from 'node:util'
import { connectAsync } from 'mqtt'
import { serveMeasured } from './served-process.ts'

/** The limit the bridge is measured against: an mqtt.js subscriber as it is, acknowledging at once, storing nothing. */
const { values } = parseArgs({ options: { port: { type: 'string' }, topic: { type: 'string' } } })
let received = 0
const client = await connectAsync(`mqtt://127.0.0.1:${values.port ?? '1883'}`, {
  clientId: 'bare-subscriber',
  protocolVersion: 5,
  properties: { receiveMaximum: 1000 },
})
client.on('message', () => void received++)
await client.subscribeAsync(values.topic ?? '#', { qos: 1 })
serveMeasured(0, () => ({ received }))
