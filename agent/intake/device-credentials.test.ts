import { describe, expect, test } from 'vitest'
import { seededRandom } from '@meterline/shared/base/random.ts'
import {
  deviceAuthenticator,
  hashDeviceSecret,
  type DeviceAuthenticator,
  type DeviceCredential,
} from './device-credentials.ts'

const random = seededRandom('device-credentials')
// Parameters far below what protects anything, so that hundreds of checks are quick.
const cheapHash = 'scrypt$2$1$1$c2FsdHNhbHQ=$AAAAAAAAAAAAAAAAAAAAAA=='

function authenticator(devices: readonly DeviceCredential[]): DeviceAuthenticator {
  const built = deviceAuthenticator(devices, random)
  if (!built.ok) throw new Error(built.fault.message)
  return built.value
}

describe('a secret', () => {
  test('is accepted by its hash, again and again, and no other is', async () => {
    const secretHash = await hashDeviceSecret('opensesame', random)
    expect(secretHash).toMatch(/^scrypt\$16384\$8\$1\$[A-Za-z0-9+/=]{24}\$[A-Za-z0-9+/=]{44}$/)
    const devices = authenticator([{ id: 'trk-1', secretHash }])
    expect(await devices.verify('trk-1', Buffer.from('opensesam'))).toBe('refused')
    expect(await devices.verify('trk-1', Buffer.from('opensesame'))).toBe('accepted')
    expect(await devices.verify('trk-1', Buffer.from('opensesame'))).toBe('accepted')
    expect(await devices.verify('trk-1', Buffer.from('opensesam'))).toBe('refused')
    expect(await devices.verify('trk-1', Buffer.alloc(0))).toBe('refused')
    expect(await devices.verify('trk-2', Buffer.from('opensesame'))).toBe('refused')
    expect(devices.isRegistered('trk-1')).toBe(true)
    expect(devices.isRegistered('constructor')).toBe(false)
  })

  test('has another hash every time', async () => {
    expect(await hashDeviceSecret('x', random)).not.toBe(await hashDeviceSecret('x', random))
  })

  test('of one device does not open another, although one was remembered', async () => {
    const secretHash = await hashDeviceSecret('same', random)
    const other = await hashDeviceSecret('other', random)
    const devices = authenticator([
      { id: 'a', secretHash },
      { id: 'b', secretHash: other },
    ])
    expect(await devices.verify('a', Buffer.from('same'))).toBe('accepted')
    expect(await devices.verify('b', Buffer.from('same'))).toBe('refused')
  })

  test('is checked as RFC 7914, section 12, computes it for N 16384, r 8, p 1', async () => {
    const hash = Buffer.from(
      '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2' +
        'd5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
      'hex',
    )
    const salt = Buffer.from('SodiumChloride').toString('base64')
    const devices = authenticator([{ id: 'a', secretHash: `scrypt$16384$8$1$${salt}$${hash.toString('base64')}` }])
    expect(await devices.verify('a', Buffer.from('pleaseletmein'))).toBe('accepted')
  })
})

test('more claims at once than may wait are told to come back', async () => {
  const devices = authenticator([{ id: 'a', secretHash: cheapHash }])
  const verdicts = await Promise.all(Array.from({ length: 300 }, () => devices.verify('a', Buffer.from('x'))))
  expect(verdicts.filter((verdict) => verdict === 'busy')).toHaveLength(300 - 2 - 256)
  expect(verdicts.filter((verdict) => verdict === 'refused')).toHaveLength(2 + 256)
  expect(await devices.verify('a', Buffer.from('x'))).toBe('refused')
})

describe('a configuration that is refused', () => {
  const hashes: readonly [string, string][] = [
    ['nothing', ''],
    ['a plain secret', 'opensesame'],
    ['another scheme', 'bcrypt$2$1$1$c2FsdHNhbHQ=$AAAAAAAAAAAAAAAAAAAAAA=='],
    ['too few fields', 'scrypt$2$1$1$c2FsdHNhbHQ='],
    ['too many fields', `${cheapHash}$x`],
    ['a cost that is no power of two', 'scrypt$3$1$1$c2FsdHNhbHQ=$AAAAAAAAAAAAAAAAAAAAAA=='],
    ['a cost of one', 'scrypt$1$1$1$c2FsdHNhbHQ=$AAAAAAAAAAAAAAAAAAAAAA=='],
    ['a cost no gateway can pay', 'scrypt$4194304$8$1$c2FsdHNhbHQ=$AAAAAAAAAAAAAAAAAAAAAA=='],
    ['a block size of zero', 'scrypt$2$0$1$c2FsdHNhbHQ=$AAAAAAAAAAAAAAAAAAAAAA=='],
    ['too much parallelism', 'scrypt$2$1$17$c2FsdHNhbHQ=$AAAAAAAAAAAAAAAAAAAAAA=='],
    ['a short salt', 'scrypt$2$1$1$c2Fs$AAAAAAAAAAAAAAAAAAAAAA=='],
    ['a short hash', 'scrypt$2$1$1$c2FsdHNhbHQ=$AAAA'],
  ]
  test.each(hashes)('%s', (_name, secretHash) => {
    expect(deviceAuthenticator([{ id: 'a', secretHash }], random)).toMatchObject({
      fault: { code: 'device_secret_hash_invalid' },
    })
  })

  test('ids that are none, and ids that are there twice', () => {
    expect(deviceAuthenticator([{ id: 'a/b', secretHash: cheapHash }], random)).toMatchObject({
      fault: { code: 'device_id_invalid' },
    })
    const twice = [
      { id: 'a', secretHash: cheapHash },
      { id: 'a', secretHash: cheapHash },
    ]
    expect(deviceAuthenticator(twice, random)).toMatchObject({ fault: { code: 'device_duplicate' } })
  })
})
