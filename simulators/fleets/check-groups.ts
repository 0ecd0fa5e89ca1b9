import type { ValuePath } from '@meterline/shared/config/mistakes.ts'
import { dialects, type Dialect } from './dialects/dialect.ts'
import { largestOf } from './distribution.ts'
import { fleetLimits, type FleetGroup } from './fleet-file.ts'

/** A group and its position in the file's list. */
export interface PlacedGroup {
  readonly group: FleetGroup
  readonly index: number
}

/** Something that does not fit, and where it stands. */
export interface GroupMistake {
  readonly path: ValuePath
  readonly part: 'key' | 'value'
  readonly message: string
}

const DEVICE_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/
const ACCOUNT_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
const SHOWN_ID_MISTAKES = 1

/** What no schema sees: names that clash, meters a dialect has no words for, more devices than fit. */
export function checkGroups(groups: readonly PlacedGroup[]): readonly GroupMistake[] {
  const devices = groups.reduce((sum, { group }) => sum + group.count, 0)
  const mistakes: GroupMistake[] = groups.flatMap(checkGroup)
  if (devices > fleetLimits.devices) {
    mistakes.push(at(['groups'], `have ${devices} devices, but one fleet has ${fleetLimits.devices} at most`))
    return mistakes
  }
  const perMinute = groups.reduce((sum, { group }) => sum + mostPerMinute(group), 0)
  if (perMinute > fleetLimits.messagesAMinute) {
    mistakes.push(
      at(
        ['groups'],
        `make ${Math.round(perMinute)} messages a minute, but ${fleetLimits.messagesAMinute} are the most`,
      ),
    )
  }
  return [...mistakes, ...checkNames(groups)]
}

function checkGroup({ group, index }: PlacedGroup): readonly GroupMistake[] {
  const dialect: Dialect = dialects[group.dialect]
  const mistakes: GroupMistake[] = []
  const wrong = (path: ValuePath, message: string, part: 'key' | 'value' = 'value'): void => {
    mistakes.push({ path: ['groups', index, ...path], part, message })
  }
  const names = Object.keys(group.meters)
  if (names.length === 0) wrong(['meters'], 'is empty: a message has to measure something')
  for (const name of names) mistakes.push(...checkMeter(group, dialect, name, ['groups', index, 'meters', name]))
  if (group.hours !== undefined && group.night !== undefined)
    wrong(['night'], 'is given beside hours: only one may be', 'key')
  mistakes.push(...checkTopic(group, dialect, ['groups', index, 'topic']))
  if (!dialect.general) {
    const unsaid = [
      ...(group.subject === undefined || dialect.kind === 'ai' ? [] : ['subject']),
      ...(Object.keys(group.dimensions).length === 0 ? [] : ['dimensions']),
      ...(group.sequence ? ['sequence'] : []),
      ...(group.resetId ? ['resetId'] : []),
    ]
    for (const key of unsaid) wrong([key], `has no words in ${group.dialect}`, 'key')
  }
  if (group.failures.wrongUnit > 0 && dialect.wrongUnit === null) {
    wrong(['failures', 'wrongUnit'], `cannot happen in ${group.dialect}, which states no units`, 'key')
  }
  const counts = Object.values(group.meters).some((meter) => meter.kind === 'counter')
  if (group.failures.reset > 0 && !counts) wrong(['failures', 'reset'], 'needs a meter of kind counter', 'key')
  if (group.resetId && dialect.general && !counts) wrong(['resetId'], 'needs a meter of kind counter', 'key')
  return mistakes
}

function checkMeter(group: FleetGroup, dialect: Dialect, name: string, path: ValuePath): readonly GroupMistake[] {
  const meter = group.meters[name]
  if (dialect.meters !== null && !dialect.meters.includes(name)) {
    return [{ path, part: 'key', message: `has no words in ${group.dialect}, which has ${dialect.meters.join(', ')}` }]
  }
  if (meter === undefined) return []
  const mistakes: GroupMistake[] = []
  if (!dialect.readings && meter.kind !== 'sum') {
    mistakes.push(at(path, `is a ${meter.kind}, but ${group.dialect} reports amounts and no readings`))
  }
  if (meter.kind === 'gauge' && (group.roaming.share > 0 || group.roaming.repeat > 0)) {
    const message = 'is a gauge of devices that roam: what it comes to depends on the order in which gateways report'
    mistakes.push(at(path, message))
  }
  const largest = largestOf(meter.distribution)
  if (dialect.largestQuantity !== null && largest > dialect.largestQuantity) {
    mistakes.push(
      at(path, `goes up to ${largest}, but a message in ${group.dialect} holds ${dialect.largestQuantity} at most`),
    )
  }
  return mistakes
}

function checkTopic({ topic, dialect: name }: FleetGroup, dialect: Dialect, path: ValuePath): readonly GroupMistake[] {
  if (topic === undefined) return []
  if (dialect.rule === null) {
    return [{ path, part: 'key', message: `is only for dialects that a mapping rule reads, and ${name} is none` }]
  }
  const levels = topic.split('/')
  if (/[+#\0]/.test(topic)) return [at(path, 'is no topic: + and # stand in filters only')]
  if (!levels.includes('{device}') || levels.some((level) => level !== '{device}' && /[{}]/.test(level))) {
    return [at(path, 'needs the level {device}, and no other placeholder')]
  }
  if (dialect.rule.birth !== null && levels[2] !== 'DDATA') {
    return [at(path, 'is no topic of Sparkplug data: write spBv1.0/<group>/DDATA/<edge node>/{device}')]
  }
  return []
}

/** Device ids of the whole fleet have to be valid and different; the first that is not is named. */
function checkNames(groups: readonly PlacedGroup[]): readonly GroupMistake[] {
  const mistakes: GroupMistake[] = []
  const owners = new Map<string, string>()
  for (const { group, index } of groups) {
    let shown = 0
    const wrong = (key: string, message: string): void => {
      shown += 1
      if (shown <= SHOWN_ID_MISTAKES) mistakes.push(at(['groups', index, key], message))
    }
    for (let n = 1; n <= group.count; n += 1) {
      const device = group.device(n)
      const owner = owners.get(device)
      if (!DEVICE_ID.test(device)) {
        wrong(
          'device',
          `gives '${device}', which is no device id: 1 to 64 letters, digits or . _ : -, a letter or digit first`,
        )
      } else if (owner !== undefined) {
        wrong('device', `gives '${device}' to a device of ${owner} and to another: put {n} into it`)
      }
      owners.set(device, group.name)
      const subject = group.subject?.(n) ?? device
      if (subject === '' || Buffer.byteLength(subject) > 128)
        wrong('subject', `gives '${subject}', which is empty or over 128 bytes`)
      const account = group.account?.(n)
      if (account !== undefined && !ACCOUNT_ID.test(account)) {
        wrong(
          'account',
          `gives '${account}', which is no account id: 1 to 64 letters, digits or . _ -, a letter or digit first`,
        )
      }
    }
  }
  return mistakes
}

function mostPerMinute(group: FleetGroup): number {
  const factors = group.hours ?? [1, group.night?.factor ?? 1]
  const bursts = group.bursts === undefined ? 0 : (group.bursts.perDay * group.bursts.messages) / 1440
  return group.count * ((group.messagesPerHour / 60) * Math.max(...factors) + bursts)
}

function at(path: ValuePath, message: string): GroupMistake {
  return { path, part: 'value', message }
}
