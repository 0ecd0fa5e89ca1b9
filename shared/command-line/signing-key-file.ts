import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { failed, fault, FaultError, ok, type Fault, type Result } from '../base/errors.ts'
import { generateSigningKey, openSigningKey } from '../integrity/signature.ts'

/** What `init` made or found. */
export interface InitialisedKey {
  readonly publicKey: string
  readonly keyFile: string
  /** False: the key was there already and is unchanged. */
  readonly created: boolean
}

/**
 * Makes the key a program signs with, readable by its owner only, and gives its public part. A key that is there is never
 * replaced, since others trust it by its public part: whoever lost track of it runs `init` again and reads that.
 */
export function initialiseKey(keyFile: string): Result<InitialisedKey, Fault> {
  try {
    mkdirSync(dirname(keyFile), { recursive: true, mode: 0o700 })
    const created = !existsSync(keyFile) && writeNewKey(keyFile)
    return ok({ publicKey: openSigningKey(readFileSync(keyFile, 'utf8')).publicKeyBase64, keyFile, created })
  } catch (error) {
    if (error instanceof FaultError) return failed(error.fault)
    const reason = error instanceof Error ? error.message : String(error)
    return failed(fault('key_not_written', `The key ${keyFile} cannot be written or read: ${reason}`))
  }
}

/**
 * Writes a new key beside its place, syncs it and links it in: after a power cut there is the whole key or none. Linking
 * fails when somebody else put one there meanwhile, so no key is ever overwritten. False: there was one by then.
 */
function writeNewKey(keyFile: string): boolean {
  const temporary = `${keyFile}.${process.pid}.new`
  try {
    const handle = openSync(temporary, 'wx', 0o600)
    try {
      writeSync(handle, generateSigningKey().privatePem)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    return linkNew(temporary, keyFile)
  } finally {
    rmSync(temporary, { force: true })
    syncFolder(dirname(keyFile))
  }
}

function linkNew(temporary: string, keyFile: string): boolean {
  try {
    linkSync(temporary, keyFile)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
