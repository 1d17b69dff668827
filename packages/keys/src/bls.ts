import { createHash } from 'node:crypto'
import { PublicKey, SecretKey, Signature, verify } from '@chainsafe/blst'
import { bytesToHex, type Hex, hexToBytes } from '@quoin/kernel'

/**
 * BLS12-381 signatures with keys in G1 (48 bytes) and signatures in G2 (96 bytes), both compressed;
 * ciphersuite BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_ (draft-irtf-cfrg-bls-signature-05). A message has
 * one signature under a key and no other: what makes it fit for randomness that cannot be chosen.
 */
export interface BlsKey {
  /** 48 bytes */
  readonly publicKey: Hex
  /** 96 bytes over a message of any length */
  sign(message: Uint8Array): Hex
}

/** The BLS key that belongs to a validator's 32-byte secp256k1 key, so that there is one secret to keep. */
export function deriveBlsKey(privateKey: Uint8Array): BlsKey {
  const material = createHash('sha256').update('quoin/bls/1').update(privateKey).digest()
  const secret = SecretKey.fromKeygen(material)
  return {
    publicKey: bytesToHex(secret.toPublicKey().toBytes()),
    sign: (message) => bytesToHex(secret.sign(message).toBytes()),
  }
}

const parsedKeys = new Map<Hex, PublicKey>()
const maxParsedKeys = 4096

/** False also for keys and signatures that are no points of their groups. */
export function verifyBls(message: Uint8Array, publicKey: Hex, signature: Hex): boolean {
  try {
    return verify(
      message,
      parsePublicKey(publicKey),
      Signature.fromBytes(hexToBytes(signature)),
      false,
      true,
    )
  } catch {
    return false
  }
}

/** Whether these are the 48 bytes of a point in G1's subgroup, and not the point at infinity. */
export function isBlsPublicKey(publicKey: Hex): boolean {
  try {
    parsePublicKey(publicKey)
    return true
  } catch {
    return false
  }
}

/** Checked once for its group: that costs as much as half a verification. */
function parsePublicKey(publicKey: Hex): PublicKey {
  const known = parsedKeys.get(publicKey)
  if (known) return known
  const parsed = PublicKey.fromBytes(hexToBytes(publicKey), true)
  if (parsedKeys.size >= maxParsedKeys) parsedKeys.clear()
  parsedKeys.set(publicKey, parsed)
  return parsed
}
