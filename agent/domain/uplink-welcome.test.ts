import { describe, expect, test } from 'vitest'
import { failed, fault, ok } from '@meterline/shared/base/errors.ts'
import { initialLogTrust } from './checkpoint-trust.ts'
import {
  declared,
  distrust,
  facts,
  hashOf,
  order,
  refused,
  restore,
  run,
  states,
  trust,
  welcome,
} from './testing/uplink-cases.ts'
import { nextUplinkState } from './uplink-state.ts'
import type { UplinkEvent, UplinkFacts, UplinkState, WelcomeEvent } from './uplink-types.ts'

describe('an aggregator restored from a backup', () => {
  const codeAfter = (event: WelcomeEvent, about: UplinkFacts = facts): unknown => {
    const { state } = nextUplinkState(states.greeting, event, about)
    return state.phase === 'quarantined' ? state.fault.code : state.phase
  }

  test.each<[string, WelcomeEvent, Partial<UplinkFacts>, string]>([
    ['lost nothing of ours', welcome(4, declared(50)), {}, 'taking-back'],
    ['lost the last batch, which is kept', welcome(3, declared(50)), {}, 'taking-back'],
    ['lost the oldest batch that is kept', welcome(2, declared(50)), {}, 'taking-back'],
    ['lost one more', welcome(1, declared(50)), {}, 'aggregator_behind'],
    [
      'lost a batch and nothing settled is kept',
      welcome(3, declared(50)),
      { resendableFromSeq: 5 },
      'aggregator_behind',
    ],
    [
      'lost a batch and nothing at all is kept',
      welcome(3, declared(50)),
      { resendableFromSeq: 0 },
      'aggregator_behind',
    ],
    ['lost a batch and declares nothing', welcome(3), {}, 'aggregator_behind'],
    ['shows no declaration', welcome(3, { generation: 3, restore: null }), {}, 'restore_undeclared'],
    [
      'shows one that somebody else signed',
      welcome(3, { generation: 3, restore: failed(fault('restore_signature_invalid', 'not its key')) }),
      {},
      'restore_undeclared',
    ],
    [
      'shows that of another tenant',
      welcome(3, { generation: 3, restore: ok({ ...restore(50), tenant: 'other' }) }),
      {},
      'restore_undeclared',
    ],
    [
      'shows that of another generation',
      welcome(3, { generation: 4, restore: ok(restore(50)) }),
      {},
      'restore_undeclared',
    ],
    ['kept the verified log', welcome(3, declared(100)), {}, 'taking-back'],
    [
      'kept another log of the size that was verified',
      welcome(3, { generation: 3, restore: ok({ ...restore(100), root: hashOf(1) }) }),
      {},
      'checkpoint_forked',
    ],
    ['is in an earlier generation', welcome(4, { generation: 1, restore: null }), {}, 'log_rolled_back'],
    ['is ahead of us after a declared restore', welcome(10, declared(50)), {}, 'aggregator_ahead'],
    [
      'is the first one this agent hears of',
      welcome(0, { ...declared(50), chainHash: new Uint8Array(32) }),
      {
        trust: initialLogTrust,
        chain: { sealedSeq: 2, sealedHash: hashOf(2), settledSeq: 0, settledHash: new Uint8Array(32) },
        resendableFromSeq: 1,
      },
      'taking-back',
    ],
    [
      'declares one while it is doubted',
      welcome(3, declared(50)),
      { trust: { ...trust, doubted: true } },
      'taking-back',
    ],
    ['is doubted and fits', welcome(4), { trust: { ...trust, doubted: true } }, 'verifying'],
  ])('%s', (_name, event, about, expected) => {
    expect(codeAfter(event, { ...facts, ...about })).toBe(expected)
  })

  test('is gone back to where it stands, with what it declares to have kept', () => {
    const { effects } = nextUplinkState(states.greeting, welcome(2, declared(50)), facts)
    expect(effects.at(-1)).toEqual({ kind: 'take-back', order })
    const ahead = nextUplinkState(states.greeting, welcome(7, declared(50)), facts)
    expect(ahead.effects.at(-1)).toMatchObject({ order: { toSeq: 4, toHash: hashOf(4) } })
  })

  test('names the batches that nobody has any more', () => {
    const told = (event: UplinkEvent, from: UplinkState, about = facts): unknown => {
      const { state } = nextUplinkState(from, event, about)
      return state.phase === 'quarantined' ? [state.fault.message, state.fault.details] : state.phase
    }
    const all = { receivedSeq: 1, settledSeq: 4, goneFromSeq: 2, goneToSeq: 2 }
    expect(told(welcome(1, declared(50)), states.greeting)).toEqual([
      expect.stringContaining('Batch 2 is no longer'),
      all,
    ])
    const nothingKept = { ...facts, resendableFromSeq: 5 }
    expect(told(welcome(1, declared(50)), states.greeting, nothingKept)).toEqual([
      expect.stringContaining('Batches 2 to 4 are no longer kept here'),
      { ...all, goneToSeq: 4 },
    ])
    expect(told({ kind: 'taken-back', outcome: 'gone' }, states['taking-back'], nothingKept)).toMatchObject([
      {},
      { goneFromSeq: 3 },
    ])
  })

  test('is asked again by a new session at once when the batches are taken back, and once there is room otherwise', () => {
    const { state } = nextUplinkState(states['taking-back'], { kind: 'taken-back', outcome: 'done' }, facts)
    expect(state).toEqual({ phase: 'connecting', attempt: 3 })
    const { effects } = nextUplinkState(states['taking-back'], { kind: 'not-taken-back', fault: refused }, facts)
    expect(effects.at(-1)).toEqual({ kind: 'arm', timer: 'retry', attempt: 3 })
  })
})

describe('a doubted aggregator', () => {
  const doubted = { ...facts, trust: { ...trust, doubted: true } }

  test('gets no batch before it has shown a checkpoint that continues the verified log', () => {
    const greeted = run(states.greeting, [welcome(4), { kind: 'grown' }, { kind: 'room' }], doubted)
    expect(greeted).toMatchObject({ state: { phase: 'verifying' }, did: ['', '', ''] })
    expect(run(greeted.state, [{ kind: 'trusted' }]).did).toEqual(['disarm greeting, arm steady, load 5'])
  })

  test('is asked ever more seldom', () => {
    const { state, effects } = nextUplinkState(states.verifying, { kind: 'distrusted', fault: distrust }, doubted)
    expect(state).toEqual({ phase: 'quarantined', attempt: 4, fault: distrust })
    expect(effects.at(-1)).toEqual({ kind: 'arm', timer: 'probe', attempt: 3 })
    const silent = nextUplinkState(states.verifying, { kind: 'timer', timer: 'greeting' }, doubted)
    expect(silent.state).toMatchObject({ phase: 'quarantined', fault: { code: 'checkpoint_unproven' } })
  })
})
