import type { RuleProfile } from '../rule-definition.ts'
import { chirpstackV4 } from './chirpstack-v4.ts'
import { focus10 } from './focus-1.0.ts'
import { heliumConsole, heliumV1 } from './helium-v1.ts'
import { sparkplugB } from './sparkplug-b.ts'
import { telemetryArray } from './telemetry-array.ts'
import { theThingsStackV3 } from './the-things-stack-v3.ts'

/** The shipped rules by name, in the order they are listed. */
export const profiles: ReadonlyMap<string, RuleProfile> = new Map([
  ['chirpstack-v4', chirpstackV4],
  ['the-things-stack-v3', theThingsStackV3],
  ['helium-v1', heliumV1],
  ['helium-console', heliumConsole],
  ['sparkplug-b', sparkplugB],
  ['telemetry-array', telemetryArray],
  ['focus-1.0', focus10],
])
