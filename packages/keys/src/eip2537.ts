import { PublicKey, Signature } from '@chainsafe/blst'
import { bytesToHex, type Hex, hexToBytes } from '@quoin/kernel'

/**
 * A BLS public key as the EVM's precompiles take it (EIP-2537): x and y, each a field element of 48
 * bytes in 64; 128 bytes. @throws Error when it is no point
 */
export function blsKeyToEvm(publicKey: Hex): Hex {
  const [x, y] = fieldElements(PublicKey.fromBytes(hexToBytes(publicKey), true).toBytes(false))
  return join([x, y])
}

/**
 * A BLS signature as the EVM's precompiles take it: 256 bytes. In a coordinate of G2 the real part comes
 * first there, and the imaginary part in blst. @throws Error when it is no point
 */
export function blsSignatureToEvm(signature: Hex): Hex {
  const bytes = Signature.fromBytes(hexToBytes(signature), true).toBytes(false)
  const [xImaginary, xReal, yImaginary, yReal] = fieldElements(bytes)
  return join([xReal, xImaginary, yReal, yImaginary])
}

const elementBytes = 48

function fieldElements(bytes: Uint8Array): Uint8Array[] {
  const count = bytes.length / elementBytes
  return Array.from({ length: count }, (_, index) =>
    bytes.subarray(index * elementBytes, (index + 1) * elementBytes),
  )
}

function join(elements: readonly (Uint8Array | undefined)[]): Hex {
  const padding = '0'.repeat(32)
  return `0x${elements.map((one) => padding + bytesToHex(one ?? new Uint8Array()).slice(2)).join('')}`
}
