import { parseArgs } from 'node:util'
import { openMqttDoor } from '@meterline/agent/intake/mqtt-broker.ts'
import { systemClock } from '@meterline/shared/base/clock.ts'
import { silentLog } from '@meterline/shared/base/log.ts'
import { systemRandom } from '@meterline/shared/base/random.ts'
import { InstantIntake } from './instant-intake.ts'
import { serveMeasured } from './served-process.ts'

/** The MQTT door alone, with nothing behind it: what the door itself can do. */
const { values } = parseArgs({ options: { 'fast-path': { type: 'string', default: 'on' } } })
const intake = new InstantIntake()
const door = await openMqttDoor({
  listeners: [{ host: '127.0.0.1', port: 0 }],
  anonymous: 'loopback',
  devices: [],
  intake,
  clock: systemClock(),
  random: systemRandom(),
  log: silentLog(),
  fastPath: values['fast-path'] === 'on',
})
serveMeasured(door.addresses[0]?.port ?? 0, () => ({ published: intake.published }))
