import { p256 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { expand, extract } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { gcmOpen, gcmSeal } from './gcm.ts'

/**
 * Hybrid Public Key Encryption (RFC 9180), base mode, one message, over curves with HKDF-SHA256. KEM 0x0016
 * is DHKEM(secp256k1, HKDF-SHA256) of IANA's registry (draft-wahby-cfrg-hpke-kem-secp256k1); P-256 is here
 * because the RFC's own vectors for this code are of that curve.
 */
export type Suite = {
  curve: typeof secp256k1 | typeof p256
  kemId: number
  aeadId: number
  keyBytes: number
}

export const secp256k1Suite: Suite = {
  curve: secp256k1,
  kemId: 0x0016,
  aeadId: 0x0002,
  keyBytes: 32,
}
export const p256Suite: Suite = { curve: p256, kemId: 0x0010, aeadId: 0x0001, keyBytes: 16 }
const hkdfSha256Id = 0x0001

export type Message = { info: Uint8Array; aad: Uint8Array }
export type Sealed = { encapsulated: Uint8Array; ciphertext: Uint8Array }

/** SealBase of section 6.1. `ephemeral` is a fresh private key; only vectors give another. */
export async function sealBase(
  suite: Suite,
  {
    publicKey,
    plaintext,
    info,
    aad,
    ephemeral,
  }: Message & {
    publicKey: Uint8Array
    plaintext: Uint8Array
    ephemeral: Uint8Array
  },
): Promise<Sealed> {
  const encapsulated = suite.curve.getPublicKey(ephemeral, false)
  const shared = sharedSecret(suite, {
    dh: diffieHellman(suite, ephemeral, publicKey),
    encapsulated,
    publicKey: uncompressed(suite, publicKey),
  })
  const { key, nonce } = keySchedule(suite, shared, info)
  return { encapsulated, ciphertext: await gcmSeal({ key, nonce, aad }, plaintext) }
}

/** OpenBase of section 6.1. Throws when the message was not sealed to this key, or was changed. */
export async function openBase(
  suite: Suite,
  {
    privateKey,
    encapsulated,
    ciphertext,
    info,
    aad,
  }: Message & Sealed & { privateKey: Uint8Array },
): Promise<Uint8Array> {
  const shared = sharedSecret(suite, {
    dh: diffieHellman(suite, privateKey, encapsulated),
    encapsulated,
    publicKey: suite.curve.getPublicKey(privateKey, false),
  })
  const { key, nonce } = keySchedule(suite, shared, info)
  return gcmOpen({ key, nonce, aad }, ciphertext)
}

/** ExtractAndExpand of section 4.1. */
export function sharedSecret(
  { kemId }: Suite,
  parts: { dh: Uint8Array; encapsulated: Uint8Array; publicKey: Uint8Array },
): Uint8Array {
  const suiteId = join(text('KEM'), twoBytes(kemId))
  const prk = labeledExtract(suiteId, none, 'eae_prk', parts.dh)
  const context = join(parts.encapsulated, parts.publicKey)
  return labeledExpand(suiteId, prk, { label: 'shared_secret', info: context, length: 32 })
}

/** KeySchedule of section 5.1 in base mode; the nonce is that of sequence number 0. */
export function keySchedule(
  { kemId, aeadId, keyBytes }: Suite,
  shared: Uint8Array,
  info: Uint8Array,
): { key: Uint8Array; nonce: Uint8Array } {
  const ids = [kemId, hkdfSha256Id, aeadId].map(twoBytes)
  const suiteId = join(text('HPKE'), ...ids)
  const pskIdHash = labeledExtract(suiteId, none, 'psk_id_hash', none)
  const infoHash = labeledExtract(suiteId, none, 'info_hash', info)
  const context = join(Uint8Array.of(0), pskIdHash, infoHash)
  const secret = labeledExtract(suiteId, shared, 'secret', none)
  return {
    key: labeledExpand(suiteId, secret, { label: 'key', info: context, length: keyBytes }),
    nonce: labeledExpand(suiteId, secret, { label: 'base_nonce', info: context, length: 12 }),
  }
}

/** The x coordinate; noble checks that the point is on the curve and not at infinity. */
function diffieHellman(
  { curve }: Suite,
  privateKey: Uint8Array,
  publicKey: Uint8Array,
): Uint8Array {
  return curve.getSharedSecret(privateKey, publicKey, true).slice(1)
}

function uncompressed({ curve }: Suite, publicKey: Uint8Array): Uint8Array {
  return curve.Point.fromBytes(publicKey).toBytes(false)
}

function labeledExtract(
  suiteId: Uint8Array,
  salt: Uint8Array,
  label: string,
  ikm: Uint8Array,
): Uint8Array {
  return extract(sha256, join(text('HPKE-v1'), suiteId, text(label), ikm), salt)
}

function labeledExpand(
  suiteId: Uint8Array,
  prk: Uint8Array,
  { label, info, length }: { label: string; info: Uint8Array; length: number },
): Uint8Array {
  const labeled = join(twoBytes(length), text('HPKE-v1'), suiteId, text(label), info)
  return expand(sha256, prk, labeled, length)
}

const none = new Uint8Array(0)
const text = (value: string) => new TextEncoder().encode(value)
const twoBytes = (value: number) => Uint8Array.of(value >> 8, value & 255)

function join(...parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
