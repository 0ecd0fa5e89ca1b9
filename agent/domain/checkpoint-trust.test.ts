import { describe, expect, test } from 'vitest'
import { generateSigningKey } from '@meterline/shared/integrity/signature.ts'
import { openRestore, type RestoreDeclaration } from '@meterline/shared/model/restore-declaration.ts'
import type { CheckpointMessage } from '@meterline/shared/wire/messages.ts'
import {
  initialLogTrust,
  isContradiction,
  judgeCheckpoint,
  trustAfterRestore,
  type LogTrust,
} from './checkpoint-trust.ts'
import { ScriptedLog } from './testing/scripted-log.ts'

const key = generateSigningKey()
const log = (size: number, branch = 'main'): ScriptedLog => new ScriptedLog(key.privatePem).growTo(size, branch)
const trusting = (held: ScriptedLog): LogTrust => ({
  generation: held.generation,
  head: { size: held.size, root: held.root, note: 'the note before' },
  doubted: false,
})
const judge = (message: CheckpointMessage, trust: LogTrust): ReturnType<typeof judgeCheckpoint> =>
  judgeCheckpoint(message, { aggregatorKey: key.publicKeyBase64, tenant: 'acme', trust })
const codeOf = (message: CheckpointMessage, trust: LogTrust): string => {
  const judged = judge(message, trust)
  return judged.ok ? 'verified' : judged.fault.code
}
const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte, index) => (index === 0 ? byte ^ 1 : byte))

describe('a checkpoint', () => {
  const first = log(7).checkpoint(0)
  const grown = log(20).checkpoint(7)
  const held = trusting(log(7))
  const stranger = new ScriptedLog(generateSigningKey().privatePem).growTo(20)
  const other = new ScriptedLog(key.privatePem, 'other').growTo(20)
  const later = log(20)
  later.generation = 2

  test.each<[string, CheckpointMessage, LogTrust, string]>([
    ['is the first one', first, initialLogTrust, 'verified'],
    ['continues the one before', grown, held, 'verified'],
    ['is the one before', log(7).checkpoint(7), held, 'verified'],
    ['is the one before, told to somebody new', first, held, 'verified'],
    ['continues an empty log', log(20).checkpoint(0), trusting(log(0)), 'verified'],
    ['continues what a declared restore kept', later.checkpoint(7), { ...held, generation: 2 }, 'verified'],
    ['has a smaller size', log(6).checkpoint(0), held, 'log_rolled_back'],
    ['has the same size and another root', log(7, 'other').checkpoint(7), held, 'checkpoint_forked'],
    ['continues another log', log(20, 'other').checkpoint(7), held, 'checkpoint_forked'],
    [
      'has a proof with a changed hash',
      { ...grown, consistency: grown.consistency.map(flip) },
      held,
      'checkpoint_forked',
    ],
    ['has a proof that lacks a hash', { ...grown, consistency: grown.consistency.slice(1) }, held, 'checkpoint_forked'],
    ['has no proof', { ...grown, fromSize: 0, consistency: [] }, held, 'checkpoint_unproven'],
    ['has a proof from elsewhere', log(20).checkpoint(5), held, 'checkpoint_unproven'],
    ['is signed by somebody else', stranger.checkpoint(7), held, 'checkpoint_invalid'],
    ['is of another tenant', other.checkpoint(7), held, 'checkpoint_invalid'],
    ['is no note', { ...grown, note: 'meterline/acme\n20\n' }, held, 'checkpoint_invalid'],
    ['is of another generation', later.checkpoint(7), held, 'checkpoint_invalid'],
    [
      'is signed for another generation than it says',
      { ...grown, generation: 2 },
      { ...held, generation: 2 },
      'checkpoint_invalid',
    ],
  ])('that %s', (_name, message, trust, expected) => {
    expect(codeOf(message, trust)).toBe(expected)
  })

  test('is kept with its note', () => {
    expect(judge(grown, held)).toMatchObject({ ok: true, value: { size: 20, root: log(20).root, note: grown.note } })
  })

  test('is evidence only when the aggregator signed two heads that contradict each other', () => {
    const codes = ['checkpoint_invalid', 'checkpoint_unproven', 'checkpoint_forked', 'log_rolled_back'] as const
    expect(codes.filter(isContradiction)).toEqual(['checkpoint_forked', 'log_rolled_back'])
  })
})

describe('what is held on to after a declared restore', () => {
  const declaration = (from: ScriptedLog, size: number): RestoreDeclaration => {
    const opened = openRestore(from.restoreTo(size), key.publicKeyBase64)
    if (!opened.ok) throw new Error(opened.fault.message)
    return opened.value
  }
  const twice = log(20)
  twice.restoreTo(18)

  test.each<[string, LogTrust, RestoreDeclaration, unknown]>([
    ['what was verified, when all of it was kept', trusting(log(7)), declaration(log(20), 9), { head: { size: 7 } }],
    [
      'what was verified, when exactly it was kept',
      trusting(log(9)),
      declaration(log(20), 9),
      { head: { size: 9, note: 'the note before' } },
    ],
    ['what was kept, when that is less', trusting(log(12)), declaration(log(20), 9), { head: { size: 9, note: null } }],
    [
      'what was kept, when nothing was verified',
      initialLogTrust,
      declaration(log(20), 9),
      { head: { size: 9, note: null } },
    ],
    [
      'what was kept, when generations lie between',
      trusting(log(7)),
      declaration(twice, 17),
      { generation: 3, head: { size: 17 } },
    ],
    ['no doubt', { ...trusting(log(7)), doubted: true }, declaration(log(20), 9), { doubted: false, generation: 2 }],
  ])('is %s', (_name, trust, restore, expected) => {
    expect(trustAfterRestore(trust, restore)).toMatchObject({ ok: true, value: expected })
  })

  test('is nothing when it kept another log of the size that was verified', () => {
    const forked = trustAfterRestore(trusting(log(9)), declaration(log(20, 'other'), 9))
    expect(forked.ok ? 'accepted' : forked.fault.code).toBe('checkpoint_forked')
  })

  test('must be continued by the first checkpoint of the new generation', () => {
    const restored = log(20)
    const next = trustAfterRestore(trusting(log(12)), declaration(restored, 9))
    if (!next.ok) throw new Error(next.fault.message)
    expect(codeOf(restored.growTo(15).checkpoint(9), next.value)).toBe('verified')
    expect(codeOf(restored.cutTo(8).growTo(15, 'other').checkpoint(9), next.value)).toBe('checkpoint_forked')
  })
})
