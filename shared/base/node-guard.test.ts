import { expect, test } from 'vitest'
import { wrongNodeMessage } from './node-guard.mjs'

test.each(['22.18.0', '22.19.1', '23.0.0', '24.21.0', '100.0.0', '24.0.0-nightly20250101'])(
  'Node %s is new enough',
  (version) => {
    expect(wrongNodeMessage('meterline-agent', 'agent', version, '/usr/bin/node')).toBeUndefined()
  },
)

test.each(['22.17.9', '20.20.2', '18.0.0', '12.22.12', '0.10.48', ''])('Node %s is not', (version) => {
  const message = wrongNodeMessage('meterline-agent', 'agent', version, '/usr/bin/node')
  expect(message).toContain(`needs Node 22.18 or newer, but was started with Node ${version} (/usr/bin/node)`)
  expect(message).toContain('npm run agent --')
})
