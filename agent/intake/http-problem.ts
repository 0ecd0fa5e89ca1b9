import type { ServerResponse } from 'node:http'

/** Why a request is answered with a problem document. */
export const httpProblemCodes = [
  'path_unknown',
  'method_not_allowed',
  'parameter_invalid',
  'token_missing',
  'token_unknown',
  'anonymous_refused',
  'source_not_allowed',
  'rule_unknown',
  'rule_not_allowed',
  'idempotency_key_invalid',
  'content_type_unsupported',
  'content_encoding_unsupported',
  'length_required',
  'body_too_large',
  'body_too_many_events',
  'body_empty',
  'body_not_json',
  'source_busy',
  'door_busy',
  'request_malformed',
  'request_too_late',
  'header_too_large',
  'intake_unavailable',
  'door_closing',
  'nothing_accepted',
] as const
export type HttpProblemCode = (typeof httpProblemCodes)[number]

/** An answer that says what is wrong and what to do. */
export interface HttpProblem {
  readonly status: number
  readonly code: HttpProblemCode
  readonly detail: string
  /** Further header fields, such as `Retry-After`. */
  readonly headers?: Readonly<Record<string, string>>
  /** The rest of the request is not read: the connection has to end after the answer. */
  readonly closes?: boolean
  /** Further members of the document. */
  readonly members?: object
}

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  411: 'Length Required',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  503: 'Service Unavailable',
}

/** A problem, built in one line. */
export function problem(
  status: number,
  code: HttpProblemCode,
  detail: string,
  more: Pick<HttpProblem, 'headers' | 'closes' | 'members'> = {},
): HttpProblem {
  return { status, code, detail, ...more }
}

/** Writes a problem as RFC 9457 words it; `code` and what else is known stand beside the standard members. */
export function answerProblem(response: ServerResponse, given: HttpProblem): void {
  const body = documentOf(given)
  response.writeHead(given.status, {
    'Content-Type': 'application/problem+json',
    'Content-Length': body.length,
    ...given.headers,
    ...(given.closes === true ? { Connection: 'close' } : {}),
  })
  response.end(body)
}

/** A whole answer as it goes over the wire, for requests that could not even be read. The connection ends after it. */
export function rawProblem(given: HttpProblem): Buffer {
  const body = documentOf(given)
  const head = [
    `HTTP/1.1 ${given.status} ${titles[given.status] ?? 'Error'}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${body.length}`,
    'Connection: close',
    '',
    '',
  ]
  return Buffer.concat([Buffer.from(head.join('\r\n'), 'latin1'), body])
}

function documentOf({ status, code, detail, members }: HttpProblem): Buffer {
  const title = titles[status] ?? 'Error'
  return Buffer.from(JSON.stringify({ type: 'about:blank', title, status, code, detail, ...members }), 'utf8')
}
