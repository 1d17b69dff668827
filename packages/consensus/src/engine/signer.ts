import { bytesToHex, type Hex } from '@quoin/kernel'
import { privateKeyToAddress, signatureToBytes, signHash } from '@quoin/keys'

/** Holds a validator's key: in this process, or behind an external signer. */
export interface Signer {
  readonly address: Hex
  /** r ‖ s ‖ v (65 bytes) over a 32-byte digest. */
  sign(digest: Uint8Array): Promise<Hex>
}

export function createLocalSigner(privateKey: Uint8Array): Signer {
  return {
    address: privateKeyToAddress(privateKey),
    sign: async (digest) => bytesToHex(signatureToBytes(signHash(digest, privateKey))),
  }
}
