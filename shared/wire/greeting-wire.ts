import type { SignedRestore } from '../model/restore-declaration.ts'
import type { HeldCheckpoint, Hello, Welcome } from './messages.ts'
import { bytesOf, countOf, optionalFieldsOf, textOf, textsOf, type Fields } from './wire-fields.ts'

/** Far more features than there will ever be. */
const mostFeatures = 100

/** A hello as the proto has it. */
export function helloToWire(hello: Hello): object {
  const { protocolVersion, tenant, agent, epoch, lastSealedSeq, chainHash, snapshotHash } = hello
  const { features, checkpoint, retainedFromSeq } = hello
  const chain = { lastSealedSeq, chainHash, retainedFromSeq }
  return { protocolVersion, tenant, agent, epoch, ...chain, snapshotHash, features, checkpoint }
}

/** Reads a hello. Throws `MalformedMessage`. What an agent of the first version does not say is nothing held. */
export function helloFromWire(hello: Fields): Hello {
  const held = optionalFieldsOf(hello, 'checkpoint')
  return {
    kind: 'hello',
    protocolVersion: countOf(hello, 'protocolVersion'),
    tenant: textOf(hello, 'tenant'),
    agent: textOf(hello, 'agent'),
    epoch: countOf(hello, 'epoch'),
    lastSealedSeq: countOf(hello, 'lastSealedSeq'),
    chainHash: bytesOf(hello, 'chainHash'),
    snapshotHash: bytesOf(hello, 'snapshotHash'),
    features: textsOf(hello, 'features', mostFeatures),
    checkpoint: held === null ? null : heldCheckpoint(held),
    retainedFromSeq: countOf(hello, 'retainedFromSeq'),
  }
}

function heldCheckpoint(held: Fields): HeldCheckpoint {
  return { generation: countOf(held, 'generation'), size: countOf(held, 'size'), root: bytesOf(held, 'root') }
}

/** A welcome as the proto has it. */
export function welcomeToWire(welcome: Welcome): object {
  const { receivedSeq, chainHash, features, generation, restore } = welcome
  return { receivedSeq, chainHash, features, generation, restore }
}

/** Reads a welcome. Throws `MalformedMessage`. An aggregator that counts no generations is in its first. */
export function welcomeFromWire(welcome: Fields): Welcome {
  const restore = optionalFieldsOf(welcome, 'restore')
  return {
    kind: 'welcome',
    receivedSeq: countOf(welcome, 'receivedSeq'),
    chainHash: bytesOf(welcome, 'chainHash'),
    features: textsOf(welcome, 'features', mostFeatures),
    generation: Math.max(1, countOf(welcome, 'generation')),
    restore: restore === null ? null : signedRestore(restore),
  }
}

function signedRestore(restore: Fields): SignedRestore {
  return { bytes: bytesOf(restore, 'bytes'), signature: bytesOf(restore, 'signature') }
}
