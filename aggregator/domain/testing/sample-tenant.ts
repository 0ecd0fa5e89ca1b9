import { assertThat } from '@meterline/shared/base/errors.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { compileCatalogue } from '../catalogue/compile-catalogue.ts'
import { tenantFileSchema, type TenantFile } from '../catalogue/tenant-file.ts'

/** Plain data of the sample, for tests that change a part of it. */
export type SampleJson = Record<string, unknown>

/**
 * A tenant for tests with everything a tree can hold: an operator, a reseller below it and another below that one, an
 * enterprise with a fleet, a fleet in the fleet and a fleet that pays for itself, a customer of the operator, two partners,
 * and a wholesale leg in another currency.
 */
export function sampleJson(): SampleJson {
  return {
    tenant: 'acme',
    currency: 'EUR',
    operator: { id: 'acme', name: 'ACME Telecom' },
    meters: [
      { id: 'data.bytes', unit: 'byte' },
      { id: 'messages', unit: 'message' },
      { id: 'ai.input_tokens', unit: 'token' },
      { id: 'ai.output_tokens', unit: 'token' },
      { id: 'unpriced', unit: 'call' },
    ],
    prices: [
      {
        id: 'retail-data',
        meter: 'data.bytes',
        model: 'graduated',
        per: 1000,
        tiers: [{ upTo: 5000, amount: '0' }, { upTo: 2_000_000, amount: '0.0107' }, { amount: '0.006' }],
      },
      { id: 'retail-message', meter: 'messages', model: 'per-unit', amount: '0.0025' },
      { id: 'middle-data', meter: 'data.bytes', currency: 'USD', model: 'per-unit', amount: '0.005', per: 1000 },
      { id: 'middle-message', meter: 'messages', model: 'per-unit', amount: '0.002' },
      { id: 'wholesale-data', meter: 'data.bytes', model: 'per-unit', amount: '0.004', per: 1000 },
      { id: 'wholesale-message', meter: 'messages', model: 'per-unit', amount: '0' },
      { id: 'roaming-data', meter: 'data.bytes', model: 'per-unit', amount: '0.0015', per: 1000 },
      { id: 'transit-data', meter: 'data.bytes', model: 'per-unit', amount: '0.0001', per: 1000 },
      { id: 'ai-input', meter: 'ai.input_tokens', model: 'per-unit', amount: '3', per: 1_000_000 },
      {
        id: 'ai-output',
        meter: 'ai.output_tokens',
        model: 'graduated',
        per: 1_000_000,
        tiers: [{ upTo: 1_000_000, amount: '15', flat: '2' }, { amount: '12' }],
      },
    ],
    offerings: [
      { id: 'tracker', name: 'Tracker connectivity', prices: ['retail-message', 'retail-data'] },
      { id: 'middle-iot', name: 'IoT resale', prices: ['middle-data', 'middle-message'] },
      { id: 'wholesale-iot', name: 'Wholesale IoT', prices: ['wholesale-data', 'wholesale-message'] },
      { id: 'roaming', name: 'Roaming access', prices: ['roaming-data'] },
      { id: 'transit', name: 'Transit', prices: ['transit-data'] },
      { id: 'ai-tokens', name: 'AI tokens', prices: ['ai-input', 'ai-output'] },
    ],
    accounts: [
      { id: 'nordlink', kind: 'reseller', parent: 'acme', name: 'NordLink IoT', payer: 'self' },
      { id: 'baltic', kind: 'reseller', parent: 'nordlink', name: 'Baltic Connect', payer: 'self' },
      { id: 'hansa', kind: 'customer', parent: 'baltic', name: 'Hansa Logistics', payer: 'self' },
      { id: 'north', kind: 'fleet', parent: 'hansa', name: 'Fleet North', payer: 'parent' },
      { id: 'harbour', kind: 'fleet', parent: 'north', name: 'Harbour Vans', payer: 'parent' },
      { id: 'south', kind: 'fleet', parent: 'hansa', name: 'Fleet South', payer: 'self' },
      { id: 'brightdesk', kind: 'customer', parent: 'acme', name: 'BrightDesk AI', payer: 'self' },
    ],
    partners: [
      { id: 'roamnet', name: 'RoamNet' },
      { id: 'transita', name: 'Transita' },
    ],
    subscriptions: [
      { id: 'north-trackers', account: 'north', offering: 'tracker', from: '2026-01-01', subjects: ['trk-1', 'trk-2'] },
      { id: 'harbour-trackers', account: 'harbour', offering: 'tracker', from: '2026-01-01', subjects: ['van-1'] },
      {
        id: 'south-trackers',
        account: 'south',
        offering: 'tracker',
        from: '2026-01-01',
        to: '2026-12-01',
        subjects: ['trk-3'],
      },
      {
        id: 'bright-ai',
        account: 'brightdesk',
        offering: 'ai-tokens',
        from: '2026-01-01',
        subjects: ['llm-1', 'trk-1'],
      },
      { id: 'baltic-purchase', account: 'baltic', offering: 'middle-iot', from: '2026-02-01' },
      { id: 'nordlink-purchase', account: 'nordlink', offering: 'wholesale-iot', from: '2026-01-01' },
      {
        id: 'acme-roaming',
        account: 'acme',
        seller: 'roamnet',
        offering: 'roaming',
        from: '2026-01-01',
        to: '2027-01-01',
      },
      { id: 'acme-transit', account: 'acme', seller: 'transita', offering: 'transit', from: '2026-03-01' },
    ],
    agents: [{ id: 'gw-1', signingKey: 'A'.repeat(43) + '=', epoch: 1 }],
  }
}

/** The sample, or what a test made of its plain data, as a tenant file. */
export function sampleFile(json: SampleJson = sampleJson()): TenantFile {
  return tenantFileSchema.parse(json)
}

/** The sample, or what a test made of it, compiled. */
export function sampleCatalogue(json: SampleJson = sampleJson()): Catalogue {
  const compiled = compileCatalogue(sampleFile(json))
  assertThat(compiled.ok, compiled.ok ? '' : compiled.fault.message)
  return compiled.value
}

/** 2026-11-15T12:00:00Z, in a period in which everything of the sample is in force. */
export const november = 1_794_744_000_000
