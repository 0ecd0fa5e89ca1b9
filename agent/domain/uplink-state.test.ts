import { describe, expect, test } from 'vitest'
import {
  batch,
  chain,
  declared,
  distrust,
  facts,
  hashOf,
  receipt,
  refused,
  run,
  shortly,
  states,
  streaming,
  welcome,
  withChain,
} from './testing/uplink-cases.ts'
import { nextUplinkState } from './uplink-state.ts'
import {
  initialUplinkState,
  uplinkWindow,
  type StreamingState,
  type UplinkEffect,
  type UplinkEvent,
  type UplinkState,
} from './uplink-types.ts'

const events = {
  opened: { kind: 'opened' },
  closed: { kind: 'closed' },
  'welcome that fits': welcome(4),
  'welcome from ahead': welcome(10),
  'welcome from behind': welcome(3),
  'welcome of a fork': welcome(9, { chainHash: hashOf(1) }),
  'welcome of an earlier generation': welcome(4, { generation: 1, restore: null }),
  'welcome of a declared restore': welcome(2, declared(50)),
  'welcome of a declared restore that lost nothing of ours': welcome(7, declared(50)),
  'welcome of a declared restore older than what is kept': welcome(1, declared(50)),
  'welcome of a declared restore of a fork': welcome(4, { ...declared(50), chainHash: hashOf(1) }),
  'welcome of a restore without declaration': welcome(4, { generation: 3, restore: null }),
  'checkpoint that continues the log': { kind: 'trusted' },
  'checkpoint that does not': { kind: 'distrusted', fault: distrust },
  'batches taken back': { kind: 'taken-back', outcome: 'done' },
  'batches gone': { kind: 'taken-back', outcome: 'gone' },
  'batches of a fork': { kind: 'taken-back', outcome: 'forked' },
  'batches not taken back': { kind: 'not-taken-back', fault: refused },
  receipt: { kind: 'receipt', receipt: receipt(5) },
  'receipt of another batch': { kind: 'receipt', receipt: { ...receipt(5), batchHash: hashOf(1) } },
  'passing refusal': { kind: 'refusal', fault: refused, seq: 5, permanent: false },
  'permanent refusal of the session': { kind: 'refusal', fault: refused, seq: 0, permanent: true },
  'permanent refusal of a batch': { kind: 'refusal', fault: refused, seq: 5, permanent: true },
  grown: { kind: 'grown' },
  loaded: { kind: 'loaded', batches: [batch(8)] },
  sent: { kind: 'sent', room: true },
  room: { kind: 'room' },
  'retry timer': { kind: 'timer', timer: 'retry' },
  'greeting timer': { kind: 'timer', timer: 'greeting' },
  'answer timer': { kind: 'timer', timer: 'answer' },
  'steady timer': { kind: 'timer', timer: 'steady' },
  'probe timer': { kind: 'timer', timer: 'probe' },
  stop: { kind: 'stop' },
} as const satisfies Readonly<Record<string, UplinkEvent>>

const stopEffects = 'disarm retry, disarm greeting, disarm answer, disarm steady, disarm probe, close'
const lost = 'disarm greeting, disarm answer, disarm steady'
const quarantine = `report, disarm greeting, disarm answer, disarm steady, close`

/** Every pair that does something: the phase afterwards and the effects. Every other pair must change nothing. */
const moves: Readonly<
  Partial<Record<UplinkState['phase'], Partial<Record<keyof typeof events, [UplinkState['phase'], string]>>>>
> = {
  disconnected: { 'retry timer': ['connecting', 'open'], stop: ['stopped', stopEffects] },
  connecting: {
    opened: ['greeting', 'hello, arm greeting'],
    closed: ['disconnected', 'disarm greeting, arm retry'],
    stop: ['stopped', stopEffects],
  },
  greeting: {
    closed: ['disconnected', 'disarm greeting, arm retry'],
    'welcome that fits': ['streaming', 'disarm greeting, arm steady, load 5'],
    'welcome from ahead': ['quarantined', `${quarantine}, arm probe`],
    'welcome from behind': ['quarantined', `${quarantine}, arm probe`],
    'welcome of a fork': ['quarantined', `${quarantine}, arm probe`],
    'welcome of an earlier generation': ['quarantined', `${quarantine}, arm probe`],
    'welcome of a declared restore': ['taking-back', 'disarm greeting, close, take back to 2'],
    'welcome of a declared restore that lost nothing of ours': [
      'taking-back',
      'disarm greeting, close, take back to 4',
    ],
    'welcome of a declared restore older than what is kept': ['quarantined', `${quarantine}, arm probe`],
    'welcome of a declared restore of a fork': ['quarantined', `${quarantine}, arm probe`],
    'welcome of a restore without declaration': ['quarantined', `${quarantine}, arm probe`],
    'passing refusal': ['disconnected', 'disarm greeting, report, close, arm retry'],
    'permanent refusal of the session': ['quarantined', `${quarantine}, arm probe`],
    'permanent refusal of a batch': ['quarantined', `${quarantine}, arm probe`],
    'greeting timer': ['disconnected', 'disarm greeting, report, close, arm retry'],
    stop: ['stopped', stopEffects],
  },
  verifying: {
    closed: ['disconnected', 'disarm greeting, arm retry'],
    'checkpoint that continues the log': ['streaming', 'disarm greeting, arm steady, load 5'],
    'checkpoint that does not': ['quarantined', `${quarantine}, arm probe`],
    'passing refusal': ['disconnected', 'disarm greeting, report, close, arm retry'],
    'permanent refusal of the session': ['quarantined', `${quarantine}, arm probe`],
    'permanent refusal of a batch': ['quarantined', `${quarantine}, arm probe`],
    'greeting timer': ['quarantined', `${quarantine}, arm probe`],
    stop: ['stopped', stopEffects],
  },
  'taking-back': {
    'batches taken back': ['connecting', 'open'],
    'batches gone': ['quarantined', `${quarantine}, arm probe`],
    'batches of a fork': ['quarantined', `${quarantine}, arm probe`],
    'batches not taken back': ['disconnected', 'disarm greeting, report, arm retry'],
    stop: ['stopped', stopEffects],
  },
  streaming: {
    'checkpoint that does not': ['quarantined', `${quarantine}, arm probe`],
    closed: ['disconnected', `${lost}, arm retry`],
    receipt: ['streaming', 'settle 5, arm answer, load 8'],
    'receipt of another batch': ['quarantined', quarantine],
    'passing refusal': ['disconnected', 'disarm greeting, report, disarm answer, disarm steady, close, arm retry'],
    'permanent refusal of the session': ['quarantined', `${quarantine}, arm probe`],
    'permanent refusal of a batch': ['quarantined', quarantine],
    grown: ['streaming', 'load 8'],
    sent: ['streaming', 'load 8'],
    room: ['streaming', 'load 8'],
    'answer timer': ['disconnected', 'disarm greeting, report, disarm answer, disarm steady, close, arm retry'],
    'steady timer': ['streaming', ''],
    stop: ['stopped', stopEffects],
  },
  quarantined: { 'probe timer': ['connecting', 'open'], stop: ['stopped', stopEffects] },
}

describe.each(Object.values(states))('in $phase', (state) => {
  test.each(Object.entries(events))('%s', (name, event) => {
    const next = nextUplinkState(state, event, facts)
    const move = moves[state.phase]?.[name as keyof typeof events]
    if (move === undefined) {
      expect(next).toEqual({ state, effects: [] })
      return
    }
    expect([next.state.phase, next.effects.map(shortly).join(', ')]).toEqual(move)
  })
})

describe('attempts', () => {
  test('each lost connection waits longer', () => {
    const failure: UplinkEvent[] = [{ kind: 'timer', timer: 'retry' }, { kind: 'opened' }, { kind: 'closed' }]
    const effects: UplinkEffect[] = []
    let state: UplinkState = initialUplinkState
    for (const event of [...failure, ...failure, ...failure]) {
      const next = nextUplinkState(state, event, facts)
      state = next.state
      effects.push(...next.effects)
    }
    const waits = effects.flatMap((effect) =>
      effect.kind === 'arm' && effect.timer === 'retry' ? [effect.attempt] : [],
    )
    expect(waits).toEqual([0, 1, 2])
  })

  test('a welcome alone does not forget them, a receipt does, and so does a session that holds', () => {
    const greeted = nextUplinkState(states.greeting, events['welcome that fits'], facts).state
    expect(greeted).toMatchObject({ attempt: 3 })
    expect(nextUplinkState(streaming, events.receipt, facts).state).toMatchObject({ attempt: 0 })
    expect(nextUplinkState(streaming, events['steady timer'], facts).state).toMatchObject({ attempt: 0 })
  })

  test('an agent that is refused asks ever more seldom', () => {
    const next = nextUplinkState(states.greeting, events['permanent refusal of the session'], facts)
    expect(next.effects.at(-1)).toEqual({ kind: 'arm', timer: 'probe', attempt: 3 })
    expect(nextUplinkState(next.state, events['probe timer'], facts).state).toEqual({ phase: 'connecting', attempt: 4 })
  })
})

describe('going on where the aggregator stands', () => {
  test('batches without a receipt are sent again although they were received', () => {
    const { did } = run(states.greeting, [welcome(7)])
    expect(did).toEqual(['disarm greeting, arm steady, load 5'])
  })

  test('a fork in the middle of the outbox shows when that batch is read', () => {
    const forked = run(states.greeting, [
      welcome(6, { chainHash: hashOf(1) }),
      { kind: 'loaded', batches: [batch(5), batch(6)] },
    ])
    expect(forked.state).toMatchObject({ phase: 'quarantined', fault: { code: 'chain_forked', details: { seq: 6 } } })
    const same = run(states.greeting, [welcome(6), { kind: 'loaded', batches: [batch(5), batch(6)] }])
    expect(same.state.phase).toBe('streaming')
  })

  test('an empty outbox loads nothing until it grows', () => {
    const empty = withChain({ ...chain, settledSeq: 9, settledHash: hashOf(9) })
    const idle = run(states.greeting, [welcome(9)], empty)
    expect(idle.did).toEqual(['disarm greeting, arm steady'])
    const grown = withChain({ ...empty.chain, sealedSeq: 10, sealedHash: hashOf(10) })
    expect(run(idle.state, [{ kind: 'grown' }], grown).did).toEqual(['load 10'])
  })

  test('a load that finds nothing is not repeated by itself', () => {
    const { state, did } = run({ ...streaming, loading: true }, [{ kind: 'loaded', batches: [] }])
    expect(did).toEqual([''])
    expect(state).toMatchObject({ loading: false, nextSeq: 8 })
  })

  test('what has been settled meanwhile is passed over', () => {
    const later = withChain({ ...chain, settledSeq: 8, settledHash: hashOf(8) })
    expect(run({ ...streaming, ready: [], sending: false }, [{ kind: 'grown' }], later).did).toEqual(['load 9'])
  })
})

describe('sending', () => {
  const ready: StreamingState = { ...streaming, ready: [batch(7), batch(8)], sending: false, inFlight: [], nextSeq: 10 }

  test('one batch is handed over at a time, in sequence', () => {
    const { state, did } = run(ready, [
      { kind: 'grown' },
      { kind: 'grown' },
      { kind: 'sent', room: true },
      { kind: 'sent', room: true },
    ])
    expect(did).toEqual(['send 7', '', 'arm answer, send 8', ''])
    expect(state).toMatchObject({ ready: [], sending: false, inFlight: [{ seq: 7 }, { seq: 8 }] })
  })

  test('a full transport is waited for', () => {
    const { did } = run(ready, [{ kind: 'grown' }, { kind: 'sent', room: false }, { kind: 'grown' }, { kind: 'room' }])
    expect(did).toEqual(['send 7', 'arm answer', '', 'send 8'])
  })

  test('the window is capped in batches', () => {
    const long = withChain({ ...chain, sealedSeq: 100, sealedHash: hashOf(100) })
    const full = Array.from({ length: uplinkWindow.batches }, (_, index) => ({ ...batch(5 + index), receipt: null }))
    const state: StreamingState = { ...streaming, ready: [], sending: false, inFlight: full, nextSeq: 21 }
    expect(run(state, [{ kind: 'grown' }], long).did).toEqual([''])
    const next = nextUplinkState(state, { kind: 'receipt', receipt: receipt(5) }, long)
    expect(next.effects.at(-1)).toEqual({
      kind: 'load',
      fromSeq: 21,
      maxCount: 1,
      maxBytes: uplinkWindow.bytes - 15_000,
    })
  })

  test('the window is capped in bytes', () => {
    const large = { ...batch(5, uplinkWindow.bytes), receipt: null }
    const state: StreamingState = { ...streaming, ready: [], sending: false, inFlight: [large] }
    expect(run(state, [{ kind: 'grown' }]).did).toEqual([''])
  })
})

describe('receipts', () => {
  const underWay: StreamingState = { ...streaming, ready: [], sending: false, nextSeq: 10 }

  test('one that overtook another waits for it', () => {
    const { state, did } = run(underWay, [
      { kind: 'receipt', receipt: receipt(6) },
      { kind: 'receipt', receipt: receipt(5) },
    ])
    expect(did).toEqual(['', 'settle 5, settle 6, disarm answer'])
    expect(state).toMatchObject({ inFlight: [] })
  })

  test('one given again, or for something not under way, says nothing new', () => {
    const { state, did } = run(underWay, [
      { kind: 'receipt', receipt: receipt(4) },
      { kind: 'receipt', receipt: { ...receipt(9), batchHash: hashOf(1) } },
    ])
    expect(did).toEqual(['', ''])
    expect(state).toBe(underWay)
  })

  test('one of another epoch is a contradiction', () => {
    const { state } = run(underWay, [{ kind: 'receipt', receipt: { ...receipt(5), epoch: 2 } }])
    expect(state).toMatchObject({ phase: 'quarantined', fault: { code: 'receipt_mismatch' } })
  })
})
