import { bytesToHex, type Hex } from '@quoin/kernel'
import { deriveBlsKey, privateKeyToAddress, signatureToBytes, signHash } from '@quoin/keys'

/** Holds a validator's key: in this process, or behind an external signer. */
export interface Signer {
  readonly address: Hex
  /** 48 bytes; see `deriveBlsKey`. */
  readonly blsPublicKey: Hex
  /** r ‖ s ‖ v (65 bytes) over a 32-byte digest. */
  sign(digest: Uint8Array): Promise<Hex>
  /** The BLS signature (96 bytes) over a 32-byte digest. */
  reveal(digest: Uint8Array): Promise<Hex>
}

export function createLocalSigner(privateKey: Uint8Array): Signer {
  const bls = deriveBlsKey(privateKey)
  return {
    blsPublicKey: bls.publicKey,
    reveal: async (digest) => bls.sign(digest),
    address: privateKeyToAddress(privateKey),
    sign: async (digest) => bytesToHex(signatureToBytes(signHash(digest, privateKey))),
  }
}
