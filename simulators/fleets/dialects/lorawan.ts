import { createHash } from 'node:crypto'
import type { FleetEvent } from '../fleet-event.ts'

/** What a LoRaWAN group measures: the size of each frame's payload. */
export const payloadMeter = 'lorawan.payload_bytes'
/** The longest application payload of any region (LoRaWAN Regional Parameters RP002-1.0.4, data rates without repeater). */
export const longestFrameBytes = 242n
/** Helium's price list: one data credit for each started 24 bytes. */
const creditBytes = 24n

const framePort = 2

/** An uplink event of ChirpStack 4 in its JSON encoding (integration.UplinkEvent). Zero fields are left out there. */
export function chirpstackUplink(event: FleetEvent): object {
  const { frameCounter, payload, address } = frameOf(event)
  return {
    deduplicationId: uuidOf(event.id),
    time: `${iso(event).replace('Z', '')}000000+00:00`,
    deviceInfo: {
      tenantId: '52f14cd4-c6f1-4fbd-8f87-4025e1d49242',
      tenantName: 'Fleet',
      applicationId: 'fleet',
      applicationName: 'fleet',
      deviceProfileName: 'sensor',
      deviceName: event.device,
      devEui: event.device,
      tags: {},
    },
    devAddr: address,
    adr: true,
    dr: 5,
    ...(frameCounter === 0 ? {} : { fCnt: frameCounter }),
    fPort: framePort,
    confirmed: false,
    ...(payload.length === 0 ? {} : { data: payload.toString('base64') }),
    rxInfo: [{ gatewayId: '0016c001f153a14c', rssi: -57, snr: 10 }],
    txInfo: { frequency: 867_100_000 },
  }
}

/** An uplink message of The Things Stack 3 (ttn.lorawan.v3.ApplicationUp). Empty and zero fields are left out there. */
export function thingsStackUplink(event: FleetEvent): object {
  const { frameCounter, payload, address } = frameOf(event)
  return {
    end_device_ids: {
      device_id: `eui-${event.device.toLowerCase()}`,
      application_ids: { application_id: 'fleet' },
      dev_eui: event.device,
      dev_addr: address.toUpperCase(),
    },
    correlation_ids: [`as:up:${uuidOf(event.id)}`],
    received_at: iso(event),
    uplink_message: {
      session_key_id: 'AX1tYlHS4p1zTq5wTmPw4g==',
      f_port: framePort,
      ...(frameCounter === 0 ? {} : { f_cnt: frameCounter }),
      ...(payload.length === 0 ? {} : { frm_payload: payload.toString('base64') }),
      rx_metadata: [{ gateway_ids: { gateway_id: 'roof' }, rssi: -42, snr: 9.5 }],
      received_at: iso(event),
    },
  }
}

/** An uplink as the Helium network server of the LoRaWAN trace delivers it. */
export function heliumUplink(event: FleetEvent): object {
  const { frameCounter, payload, address } = frameOf(event)
  return {
    name: event.device,
    dev_eui: event.device,
    devaddr: address.toUpperCase(),
    fcnt: frameCounter,
    port: framePort,
    payload_size: payload.length,
    reported_at: event.timeMs,
  }
}

/** What ChirpStack's and The Things Stack's profiles meter. */
export function billedFrame(event: FleetEvent): ReadonlyMap<string, bigint> {
  return new Map([
    ['lorawan.uplinks', 1n],
    [payloadMeter, event.quantities.get(payloadMeter) ?? 0n],
  ])
}

/** What Helium's profile meters. */
export function billedCredits(event: FleetEvent): ReadonlyMap<string, bigint> {
  const bytes = event.quantities.get(payloadMeter) ?? 0n
  return new Map([
    ['lorawan.uplinks', 1n],
    ['lorawan.data_credits', (bytes + creditBytes - 1n) / creditBytes],
  ])
}

function frameOf(event: FleetEvent): { frameCounter: number; payload: Buffer; address: string } {
  const length = Number(event.quantities.get(payloadMeter) ?? 0n)
  // Frame counters have 16 bits on the air, and many servers report no more of them.
  const frameCounter = event.sequence % 65_536
  const address = createHash('sha256').update(event.device).digest('hex').slice(0, 8)
  return { frameCounter, payload: Buffer.alloc(length, frameCounter & 0xff), address }
}

function iso(event: FleetEvent): string {
  return new Date(event.timeMs).toISOString()
}

function uuidOf(id: string): string {
  const hex = createHash('sha256').update(id).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
}
