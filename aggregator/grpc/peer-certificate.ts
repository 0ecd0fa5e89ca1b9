import type { PeerCertificate } from 'node:tls'
import { failed, fault, ok } from '@meterline/shared/base/errors.ts'
import type { Fault, Result } from '@meterline/shared/base/errors.ts'
import { parseAgentId, parseTenantId } from '@meterline/shared/units/ids.ts'

/** Who a client certificate speaks for. */
export interface CertifiedPeer {
  readonly tenant: string
  readonly agent: string
}

/**
 * Reads agent (CN) and tenant (O) from the subject of a verified client certificate. Each must be there exactly once:
 * a subject with two names could be read as either.
 */
export function certifiedPeer(
  certificate: PeerCertificate | undefined,
): Result<CertifiedPeer, Fault<'certificate_missing' | 'certificate_subject_invalid'>> {
  if (certificate === undefined) {
    return failed(fault('certificate_missing', 'The connection has no verified client certificate.'))
  }
  // Node gives an array where a subject repeats a field, though its types say text.
  const subject = certificate.subject as { readonly CN?: unknown; readonly O?: unknown } | undefined
  const agent = typeof subject?.CN === 'string' ? parseAgentId(subject.CN) : null
  const tenant = typeof subject?.O === 'string' ? parseTenantId(subject.O) : null
  if (agent?.ok === true && tenant?.ok === true) return ok({ tenant: tenant.value, agent: agent.value })
  const text =
    'The client certificate must name the agent as its one common name (CN) and the tenant as its one organisation (O).'
  return failed(fault('certificate_subject_invalid', text))
}
