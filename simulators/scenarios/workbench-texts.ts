import type { StartFailure } from './start-failure.ts'

/** The files of a workbench as its user names them, relative to where the command was started. */
export interface WorkbenchNames {
  readonly aggregator: string
  readonly agent: string
  readonly tenant: string
}

/** Where the agent of a workbench takes usage in: the ports it really bound. */
export interface WorkbenchPorts {
  readonly mqtt: number | null
  readonly http: number | null
}

/** A mapping rule as far as publishing goes. */
export interface PublishableRule {
  readonly name: string
  readonly topics?: readonly string[]
}

const device = 'device-1'
const sampleEvent = '{"id":"a-1","meter":"messages","quantity":1}'
const jsonBody = "-H 'content-type: application/json'"

/** Commands to paste that publish to the workbench, for plain usage and for each rule; over both doors it is one usage. */
export function publishLines({ mqtt, http }: WorkbenchPorts, rules: readonly PublishableRule[]): readonly string[] {
  const lines: string[] = []
  const over = (topic: string, mqttBody: string, httpBody: string, query: string): void => {
    if (mqtt !== null) lines.push(`mosquitto_pub -q 1 -p ${mqtt} -t ${shellWord(topic)} ${mqttBody}`)
    if (http !== null) lines.push(`curl -i ${jsonBody} ${httpBody} 'http://127.0.0.1:${http}/v1/events?${query}'`)
  }
  over(`meter/v1/${device}/usage`, `-m '${sampleEvent}'`, `-d '${sampleEvent}'`, `source=${device}`)
  for (const { name, topics = [] } of rules) {
    const [filter] = topics
    // A rule without topics reads what comes over HTTP and bridges only.
    if (filter === undefined) {
      if (http !== null) lines.push(ruleRequest(http, `rule=${name}`))
      continue
    }
    // Wildcards are no topic: a name that the tenant file knows stands for them.
    const topic = filter
      .split('/')
      .map((level) => (level === '+' || level === '#' ? device : level))
      .join('/')
    const query = `rule=${name}&topic=${topic.split('/').map(encodeURIComponent).join('/')}`
    over(topic, '-f sample.json', '--data-binary @sample.json', query)
  }
  return lines
}

function ruleRequest(http: number, query: string): string {
  return `curl -i ${jsonBody} --data-binary @sample.json 'http://127.0.0.1:${http}/v1/events?${query}'`
}

function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** What can be done with a workbench that runs. */
export function nextSteps(names: WorkbenchNames, ports: WorkbenchPorts, rules: readonly PublishableRule[]): string {
  const { aggregator, agent, tenant } = names
  return [
    '  gw-1 takes usage from this machine, without passwords, at',
    ...(ports.mqtt === null ? [] : [`    mqtt  127.0.0.1:${ports.mqtt}`]),
    ...(ports.http === null ? [] : [`    http  127.0.0.1:${ports.http}`]),
    '  publish (over MQTT and HTTP both: it is charged once)',
    ...publishLines(ports, rules).map((line) => `    ${line}`),
    '  edit, then Ctrl-C and start again',
    `    ${agent}      the agent; add your rule under "mappings:"`,
    `    ${tenant}    meters, prices, customers`,
    '  look',
    `    npm run agent -- status --config ${agent}`,
    `    npm run agent -- suspense list --config ${agent}`,
    `    npm run aggregator -- suspense list --config ${aggregator}`,
    '  bill',
    `    npm run aggregator -- close-period <YYYY-MM> --force --config ${aggregator}`,
    `    npm run aggregator -- invoice list --config ${aggregator}`,
    `    npm run aggregator -- invoice page mine-000001 --config ${aggregator}`,
  ].join('\n')
}

/** Why a workbench did not start, and what to do about it. */
export function startFailureText(failure: StartFailure, folder: string, names: WorkbenchNames): string {
  const advice = adviceFor(failure.code, folder, names)
  return advice === null ? failure.message : `${failure.message}\n${advice}`
}

function adviceFor(code: string | null, folder: string, { aggregator, agent }: WorkbenchNames): string | null {
  switch (code) {
    case 'data_in_use':
    case 'journal_in_use':
      return `Another workbench runs in ${folder}: use that one, stop it with Ctrl-C, or name another folder with --folder.`
    case 'listen_failed':
      return `Change edge.port in ${aggregator} and, to the same port, uplink.address in ${agent}; then start again.`
    case 'mqtt_listen_failed':
      return `Change the port under mqtt: listeners: in ${agent}, and start again.`
    case 'http_listen_failed':
      return `Change the port under http: listeners: in ${agent}, and start again.`
    default:
      return null
  }
}

/** Says of a port that is taken which one is used in its place; null when it is the usual one. */
export function portText(door: string, usual: number, port: number, file: string): string | null {
  if (port === usual) return null
  return `  port ${usual} is taken by another program: ${door} is on ${port} (to change in ${file})`
}
