import { bigintToBytes, bytesToBigint, bytesToHex, type Hex, hexToBytes } from '@quoin/kernel'
import { privateKeyToPublicKey } from '@quoin/keys'

const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

/**
 * The key pair that content keys are sealed to, from an account's private key. The chain has 32 bytes for
 * the public key: its x coordinate, and the point with even y is meant (as BIP-340 has it), so the private
 * key is the account's or its negation.
 */
export function licenceKeyOf(accountKey: Uint8Array): { publicKey: Hex; privateKey: Uint8Array } {
  const point = privateKeyToPublicKey(accountKey)
  const isEven = ((point[64] ?? 0) & 1) === 0
  return {
    publicKey: bytesToHex(point.subarray(1, 33)),
    privateKey: isEven ? accountKey : bigintToBytes(order - bytesToBigint(accountKey), 32),
  }
}

/** The compressed point that a licence's public key stands for. */
export function recipientOf(publicKey: Hex): Uint8Array {
  return Uint8Array.of(2, ...hexToBytes(publicKey))
}
