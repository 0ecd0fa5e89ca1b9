import { describe, expect, test } from 'vitest'
import { toHex } from '../integrity/hash.ts'
import { openSigningKey } from '../integrity/signature.ts'
import { openRestore, signRestore, type RestoreDeclaration } from './restore-declaration.ts'

// RFC 8032, section 7.1, test 1: a key whose signatures never change.
const key = openSigningKey(
  '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n',
)
const declaration: RestoreDeclaration = {
  tenant: 'acme',
  generation: 2,
  size: 41,
  root: new Uint8Array(32).fill(0xab),
  by: 'Ada',
  reason: 'the disk broke',
  atMs: 1_764_000_000_000,
}

describe('a restore declaration', () => {
  test('is read as it was signed', () => {
    expect(openRestore(signRestore(declaration, key), key.publicKeyBase64)).toEqual({ ok: true, value: declaration })
  })

  test('has these bytes for ever', () => {
    const { bytes, signature } = signRestore(declaration, key)
    expect(new TextDecoder().decode(bytes)).toBe(
      `{"atMs":1764000000000,"by":"Ada","format":1,"generation":2,"reason":"the disk broke","root":"${'ab'.repeat(32)}","size":41,"tenant":"acme"}`,
    )
    expect(toHex(signature)).toMatchInlineSnapshot(
      `"c780d0e4ed6f37e452ea497171fb4425e1cca6886ddd43b2cf67b0349a7c01f10a77b5d5ca0b558305468850c51453b6df51267a818fb872de98a35fe58ccc0d"`,
    )
  })

  test.each([
    ['another byte', (bytes: Uint8Array) => bytes.with(5, 0x20)],
    ['more bytes', (bytes: Uint8Array) => new Uint8Array([...bytes, 0x20])],
    ['too many bytes', () => new Uint8Array(5_000)],
  ])('with %s is refused', (_what, change) => {
    const { bytes, signature } = signRestore(declaration, key)
    expect(openRestore({ bytes: change(bytes), signature }, key.publicKeyBase64)).toMatchObject({ ok: false })
  })

  test.each([
    ['a first generation', { generation: 1 }],
    ['no name', { by: '' }],
    ['no reason', { reason: '' }],
  ])('with %s is malformed', (_what, change) => {
    const signed = signRestore({ ...declaration, ...change }, key)
    expect(openRestore(signed, key.publicKeyBase64)).toMatchObject({ ok: false, fault: { code: 'restore_malformed' } })
  })
})
