import type { RuleProfile } from '../rule-definition.ts'

/**
 * Uplinks of ChirpStack 4, JSON encoding, topics `application/<id>/device/<devEui>/event/up` (chirpstack.io, "Event types";
 * integration.proto). The deduplication id is one for an uplink however many gateways heard it. Fields that are zero may
 * be left out, as Protocol Buffers' JSON does. Other events (join, status, ack) share the shape: they are told by the topic.
 */
export const chirpstackV4: RuleProfile = {
  format: 'json',
  when: [{ at: ['topic/-1', '= up'], is: 'up' }],
  id: '/deduplicationId',
  source: '/deviceInfo/devEui',
  subject: '/deviceInfo/devEui',
  time: ['/time', '/rxInfo/0/nsTime'],
  timeUnit: 'rfc3339',
  sequence: ['/fCnt', '= 0'],
  reset: '/devAddr',
  meters: [
    { meter: 'lorawan.uplinks', quantity: 1 },
    { meter: 'lorawan.payload_bytes', quantity: { at: '/data', measure: 'base64-bytes', default: 0 } },
  ],
  dimensions: { application: '/deviceInfo/applicationId', port: '/fPort' },
}
