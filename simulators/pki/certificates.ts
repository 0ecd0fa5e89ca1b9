import 'reflect-metadata'
import type { webcrypto } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const ONE_DAY_MS = 86_400_000

/** A certificate authority made for one demo or test run. Its key never leaves the process. */
export interface Authority {
  readonly certificatePem: string
  readonly keys: webcrypto.CryptoKeyPair
  readonly certificate: x509.X509Certificate
}

/** A certificate and its private key, both PEM. */
export interface IssuedCertificate {
  readonly certificatePem: string
  readonly keyPem: string
}

/** Makes a self-signed P-256 authority valid from yesterday for thirty days. */
export async function createAuthority(name: string): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    ...validity(30),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  })
  return { certificatePem: certificate.toString('pem'), keys, certificate }
}

/**
 * Issues a certificate. `commonName` is the agent's id and `organisation` its tenant (the aggregator reads
 * the peer's identity from exactly these two); a server also gets the names it is reached under.
 */
export async function issueCertificate(
  authority: Authority,
  subject: { commonName: string; organisation: string; serverNames?: readonly string[] },
): Promise<IssuedCertificate> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const usages = [x509.ExtendedKeyUsage.clientAuth, x509.ExtendedKeyUsage.serverAuth]
  const names = (subject.serverNames ?? []).map((value) => ({
    type: /^[\d.]+$|:/.test(value) ? ('ip' as const) : ('dns' as const),
    value,
  }))
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${subject.commonName}, O=${subject.organisation}`,
    issuer: authority.certificate.subject,
    ...validity(7),
    signingKey: authority.keys.privateKey,
    publicKey: keys.publicKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.ExtendedKeyUsageExtension(usages),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ],
  })
  const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey))
  return { certificatePem: certificate.toString('pem'), keyPem: x509.PemConverter.encode(key, 'PRIVATE KEY') }
}

/** Writes `<name>.crt` and `<name>.key` (0600) into a folder and returns their paths. */
export function writeCertificate(
  folder: string,
  name: string,
  issued: IssuedCertificate,
): { cert: string; key: string } {
  mkdirSync(folder, { recursive: true })
  const cert = join(folder, `${name}.crt`)
  const key = join(folder, `${name}.key`)
  writeFileSync(cert, issued.certificatePem)
  writeFileSync(key, issued.keyPem, { mode: 0o600 })
  return { cert, key }
}

function validity(days: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now()
  return { notBefore: new Date(now - ONE_DAY_MS), notAfter: new Date(now + days * ONE_DAY_MS) }
}
