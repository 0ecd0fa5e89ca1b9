import type { RuleProfile } from '../rule-definition.ts'

/**
 * LoRaWAN uplinks as the Helium Console delivers them (docs.helium.com, "Console integrations, JSON schema"), with
 * `payload_size` where the payload itself was taken out. The frame counter starts anew when a device joins again, also
 * under the same address, so only both together with the time of the report tell uplinks apart. Helium charges one data
 * credit for each 24 bytes begun.
 */
export const heliumV1: RuleProfile = {
  format: 'json',
  id: ['/devaddr', '/fcnt', '/reported_at'],
  source: '/dev_eui',
  subject: '/dev_eui',
  time: '/reported_at',
  timeUnit: 'ms',
  sequence: '/fcnt',
  reset: '/devaddr',
  meters: [
    { meter: 'lorawan.uplinks', quantity: 1 },
    { meter: 'lorawan.data_credits', quantity: { at: '/payload_size', ceilingDivide: 24 } },
  ],
  dimensions: { port: '/port' },
}

/** The same with the payload in it (base64), as the Console sends it to integrations. */
export const heliumConsole: RuleProfile = {
  ...heliumV1,
  meters: [
    { meter: 'lorawan.uplinks', quantity: 1 },
    {
      meter: 'lorawan.data_credits',
      quantity: { at: '/payload', measure: 'base64-bytes', default: 0, ceilingDivide: 24 },
    },
  ],
}
