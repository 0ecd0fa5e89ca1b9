import { readFileSync } from 'node:fs'
import { Client, credentials, status, type ChannelCredentials, type ServiceError } from '@grpc/grpc-js'
import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { maxMessageBytes, type AgentMessage, type AggregatorMessage } from '@meterline/shared/wire/messages.ts'
import { edgeSessionMethod, type WireFault } from '@meterline/shared/wire/proto.ts'
import type { OpenUplink, UplinkHandlers, UplinkLink } from '../flow/ports.ts'

/** Where the aggregator is and how to prove to each other who one is. */
export interface UplinkOptions {
  /** `host:port` */
  readonly address: string
  /** PEM files; left out: plain text, which is allowed to loopback only. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string } | undefined
}

export type UplinkFault = Fault<
  'uplink_plaintext_refused' | 'uplink_certificate_unreadable' | 'uplink_lost' | 'uplink_ended' | 'message_malformed'
>

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]', '::1'])

const channelOptions = {
  // Batches are sent again from the outbox; a second buffer inside the library would only hold them twice.
  'grpc.enable_retries': 0,
  'grpc.max_receive_message_length': maxMessageBytes,
  'grpc.max_send_message_length': maxMessageBytes,
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.keepalive_permit_without_calls': 0,
  // Each session is a channel of its own, closed with it; nothing is shared with a connection that has gone bad.
  'grpc.use_local_subchannel_pool': 1,
  'grpc-node.flow_control_window': 1024 * 1024,
}

/** Checks that an uplink may be opened with these options at all, before anything else is started. */
export function checkUplink(options: UplinkOptions): Result<null, UplinkFault> {
  const secured = channelCredentials(options)
  return secured.ok ? ok(null) : secured
}

/**
 * Opens edge sessions over gRPC: one bidirectional stream on a channel of its own. The certificate files are read anew
 * for each session, so that renewed ones are taken up without a restart.
 */
export function grpcUplink(options: UplinkOptions): OpenUplink {
  return (handlers) => {
    const secured = channelCredentials(options)
    if (secured.ok) return openSession(options.address, secured.value, handlers)
    handlers.onClosed(secured.fault)
    return { send: () => true, close: () => undefined }
  }
}

function openSession(address: string, secured: ChannelCredentials, handlers: UplinkHandlers): UplinkLink {
  const client = new Client(address, secured, channelOptions)
  const stream = client.makeBidiStreamRequest(
    edgeSessionMethod.path,
    edgeSessionMethod.encodeRequest,
    edgeSessionMethod.decodeResponse,
  )
  let closed = false
  const close = (cause: Fault | null): void => {
    if (closed) return
    closed = true
    stream.cancel()
    client.close()
    if (cause !== null) handlers.onClosed(cause)
  }
  stream.on('data', (message: Result<AggregatorMessage, WireFault>) => {
    if (closed) return
    if (message.ok) handlers.onMessage(message.value)
    else close(message.fault)
  })
  stream.on('drain', () => {
    if (!closed) handlers.onRoom()
  })
  // Cancelling makes the stream report its own cancellation, which closes nothing more.
  stream.on('error', (error: ServiceError) => close(lost(address, error)))
  stream.on('end', () => close(fault('uplink_ended', `The aggregator at ${address} ended the session.`)))
  return { send: (message: AgentMessage) => closed || stream.write(message), close: () => close(null) }
}

function lost(address: string, error: ServiceError): Fault<'uplink_lost'> {
  const name = status[error.code] ?? String(error.code)
  return fault(
    'uplink_lost',
    `No session with the aggregator at ${address} (${name}): ${error.details || error.message}`,
  )
}

function channelCredentials(options: UplinkOptions): Result<ChannelCredentials, UplinkFault> {
  const { address, tls } = options
  if (tls === undefined) {
    if (loopbackHosts.has(address.slice(0, address.lastIndexOf(':')))) return ok(credentials.createInsecure())
    const message =
      `The uplink to ${address} has no certificates: plain text is allowed to this machine only. ` +
      'Set uplink.tls with ca, cert and key.'
    return failed(fault('uplink_plaintext_refused', message))
  }
  try {
    return ok(credentials.createSsl(readFileSync(tls.ca), readFileSync(tls.key), readFileSync(tls.cert)))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return failed(fault('uplink_certificate_unreadable', `The certificates of uplink.tls cannot be used: ${reason}`))
  }
}
