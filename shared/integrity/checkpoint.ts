import { assertThat, failed, fault, ok, type Fault, type Result } from '../base/errors.ts'
import { hashBytes, sha256 } from './hash.ts'
import { verifyMessage, type SigningKey } from './signature.ts'

/** The head of a log: which log, how many entries, and the RFC 6962 root over them. */
export interface Checkpoint {
  /** Names the log for ever, such as `meterline.example/acme`. */
  readonly origin: string
  readonly size: number
  readonly root: Uint8Array
}

export type CheckpointFault = Fault<'checkpoint_malformed' | 'checkpoint_not_signed' | 'checkpoint_signature_invalid'>

const longestNoteBytes = 16_384
const signatureMark = '\u2014 '
const ed25519Kind = 0x01
const keyHashBytes = 4

/** The text that is signed (C2SP tlog-checkpoint): origin, decimal size and base64 root, one a line. */
export function checkpointText(checkpoint: Checkpoint): string {
  const { origin, size, root } = checkpoint
  assertThat(isLine(origin), 'the origin of a log is one line of text')
  assertThat(Number.isSafeInteger(size) && size >= 0 && root.length === hashBytes, 'a checkpoint has a size and a root')
  return `${origin}\n${size}\n${base64(root)}\n`
}

/** The checkpoint as a C2SP signed note with one Ed25519 signature under this key name. */
export function signCheckpoint(checkpoint: Checkpoint, keyName: string, key: SigningKey): string {
  const text = checkpointText(checkpoint)
  const signature = key.signMessage(Buffer.from(text, 'utf8'))
  const keyHash = noteKeyHash(keyName, key.publicKeyBase64)
  return `${text}\n${signatureMark}${keyName} ${base64(Buffer.concat([keyHash, signature]))}\n`
}

/** The key as verifiers of signed notes are given it: name, key hash and key (C2SP signed-note, "vkey"). */
export function noteVerifierKey(keyName: string, publicKeyBase64: string): string {
  const hash = noteKeyHash(keyName, publicKeyBase64).toString('hex')
  return `${keyName}+${hash}+${base64(Buffer.concat([Buffer.of(ed25519Kind), Buffer.from(publicKeyBase64, 'base64')]))}`
}

/** Reads a signed note and checks that this key signed it. Signatures of others are passed over, as the format asks. */
export function openCheckpoint(
  note: string,
  keyName: string,
  publicKeyBase64: string,
): Result<Checkpoint, CheckpointFault> {
  if (!note.isWellFormed() || note.length > longestNoteBytes) return malformed('it is too long or no Unicode text')
  const end = note.lastIndexOf('\n\n')
  if (end < 0 || !note.endsWith('\n')) return malformed('it has no empty line before its signatures')
  const text = note.slice(0, end + 1)
  const checkpoint = parseText(text)
  if (checkpoint === undefined) return malformed('its text is not origin, size and root')

  const keyHash = noteKeyHash(keyName, publicKeyBase64)
  let found = false
  for (const line of note.slice(end + 2, -1).split('\n')) {
    const signed = parseSignatureLine(line)
    if (signed === undefined) return malformed('a signature line is not a name and a base64 signature')
    if (signed.keyName !== keyName || !signed.bytes.subarray(0, keyHashBytes).equals(keyHash)) continue
    found = true
    const signature = signed.bytes.subarray(keyHashBytes)
    if (!verifyMessage(publicKeyBase64, Buffer.from(text, 'utf8'), signature))
      return failed(
        fault('checkpoint_signature_invalid', `the checkpoint of ${checkpoint.origin} is not as ${keyName} signed it`),
      )
  }
  if (found) return ok(checkpoint)
  return failed(fault('checkpoint_not_signed', `the checkpoint of ${checkpoint.origin} has no signature of ${keyName}`))
}

function parseText(text: string): Checkpoint | undefined {
  const [origin, sizeText, rootText, ...rest] = text.slice(0, -1).split('\n')
  if (origin === undefined || sizeText === undefined || rootText === undefined || !isLine(origin)) return undefined
  // Extension lines may follow; they are signed but say nothing to us.
  if (rest.includes('')) return undefined
  const size = Number(sizeText)
  const root = strictBase64(rootText)
  if (!/^(0|[1-9][0-9]*)$/.test(sizeText) || !Number.isSafeInteger(size) || root?.length !== hashBytes) return undefined
  return { origin, size, root: new Uint8Array(root) }
}

function parseSignatureLine(line: string): { readonly keyName: string; readonly bytes: Buffer } | undefined {
  if (!line.startsWith(signatureMark)) return undefined
  const [keyName, encoded, ...rest] = line.slice(signatureMark.length).split(' ')
  if (keyName === undefined || keyName === '' || encoded === undefined || rest.length > 0) return undefined
  const bytes = strictBase64(encoded)
  return bytes === undefined || bytes.length <= keyHashBytes ? undefined : { keyName, bytes }
}

/** First four bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key), as C2SP signed-note asks for Ed25519 keys. */
function noteKeyHash(keyName: string, publicKeyBase64: string): Buffer {
  assertThat(/^[^\s+]+$/u.test(keyName), `${keyName} is no key name: it must have no white space and no plus sign`)
  const key = Buffer.from(publicKeyBase64, 'base64')
  const preimage = Buffer.concat([Buffer.from(`${keyName}\n`, 'utf8'), Buffer.of(ed25519Kind), key])
  return Buffer.from(sha256(preimage)).subarray(0, keyHashBytes)
}

function isLine(text: string): boolean {
  return text !== '' && !text.includes('\n') && text.isWellFormed()
}

function strictBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

function malformed(what: string): { readonly ok: false; readonly fault: CheckpointFault } {
  return failed(fault('checkpoint_malformed', `the checkpoint cannot be read: ${what}`))
}
