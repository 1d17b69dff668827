import { privateKeyFromRaw } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { networkError } from './errors.ts'

/** The libp2p key of a 32-byte secp256k1 private key, so that any key file of a node can serve. */
export function networkKey(privateKey: Uint8Array): PrivateKey {
  if (privateKey.length !== 32) throw invalidKey()
  try {
    return privateKeyFromRaw(privateKey)
  } catch (cause) {
    throw invalidKey(cause)
  }
}

/** The libp2p peer id (base58, secp256k1) that a 32-byte secp256k1 network key gives. */
export function peerIdOf(privateKey: Uint8Array): string {
  return peerIdFromPrivateKey(networkKey(privateKey)).toString()
}

const invalidKey = (cause?: unknown) =>
  networkError('NETWORK_KEY_INVALID', 'A network key must be a 32-byte secp256k1 private key.', {
    cause,
  })
