import type { Fault } from '@meterline/shared/base/errors.ts'
import { edgeSessionMethod } from '@meterline/shared/wire/proto.ts'
import { equalBytes, hashBytes } from '@meterline/shared/integrity/hash.ts'
import { checkpointFeature, protocolVersion, reportFeature, snapshotFeature } from '@meterline/shared/wire/messages.ts'
import type { Hello, Welcome } from '@meterline/shared/wire/messages.ts'
import type { Chain } from '../store/batch-table.ts'
import type { EvidenceRow } from '../store/evidence-table.ts'
import type { LogGeneration } from './log-generation.ts'
import type { EdgePeer } from './ports.ts'
import { quarantineText } from './decide-batch.ts'
import type { RefusalDecision, RegisteredAgent, Sender } from './decide-batch.ts'
import { evidenceOf } from './receive-batch.ts'

/** Either the welcome or why there is none. */
export type HelloDecision =
  | { readonly kind: 'welcome'; readonly welcome: Welcome }
  | { readonly kind: 'refuse'; readonly refusal: RefusalDecision }

/** Who says hello: the certificate decides; without one (plain text on loopback) the hello is believed. */
export function senderOf(hello: Hello, peer: EdgePeer): Sender {
  return { tenant: peer.tenant ?? hello.tenant, agent: peer.agent ?? hello.agent, address: peer.address }
}

/**
 * Decides about the first message of a session, without any effect, from what the catalogue says about the agent and
 * where its chain stands. An agent whose chain is shorter than what was received, or ends differently, was restored from
 * a copy or is one; it is refused here and quarantined only by a batch that proves it, since a hello is not signed. One
 * whose chain is longer is welcome, also by far: these books may have been restored from a backup, and it sends again.
 */
export function decideHello(
  hello: Hello,
  sender: Sender,
  registered: RegisteredAgent | null,
  chain: Chain,
  log: LogGeneration,
): HelloDecision {
  if (hello.protocolVersion !== protocolVersion) {
    const text = `Protocol version ${hello.protocolVersion} is not spoken here, version ${protocolVersion} is. Update the older side.`
    return refuse('protocol_unsupported', text)
  }
  if (hello.tenant !== sender.tenant || hello.agent !== sender.agent) {
    const claimed = `agent ${hello.agent} of ${hello.tenant}`
    const text =
      `The certificate is of agent ${sender.agent} of ${sender.tenant}, the hello says ${claimed}. ` +
      'Give the agent its own certificate, or correct tenant and agent in its config.'
    return refuse('agent_certificate_mismatch', text, true)
  }
  if (registered === null) return refuse('agent_unknown', unknownAgentText(sender))
  if (hello.epoch !== registered.epoch) {
    const text = `Agent ${sender.agent} runs in epoch ${hello.epoch} and is registered with epoch ${registered.epoch}.`
    return refuse('epoch_unknown', text)
  }
  if (chain.quarantined !== null) return refuse('agent_quarantined', quarantineText(sender, chain.quarantined))
  if (hello.chainHash.length !== hashBytes)
    return refuse('message_malformed', 'The hello has no chain hash of 32 bytes.')
  const behind = hello.lastSealedSeq < chain.receivedSeq
  const differs = hello.lastSealedSeq === chain.receivedSeq && !equalBytes(hello.chainHash, chain.chainHash)
  if (behind || differs) {
    const found = behind ? `ends at batch ${hello.lastSealedSeq}` : 'ends differently'
    const text =
      `${chain.receivedSeq} batches of agent ${sender.agent} were received, but its own chain ${found}. It lost data or ` +
      'runs from a copy. Give it a new epoch in the tenant file, apply that and start it with an empty data directory.'
    return refuse('chain_forked', text, true)
  }
  const { receivedSeq, chainHash } = chain
  const features = [reportFeature, checkpointFeature, snapshotFeature]
  return { kind: 'welcome', welcome: { kind: 'welcome', receivedSeq, chainHash, features, ...log } }
}

/** The piece of evidence that a refused hello is. */
export function helloEvidence(hello: Hello, refusal: RefusalDecision, sender: Sender, seenMs: number): EvidenceRow {
  const nothing = new Uint8Array(0)
  const bytes = { header: edgeSessionMethod.encodeRequest(hello), signature: nothing, body: nothing }
  return evidenceOf(refusal, sender, bytes, seenMs)
}

/** An agent is to try again later: nothing can be kept of it now. */
export function unavailable({ code, message }: Fault<'store_unavailable'>): HelloDecision {
  return { kind: 'refuse', refusal: { code, message, seq: 0, permanent: false, evidence: false, quarantine: false } }
}

/** The same words for an unknown tenant and an unknown agent: nobody learns which tenants there are. */
export function unknownAgentText(sender: Sender): string {
  return `Agent ${sender.agent} of ${sender.tenant} is not registered. Add it under "agents" in the tenant file and apply that.`
}

function refuse(code: RefusalDecision['code'], message: string, evidence = false): HelloDecision {
  return { kind: 'refuse', refusal: { code, message, seq: 0, permanent: true, evidence, quarantine: false } }
}
