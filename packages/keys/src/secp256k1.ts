import { bytesToHex, CodedError, type Hex } from '@quoin/kernel'
import native from 'secp256k1'
import { keccak256 } from './keccak.ts'

/** An ECDSA signature: r and s of 32 bytes, the recovery bit 0 or 1. s is always in the lower half. */
export interface Signature {
  r: Uint8Array
  s: Uint8Array
  yParity: 0 | 1
}

const halfOrder = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n

/** Deterministic (RFC 6979) signature of a 32-byte hash with a 32-byte private key. */
export function signHash(hash: Uint8Array, privateKey: Uint8Array): Signature {
  const { signature, recid } = native.ecdsaSign(hash, privateKey)
  return { r: signature.slice(0, 32), s: signature.slice(32), yParity: recid === 0 ? 0 : 1 }
}

/** The 65-byte form r ‖ s ‖ v (v = 27 or 28) that contracts take. */
export function signatureToBytes(signature: Signature): Uint8Array {
  const bytes = new Uint8Array(65)
  bytes.set(signature.r)
  bytes.set(signature.s, 32)
  bytes[64] = 27 + signature.yParity
  return bytes
}

/**
 * The address that signed, as contracts' ecrecover with OpenZeppelin's checks would find it.
 * @throws CodedError `INVALID_SIGNATURE` for a wrong length, v, range, or a malleable (high) s.
 */
export function recoverAddress(hash: Uint8Array, signature: Uint8Array): Hex {
  const v = signature[64]
  if (signature.length !== 65 || (v !== 27 && v !== 28))
    throw new CodedError('INVALID_SIGNATURE', 'A signature has 65 bytes and ends in 27 or 28')
  const compact = signature.slice(0, 64)
  if (BigInt(bytesToHex(compact.subarray(32))) > halfOrder)
    throw new CodedError('INVALID_SIGNATURE', 'The signature has its s in the upper half (EIP-2)')
  try {
    return publicKeyToAddress(native.ecdsaRecover(compact, v - 27, hash, false))
  } catch (cause) {
    throw new CodedError('INVALID_SIGNATURE', 'No public key made this signature', { cause })
  }
}

/** The uncompressed 65-byte public key of a private key. */
export function privateKeyToPublicKey(privateKey: Uint8Array): Uint8Array {
  return native.publicKeyCreate(privateKey, false)
}

/** Lower-case address: the last 20 bytes of keccak256 over the 64 bytes of the public key. */
export function publicKeyToAddress(publicKey: Uint8Array): Hex {
  return bytesToHex(keccak256(publicKey.subarray(1)).subarray(12))
}

export function privateKeyToAddress(privateKey: Uint8Array): Hex {
  return publicKeyToAddress(privateKeyToPublicKey(privateKey))
}

export function isPrivateKey(bytes: Uint8Array): boolean {
  return bytes.length === 32 && native.privateKeyVerify(bytes)
}

/** A fresh private key from the platform's cryptographic random source. */
export function createPrivateKey(): Uint8Array {
  const key = new Uint8Array(32)
  do crypto.getRandomValues(key)
  while (!isPrivateKey(key))
  return key
}

/**
 * The 64 bytes x ‖ y of the public key behind a compact signature r ‖ s (any s) of a 32-byte hash.
 * @throws CodedError `INVALID_SIGNATURE` when there is none.
 */
export function recoverPublicKey(
  hash: Uint8Array,
  compact: Uint8Array,
  yParity: number,
): Uint8Array {
  try {
    return native.ecdsaRecover(compact, yParity, hash, false).subarray(1)
  } catch (cause) {
    throw new CodedError('INVALID_SIGNATURE', 'No public key made this signature', { cause })
  }
}
