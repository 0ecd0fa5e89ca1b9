import { httpSchema } from '@meterline/agent/config/http.ts'
import { normalise } from '@meterline/agent/domain/normalise.ts'
import { openHttpDoor } from '@meterline/agent/intake/http-door.ts'
import { systemClock } from '@meterline/shared/base/clock.ts'
import { assertThat } from '@meterline/shared/base/errors.ts'
import { silentLog } from '@meterline/shared/base/log.ts'
import { InstantIntake } from './instant-intake.ts'
import { serveMeasured } from './served-process.ts'

/**
 * The HTTP door alone: requests are judged, their bodies read into usage events, as the writer does it behind the door,
 * and answered; nothing is stored. This is what a bare server that parses the same bodies is the limit of.
 */
const clock = systemClock()
let events = 0
const intake = new InstantIntake((origin, kind, payload) => {
  assertThat(kind !== 'mapped', 'the load names no rule')
  events += normalise(kind, origin, payload, clock.wallMs()).events.length
})
const config = httpSchema.parse({ listeners: [{ host: '127.0.0.1', port: 0 }], anonymous: 'loopback' })
assertThat(config !== undefined, 'a door is configured')
const door = await openHttpDoor({ config, rules: [], devices: [], intake, clock, log: silentLog() })
serveMeasured(door.addresses[0]?.port ?? 0, () => ({ published: intake.published, events }))
