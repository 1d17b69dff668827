import { secp256k1 } from '@noble/curves/secp256k1.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex, CodedError, type Hex } from '@quoin/kernel'

/** `hash.ts` in plain JavaScript, for browsers. */
export function keccak256(bytes: Uint8Array): Uint8Array {
  return keccak_256(bytes)
}

/** @throws CodedError `INVALID_SIGNATURE` for a wrong length, v, range, or a malleable (high) s. */
export function recoverAddress(hash: Uint8Array, signature: Uint8Array): Hex {
  const v = signature[64]
  if (signature.length !== 65 || (v !== 27 && v !== 28))
    throw new CodedError('INVALID_SIGNATURE', 'A signature has 65 bytes and ends in 27 or 28')
  try {
    const parsed = secp256k1.Signature.fromBytes(signature.subarray(0, 64)).addRecoveryBit(v - 27)
    if (parsed.hasHighS())
      throw new CodedError('INVALID_SIGNATURE', 'The signature has its s in the upper half (EIP-2)')
    const publicKey = parsed.recoverPublicKey(hash).toBytes(false)
    return bytesToHex(keccak_256(publicKey.subarray(1)).subarray(12))
  } catch (cause) {
    if (cause instanceof CodedError) throw cause
    throw new CodedError('INVALID_SIGNATURE', 'No public key made this signature', { cause })
  }
}
