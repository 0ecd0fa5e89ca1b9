import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { startStack } from './scenarios/stack.ts'
const conns = Number(process.argv[2] ?? 10),
  window = process.argv[3] ?? '200',
  events = process.argv[4] ?? '600000',
  rate = process.argv[5]
const folder = '/work/probe'
rmSync(folder, { recursive: true, force: true })
const subjects = Array.from({ length: conns }, (_, i) => `load-${i}`)
const stack = await startStack({ folder, tenant: 'bench', agents: ['gw-1'] })
const T = `
tenant: bench
currency: EUR
operator: { id: bench, name: B }
meters: [{ id: data.bytes, unit: byte }]
prices:
  - { id: data, meter: data.bytes, model: graduated, per: 1000, tiers: [{ upTo: 100000, amount: "0.013" }, { amount: "0.0071" }] }
  - { id: data-wholesale, meter: data.bytes, model: per-unit, amount: "0.003", per: 1000 }
  - { id: data-cost, meter: data.bytes, model: per-unit, amount: "0.001", per: 1000 }
offerings:
  - { id: data, name: Data, prices: [data] }
  - { id: wholesale, name: Wholesale, prices: [data-wholesale] }
  - { id: cost, name: Cost, prices: [data-cost] }
accounts:
  - { id: shop, kind: reseller, parent: bench, name: Shop, payer: self }
  - { id: customer, kind: customer, parent: shop, name: Customer, payer: self }
partners: [{ id: roam, name: Roam }]
subscriptions:
  - { id: customer-data, account: customer, offering: data, from: 2025-01-01, subjects: [${subjects.join(', ')}] }
  - { id: shop-wholesale, account: shop, offering: wholesale, from: 2025-01-01 }
  - { id: op-cost, account: bench, seller: roam, offering: cost, from: 2025-01-01 }
`
writeFileSync(folder + '/t.yaml', stack.withAgents(T))
await stack.apply(folder + '/t.yaml')
const agentPid = JSON.parse(readFileSync(folder + '/gw-1.ready.json', 'utf8')).pid
const aggPid = JSON.parse(readFileSync(folder + '/aggregator.ready.json', 'utf8')).pid
const cpu = (pid: number) => {
  const f = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')
  return (Number(f[13]) + Number(f[14])) * 10
}
const rss = (pid: number) => /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]
console.log('pids', agentPid, aggPid, 'idle rss', rss(agentPid), rss(aggPid))
const port = new URL(stack.mqttUrl(0)).port
const a0 = cpu(agentPid),
  g0 = cpu(aggPid),
  t0 = performance.now()
const child = spawn(
  process.execPath,
  [
    'simulators/bench/mqtt-load.ts',
    '--port',
    port,
    '--connections',
    String(conns),
    '--window',
    window,
    '--events',
    events,
    '--warm-up',
    '50000',
    ...(rate ? ['--rate', rate] : []),
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
)
let out = ''
child.stdout.on('data', (d) => {
  out += d
})
await new Promise((r) => child.once('close', r))
const report = JSON.parse(out)
const t1 = performance.now()
console.log(report)
console.log('rss after load', rss(agentPid), rss(aggPid))
await stack.drained()
const t2 = performance.now()
const n = Number(events) + 50000
console.log('drained', (t2 - t1).toFixed(0), 'ms after; e2e ev/s', Math.round(n / ((t2 - t0) / 1000)))
console.log('agent cpu us/ev', ((cpu(agentPid) - a0) * 1000) / n, 'aggregator', ((cpu(aggPid) - g0) * 1000) / n)
console.log(await stack.command('status', { tenant: 'bench' }))
await stack.stop()
