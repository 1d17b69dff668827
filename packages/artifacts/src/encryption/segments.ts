import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { ArtifactError } from '../errors.ts'

/**
 * The format of an encrypted file: AES256-GCM-HKDF streaming, ciphertext segments of 64 KiB, as in Google's
 * Tink (developers.google.com/tink/streaming-aead/aes_gcm_hkdf_streaming), an instance of the STREAM
 * construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015):
 *
 *     header   1 byte its length (40), 32 bytes salt, 7 bytes nonce prefix
 *     segments AES-256-GCM under HKDF-SHA256(content key, salt, "quoin/artifact/1"), each with its tag of
 *              16 bytes; nonce = prefix, segment number (4 bytes), 1 if it is the last, else 0
 *
 * The first segment is shorter by the header, so segment i begins at i · 65536. A key is drawn for every
 * encryption from 256 random bits of salt, and within it a nonce is a counter: none can repeat. Order and
 * end are in the nonces, so a segment moved, left out, or an end cut off does not open.
 */
export const segmentBytes = 65_536
export const headerBytes = 40
const tagBytes = 16
const saltBytes = 32
const prefixBytes = 7
export const contentKeyBytes = 32
const associatedData = new TextEncoder().encode('quoin/artifact/1')
const maxSegments = 2 ** 32

export type Header = { salt: Uint8Array; prefix: Uint8Array }

export function encodeHeader({ salt, prefix }: Header): Uint8Array {
  return Uint8Array.of(headerBytes, ...salt, ...prefix)
}

/** @throws ArtifactError `DECRYPTION_FAILED` for a file that is not of this format. */
export function decodeHeader(bytes: Uint8Array): Header {
  if (bytes.length < headerBytes || bytes[0] !== headerBytes)
    throw new ArtifactError(
      'DECRYPTION_FAILED',
      'This is no encrypted artifact: its header is missing. Read it without a key',
    )
  return {
    salt: bytes.slice(1, 1 + saltBytes),
    prefix: bytes.slice(1 + saltBytes, headerBytes),
  }
}

export function newHeader(): Header {
  return {
    salt: crypto.getRandomValues(new Uint8Array(saltBytes)),
    prefix: crypto.getRandomValues(new Uint8Array(prefixBytes)),
  }
}

/** @throws ArtifactError `INVALID_KEY` */
export function deriveFileKey(contentKey: Uint8Array, { salt }: Header): Uint8Array {
  return hkdf(sha256, checkContentKey(contentKey), salt, associatedData, contentKeyBytes)
}

/** @throws ArtifactError `INVALID_KEY` unless it has 32 bytes. */
export function checkContentKey(contentKey: Uint8Array): Uint8Array {
  if (contentKey.length === contentKeyBytes) return contentKey
  throw new ArtifactError('INVALID_KEY', `A content key has ${contentKeyBytes} bytes`)
}

export function nonceOf({ prefix }: Header, index: number, isLast: boolean): Uint8Array {
  if (index >= maxSegments)
    throw new ArtifactError('SOURCE_UNREADABLE', 'A file beyond 256 TiB cannot be encrypted')
  const nonce = new Uint8Array(prefixBytes + 5)
  nonce.set(prefix)
  new DataView(nonce.buffer).setUint32(prefixBytes, index)
  nonce[nonce.length - 1] = isLast ? 1 : 0
  return nonce
}

/** How much plaintext a segment holds at most. */
export function capacityOf(index: number): number {
  return segmentBytes - tagBytes - (index === 0 ? headerBytes : 0)
}

/** The size of the ciphertext of so many bytes. */
export function encryptedSize(plaintextBytes: number): number {
  const later = segmentBytes - tagBytes
  const segments = Math.max(1, Math.ceil((plaintextBytes + headerBytes) / later))
  return plaintextBytes + headerBytes + segments * tagBytes
}

/** @throws ArtifactError `DECRYPTION_FAILED` when no encryption has this size. */
export function decryptedSize(ciphertextBytes: number): number {
  const segments = Math.ceil(ciphertextBytes / segmentBytes)
  const size = ciphertextBytes - headerBytes - segments * tagBytes
  if (size >= 0 && encryptedSize(size) === ciphertextBytes) return size
  throw new ArtifactError(
    'DECRYPTION_FAILED',
    `No encrypted artifact has ${ciphertextBytes} bytes; it was cut off or is not encrypted`,
  )
}
