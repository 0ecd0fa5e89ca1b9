import { failed, fault, ok, type Fault, type Result } from '../base/errors.ts'

/** One operator with its whole tree of accounts. */
export type TenantId = string & { readonly __id: 'tenant' }
/** One edge agent of a tenant. */
export type AgentId = string & { readonly __id: 'agent' }
/** One billing account in a tenant's tree. */
export type AccountId = string & { readonly __id: 'account' }

/** The one shape of these identifiers: safe in file names, topics, certificate subjects and URLs without escaping. */
const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** Reads a tenant's identifier. */
export function parseTenantId(text: string): Result<TenantId, Fault<'id_invalid'>> {
  return idPattern.test(text) ? ok(trustedTenantId(text)) : invalidId('tenant', text)
}

/** Reads an agent's identifier. */
export function parseAgentId(text: string): Result<AgentId, Fault<'id_invalid'>> {
  return idPattern.test(text) ? ok(trustedAgentId(text)) : invalidId('agent', text)
}

/** Reads a billing account's identifier. */
export function parseAccountId(text: string): Result<AccountId, Fault<'id_invalid'>> {
  return idPattern.test(text) ? ok(trustedAccountId(text)) : invalidId('account', text)
}

/** Takes a tenant's identifier that was parsed before, as from a store. */
export function trustedTenantId(text: string): TenantId {
  return text as TenantId
}

/** Takes an agent's identifier that was parsed before, as from a store. */
export function trustedAgentId(text: string): AgentId {
  return text as AgentId
}

/** Takes an account's identifier that was parsed before, as from a store. */
export function trustedAccountId(text: string): AccountId {
  return text as AccountId
}

function invalidId(kind: string, text: string): { readonly ok: false; readonly fault: Fault<'id_invalid'> } {
  // Only a short, quoted piece is repeated, since the text may be anything at all.
  const shown = JSON.stringify(text.length > 70 ? `${text.slice(0, 70)}…` : text)
  return failed(
    fault(
      'id_invalid',
      `${shown} is no ${kind} id: use 1 to 64 letters, digits, dots, underscores and hyphens, beginning with a letter or digit`,
    ),
  )
}
