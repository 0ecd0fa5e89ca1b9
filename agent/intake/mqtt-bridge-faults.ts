import { fault, type Fault } from '@meterline/shared/base/errors.ts'

/** Why a bridge is not connected, or not as it ought to be. */
export const bridgeFaultCodes = [
  'bridge_unreachable',
  'bridge_tls_unusable',
  'bridge_plain_text_not_loopback',
  'bridge_refused',
  'bridge_subscription_refused',
  'bridge_ended_by_broker',
  'bridge_lost',
  'bridge_silent',
  'bridge_protocol_broken',
  'bridge_packet_malformed',
  'bridge_packet_too_large',
  'bridge_intake_unavailable',
  'bridge_closed',
] as const
export type BridgeFaultCode = (typeof bridgeFaultCodes)[number]

export type BridgeFault = Fault<BridgeFaultCode>

/** Builds a fault of a bridge. */
export function bridgeFault(code: BridgeFaultCode, message: string): BridgeFault {
  return fault(code, message)
}
