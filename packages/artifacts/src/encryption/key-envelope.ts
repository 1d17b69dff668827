import { secp256k1 } from '@noble/curves/secp256k1.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, canonicalJson, type Hex, hexToBytes } from '@quoin/kernel'
import type { CID } from 'multiformats/cid'
import { z } from 'zod'
import { parseCid } from '../dag/cid.ts'
import { ArtifactError } from '../errors.ts'
import { openBase, sealBase, secp256k1Suite } from './hpke.ts'
import { checkContentKey, contentKeyBytes } from './segments.ts'

/**
 * A content key sealed to one recipient by HPKE (RFC 9180; DHKEM(secp256k1, HKDF-SHA256), HKDF-SHA256,
 * AES-256-GCM). The recipient is an account's secp256k1 key, so whoever can pay can also receive. The
 * artifact and the cipher are authenticated with it. JSON of under 1 KiB; nothing in it is secret.
 */
export type KeyEnvelope = {
  format: typeof envelopeFormat
  cipher: typeof cipherName
  root: string
  /** The recipient's public key, compressed. */
  recipient: Hex
  encapsulated: Hex
  sealed: Hex
}

const envelopeFormat = 'quoin/key-envelope/1'
const cipherName = 'aes256-gcm-hkdf-64kib'
const info = new TextEncoder().encode(envelopeFormat)

const hexOf = (sizeBytes: number) =>
  z.custom<Hex>(
    (value) =>
      typeof value === 'string' &&
      value.length === 2 + 2 * sizeBytes &&
      /^0x[0-9a-f]*$/.test(value),
    `must be ${sizeBytes} bytes in lower-case hexadecimal`,
  )
const schema = z.strictObject({
  format: z.literal(envelopeFormat),
  cipher: z.literal(cipherName),
  root: z.string().max(128),
  recipient: hexOf(33),
  encapsulated: hexOf(65),
  sealed: hexOf(contentKeyBytes + 16),
})

/** 32 random bytes: the key of one artifact, all its versions' keys being others. */
export function createContentKey(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(contentKeyBytes))
}

/** What may be published of a content key, so that whoever gets one can see that it is the right one. */
export function contentKeyCommitment(contentKey: Uint8Array): Hex {
  const domain = new TextEncoder().encode('quoin/content-key/1')
  return bytesToHex(sha256(Uint8Array.of(...domain, ...checkContentKey(contentKey))))
}

/**
 * Seals the content key of `root` to a public key (33 or 65 bytes).
 * @throws ArtifactError `INVALID_KEY` for a key that is no point of secp256k1, or a content key of
 * another length
 */
export async function sealContentKey({
  root,
  contentKey,
  recipient,
}: {
  root: CID
  contentKey: Uint8Array
  recipient: Uint8Array
}): Promise<KeyEnvelope> {
  const compressed = compress(recipient)
  const subject = subjectOf(root.toString(), bytesToHex(compressed))
  const { encapsulated, ciphertext } = await sealBase(secp256k1Suite, {
    publicKey: compressed,
    plaintext: checkContentKey(contentKey),
    info,
    aad: aadOf(subject),
    ephemeral: secp256k1.utils.randomSecretKey(),
  })
  return { ...subject, encapsulated: bytesToHex(encapsulated), sealed: bytesToHex(ciphertext) }
}

/**
 * Opens an envelope, of any origin, with the recipient's private key.
 * @throws ArtifactError `INVALID_KEY`, and `INVALID_ENVELOPE` when it is malformed, for another artifact, for another key, was
 * changed, or holds a key that is not the one of `commitment`
 */
export async function openContentKey(
  envelope: unknown,
  expected: { root: CID; privateKey: Uint8Array; commitment?: Hex },
): Promise<Uint8Array> {
  const parsed = parseKeyEnvelope(envelope)
  const { root, privateKey, commitment } = expected
  const own = bytesToHex(publicKeyOf(privateKey))
  if (!parseCid(parsed.root).equals(root))
    throw refused(`it is for ${parsed.root}, not for ${root}`)
  if (parsed.recipient !== own)
    throw refused(`it is for the key ${parsed.recipient}, not for yours`)
  let contentKey: Uint8Array
  try {
    contentKey = await openBase(secp256k1Suite, {
      privateKey,
      encapsulated: hexToBytes(parsed.encapsulated),
      ciphertext: hexToBytes(parsed.sealed),
      info,
      aad: aadOf(subjectOf(parsed.root, parsed.recipient)),
    })
  } catch (cause) {
    throw refused('it was changed on the way', cause)
  }
  if (commitment && contentKeyCommitment(contentKey) !== commitment)
    throw refused('the key in it is not the one that was published for the artifact')
  return contentKey
}

/** @throws ArtifactError `INVALID_ENVELOPE` */
export function parseKeyEnvelope(value: unknown): KeyEnvelope {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw refused(z.prettifyError(result.error))
}

function subjectOf(root: string, recipient: Hex) {
  return { format: envelopeFormat, cipher: cipherName, root, recipient } as const
}

function aadOf(subject: ReturnType<typeof subjectOf>): Uint8Array {
  return new TextEncoder().encode(canonicalJson(subject))
}

function publicKeyOf(privateKey: Uint8Array): Uint8Array {
  try {
    return secp256k1.getPublicKey(privateKey, true)
  } catch {
    throw new ArtifactError('INVALID_KEY', 'This is no secp256k1 private key')
  }
}

function compress(publicKey: Uint8Array): Uint8Array {
  try {
    return secp256k1.Point.fromBytes(publicKey).toBytes(true)
  } catch (cause) {
    throw new ArtifactError('INVALID_KEY', 'The recipient is no secp256k1 public key', { cause })
  }
}

function refused(why: string, cause?: unknown): ArtifactError {
  return new ArtifactError(
    'INVALID_ENVELOPE',
    `This key envelope cannot be used: ${why}. Ask the artifact's owner for one`,
    { cause },
  )
}
