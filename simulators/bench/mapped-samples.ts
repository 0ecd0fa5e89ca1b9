/** Uplinks as network servers deliver them, for the shipped profile that reads them. Each index gives another one. */
export const mappedContents: readonly { readonly profile: string; readonly content: (index: number) => object }[] = [
  { profile: 'helium-v1', content: heliumUplink },
  { profile: 'chirpstack-v4', content: chirpstackUplink },
  { profile: 'the-things-stack-v3', content: thingsUplink },
]

const startMs = Date.UTC(2026, 10, 5, 10)

function heliumUplink(index: number): object {
  const reportedAt = startMs + index * 1000
  return {
    name: `meter-${index % 500}`,
    app_eui: '6948A4B59F4666AD',
    dev_eui: devEui(index),
    devaddr: 'B5A44869',
    fcnt: index,
    port: 2,
    payload_size: 8 + (index % 40),
    hotspots: [hotspot('icy-fiery-hippo', reportedAt), hotspot('cool-chiffon-hornet', reportedAt + 3)],
    reported_at: reportedAt,
    type: null,
    decoded: { payload: { dataRate: 0, txpower: 14, gain: 18, size: 8, temperature: 20.5 } },
  }
}

function hotspot(name: string, reportedAt: number): object {
  return {
    channel: 1,
    frequency: 868.2999877929688,
    hold_time: 2067,
    id: '11fzsptP9Zc9GsVmvD2zQYF7X6ESNs6XdEHuhuc8kCGYXxq7e4e',
    lat: 45.19500732421875,
    long: 5.7403564453125,
    name,
    reported_at: reportedAt,
    rssi: -115,
    snr: -17.5,
    spreading: 'SF12BW125',
    status: 'success',
  }
}

function chirpstackUplink(index: number): object {
  return {
    deduplicationId: `3ac7e3c4-4401-4b8d-9386-${String(index).padStart(12, '0')}`,
    time: new Date(startMs + index * 1000).toISOString(),
    deviceInfo: {
      tenantId: '52f14cd4-c6f1-4fbd-8f87-4025e1d49242',
      tenantName: 'ACME',
      applicationId: '17c82e96-be03-4f38-aef3-f83d48582d97',
      applicationName: 'Meters',
      deviceProfileId: '14855bf7-d10d-4aee-b618-ebfcb64dc7ad',
      deviceProfileName: 'Meter',
      deviceName: `meter-${index % 500}`,
      devEui: devEui(index),
      tags: { site: 'north' },
    },
    devAddr: '00189440',
    adr: true,
    dr: 1,
    fCnt: index,
    fPort: 2,
    confirmed: true,
    data: 'qgEBqgI=',
    rxInfo: [
      {
        gatewayId: '0016c001f153a14c',
        uplinkId: 4217106255,
        rssi: -36,
        snr: 10.5,
        context: 'E3OWOQ==',
        metadata: { region_name: 'eu868', region_common_name: 'EU868' },
      },
    ],
    txInfo: {
      frequency: 868500000,
      modulation: { lora: { bandwidth: 125000, spreadingFactor: 11, codeRate: 'CR_4_5' } },
    },
  }
}

function thingsUplink(index: number): object {
  const receivedAt = new Date(startMs + index * 1000).toISOString()
  return {
    end_device_ids: {
      device_id: `meter-${index % 500}`,
      application_ids: { application_id: 'meters' },
      dev_eui: devEui(index),
      join_eui: '0000000000000001',
      dev_addr: '260BABCD',
    },
    correlation_ids: [`as:up:01HX6YGQ7E0V83YRZ7K4S5J4${index % 100}`, 'gs:uplink:01HX6YGQ7AS3VTM5W5W36YV1F1'],
    received_at: receivedAt,
    uplink_message: {
      session_key_id: 'AWNbm/4zfqx0jZ5q1NlBmw==',
      f_port: 2,
      f_cnt: index + 1,
      frm_payload: 'ASsBKAAA',
      decoded_payload: { temperature: 29.9, humidity: 29.6, battery: 3.62 },
      rx_metadata: [
        {
          gateway_ids: { gateway_id: 'eui-aa555a0000000101', eui: 'AA555A0000000101' },
          time: receivedAt,
          timestamp: 3895211423,
          rssi: -68,
          channel_rssi: -68,
          snr: 9.2,
        },
      ],
      settings: {
        data_rate: { lora: { bandwidth: 125000, spreading_factor: 7 } },
        coding_rate: '4/5',
        frequency: '868100000',
      },
      received_at: receivedAt,
      consumed_airtime: '0.061696s',
      network_ids: { net_id: '000013', tenant_id: 'ttn', cluster_id: 'eu1' },
    },
  }
}

function devEui(index: number): string {
  return `70B3D57ED00${String(index % 500).padStart(5, '0')}`
}
