import { z } from 'zod'
import { isDeviceId } from '../domain/device-id.ts'

const mebibyte = 1024 * 1024
const fileName = z.string().min(1)
const milliseconds = z.int().min(1)

const listener = z.strictObject({
  host: z.string().min(1).describe('Address to listen on'),
  port: z.int().min(0).max(65_535).describe('Port to listen on; 0: any free one'),
  tls: z
    .strictObject({
      cert: fileName.describe('Certificate, a PEM file'),
      key: fileName.describe('Its private key, a PEM file'),
    })
    .optional()
    .describe('Left out: plain text, which is allowed to this machine only'),
})

const source = z.strictObject({
  source: z
    .string()
    .refine(isDeviceId, 'is no source: 1 to 64 letters, digits or . _ : - (a letter or digit first)')
    .describe('Whose usage it is; events of one source have one identity, whichever token they came with'),
  tokenHash: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, 'is no hash of a token: make one with "meterline-agent token new"')
    .meta({ secret: true })
    .describe('Hash of its bearer token, made by "meterline-agent token new"'),
})

/** The door for usage over HTTP. Left out: there is none. */
export const httpSchema = z
  .strictObject({
    listeners: z
      .array(listener)
      .min(1)
      .default([{ host: '127.0.0.1', port: 8480 }])
      .describe('Where sources post to'),
    anonymous: z
      .enum(['never', 'loopback'])
      .default('never')
      .describe('Whether programs on this machine may post without a token, for any source that has none'),
    sources: z.array(source).default([]).describe('Who may post; a source may have several tokens'),
    limits: z
      .strictObject({
        connections: z.int().min(1).max(65_535).default(2000).describe('Connections at once'),
        bodyBytes: z
          .int()
          .min(1024)
          .max(16 * mebibyte)
          .default(mebibyte)
          .describe('Longest body of a request'),
        events: z.int().min(1).max(100_000).default(10_000).describe('Most events in a body that has to be cut'),
        heldBytes: z
          .int()
          .min(mebibyte)
          .default(32 * mebibyte)
          .describe('Bodies of all requests that are not answered yet'),
        heldBytesPerSource: z
          .int()
          .min(mebibyte)
          .default(8 * mebibyte)
          .describe('The same of one source'),
        headerMs: milliseconds.default(10_000).describe('How long the head of a request may take'),
        requestMs: milliseconds.default(30_000).describe('How long a request may take to arrive'),
        idleMs: milliseconds.default(60_000).describe('How long a connection may wait between requests'),
      })
      .prefault({})
      .describe('Caps'),
  })
  .superRefine(({ sources, limits }, context) => {
    if (limits.bodyBytes > limits.heldBytesPerSource || limits.heldBytesPerSource > limits.heldBytes) {
      context.addIssue({
        code: 'custom',
        path: ['limits'],
        message: 'do not fit: bodyBytes is at most heldBytesPerSource, which is at most heldBytes',
      })
    }
    const seen = new Set<string>()
    for (const [index, { tokenHash }] of sources.entries()) {
      if (seen.has(tokenHash)) {
        context.addIssue({
          code: 'custom',
          path: ['sources', index, 'tokenHash'],
          message: 'is listed twice: a token tells one source',
        })
      }
      seen.add(tokenHash)
    }
  })
  .optional()

/** The checked settings of the door. */
export type HttpConfig = NonNullable<z.output<typeof httpSchema>>
