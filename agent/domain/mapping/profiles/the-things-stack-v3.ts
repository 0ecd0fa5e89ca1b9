import type { RuleProfile } from '../rule-definition.ts'

/**
 * Uplinks of The Things Stack 3, topics `v3/<application>@<tenant>/devices/<device>/up` and webhooks (thethingsindustries.com,
 * "Data formats"). Fields that are empty or zero are left out there. The network server's time of receipt is the same in
 * every copy of an uplink, and tells frames with the same counter apart after a new join. Simulated uplinks do not count.
 */
export const theThingsStackV3: RuleProfile = {
  format: 'json',
  when: [
    { at: '/uplink_message', exists: true },
    { at: '/simulated', isNot: true },
  ],
  id: ['/end_device_ids/device_id', ['/uplink_message/f_cnt', '= 0'], '/uplink_message/received_at'],
  source: ['/end_device_ids/dev_eui', '/end_device_ids/device_id'],
  subject: ['/end_device_ids/dev_eui', '/end_device_ids/device_id'],
  time: '/uplink_message/received_at',
  timeUnit: 'rfc3339',
  sequence: ['/uplink_message/f_cnt', '= 0'],
  reset: ['/uplink_message/session_key_id', '/end_device_ids/dev_addr'],
  meters: [
    { meter: 'lorawan.uplinks', quantity: 1 },
    {
      meter: 'lorawan.payload_bytes',
      quantity: { at: '/uplink_message/frm_payload', measure: 'base64-bytes', default: 0 },
    },
  ],
  dimensions: { application: '/end_device_ids/application_ids/application_id', port: '/uplink_message/f_port' },
}
