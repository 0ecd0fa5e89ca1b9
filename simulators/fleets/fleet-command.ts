import { readFileSync } from 'node:fs'
import { stringify } from 'yaml'
import { formatMistakes } from '@meterline/shared/config/mistakes.ts'
import { fleetLimits, type FleetFile } from './fleet-file.ts'
import { fleetMappings } from './fleet-mappings.ts'
import { fleetTenantFile } from './fleet-tenant.ts'
import { planFleet } from './fleet-timeline.ts'
import { speedOf } from './pace.ts'
import { publishFleet, type FleetSummary } from './publish-fleet.ts'
import { readFleetFile } from './read-fleet-file.ts'
import { stopRequests } from './stop-requests.ts'

/** Flags of `meterline-sim fleet --file`. */
export interface FleetFileFlags {
  readonly file: string
  readonly url?: readonly string[]
  readonly seed?: string
  readonly secrets?: string
  readonly speed: string
  readonly window: number
  readonly tenantFile?: boolean
  readonly mappings?: boolean
  readonly json?: boolean
}

/** `meterline-sim fleet --file`: publishes a fleet and says what should be on the invoices. Throws what the user has to be told. */
export async function runFleetFileCommand(flags: FleetFileFlags): Promise<void> {
  const read = readFleetFile(flags.file, readFileSync(flags.file, 'utf8'))
  if (!read.ok) {
    throw new Error(`the fleet cannot be read, and nothing was published\n${formatMistakes(read.mistakes)}`)
  }
  const file: FleetFile = flags.seed === undefined ? read.value : { ...read.value, seed: flags.seed }
  const plan = planFleet(file, Date.now())
  if (flags.tenantFile === true) {
    process.stdout.write(fleetTenantFile(plan))
    return
  }
  if (flags.mappings === true) {
    process.stdout.write(stringify({ mappings: fleetMappings(plan) }))
    return
  }
  const urls = flags.url ?? []
  if (urls.length === 0) throw new Error('name at least one gateway with --url')
  const roaming = file.groups.some((group) => group.roaming.share > 0 || group.roaming.repeat > 0)
  const connections = plan.devices.length * (roaming ? urls.length : 1)
  if (connections > fleetLimits.connections) {
    throw new Error(
      `${plan.devices.length} devices that roam between ${urls.length} gateways need up to ${connections} connections, but one process opens ${fleetLimits.connections} at most: name fewer gateways, or split the fleet`,
    )
  }
  const passwords =
    flags.secrets === undefined ? {} : (JSON.parse(readFileSync(flags.secrets, 'utf8')) as Record<string, string>)
  const summary = await publishFleet({
    plan,
    urls,
    passwords,
    speed: speedOf(flags.speed),
    window: flags.window,
    quiet: flags.json ?? false,
    signal: stopRequests(),
  })
  console.log(flags.json === true ? JSON.stringify(summary) : printable(summary))
}

/** The summary as a table for people. */
function printable(summary: FleetSummary): string {
  const { fates } = summary
  const count = (value: number): string => value.toLocaleString('en').padStart(14)
  const lines = [
    `published and acknowledged ${summary.published.toLocaleString('en')} messages of ${summary.devices.toLocaleString('en')} devices over ${summary.connections.toLocaleString('en')} connections in ${summary.seconds.toFixed(1)} s${summary.stoppedEarly ? ' (stopped early)' : ''}`,
    'of these there ought to be',
    `  billed                     ${count(fates.billed)}`,
    `  repeated, not billed again ${count(fates.repeat)}`,
    `  in suspense: malformed     ${count(fates.malformed)}`,
    `  in suspense: wrong unit    ${count(fates['wrong-unit'])}`,
    `  births, nothing to bill    ${count(fates.birth)}`,
    'and without a message',
    `  measured and lost          ${count(fates.dropped)}`,
    `  devices gone silent        ${count(summary.silentDevices)}`,
    `  counters reset             ${count(summary.resets)}`,
    'the invoices should show',
  ]
  const width = Math.max(
    ...summary.accounts.flatMap(({ quantities }) => Object.keys(quantities).map((name) => name.length)),
  )
  for (const { account, quantities } of summary.accounts) {
    lines.push(`  ${account}`)
    for (const [meter, quantity] of Object.entries(quantities)) {
      lines.push(`    ${meter.padEnd(width)} ${BigInt(quantity).toLocaleString('en').padStart(18)}`)
    }
  }
  return lines.join('\n')
}
