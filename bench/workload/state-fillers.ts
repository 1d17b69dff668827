import { bytesToHex, type Hex, hexToBytes } from '@quoin/kernel'
import { keccak256, signHash } from '@quoin/keys'
import { serializeTransaction } from 'viem'

/**
 * Contracts that make state, each call so many pieces of it: `i = slot 0; do { i += 1; … } while (i < end);
 * slot 0 = i`, with a write of i to the slot i, or a coin for the address 2^20 + i, in between.
 */
export const fillers = {
  slots: { address: `0x${'f1'.repeat(20)}`, each: 512, code: loop('808055', 512) },
  accounts: {
    address: `0x${'f2'.repeat(20)}`,
    each: 256,
    code: loop('5f5f5f5f60018562100000015ff150', 256),
  },
} as const satisfies Record<string, { address: Hex; each: number; code: Hex }>

function loop(body: string, each: number): Hex {
  return `0x5f548061${each.toString(16).padStart(4, '0')}01905b600101${body}818110600857${'5f5500'}`
}

/** Signed calls of a filler. */
export function signCalls(
  to: Hex,
  { key, chainId, nonces }: { key: Uint8Array; chainId: number; nonces: readonly number[] },
): Uint8Array[] {
  const fees = { maxFeePerGas: 100_000_000_000n, maxPriorityFeePerGas: 1_000_000n }
  return nonces.map((nonce) => {
    const call = { type: 'eip1559' as const, chainId, nonce, to, gas: 13_000_000n, ...fees }
    const { r, s, yParity } = signHash(keccak256(hexToBytes(serializeTransaction(call))), key)
    const signature = { r: bytesToHex(r), s: bytesToHex(s), yParity }
    return hexToBytes(serializeTransaction(call, signature))
  })
}
