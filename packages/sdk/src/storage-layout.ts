import { bigintToBytes, bytesToHex, type Hex } from '@quoin/kernel'
import { concatHex, keccak256, padHex, toHex } from 'viem'

/**
 * Where Solidity puts what the Registry and Receipts contracts keep ("Layout of State Variables in Storage" of
 * its manual). The contracts are predeploys: their layout is fixed with the genesis.
 */
const registry = { providers: 0n, receiptSigners: 1n, services: 3n }
/** Behind the two strings of OpenZeppelin's EIP712. */
const receipts = { anchors: 3n }

export function providerSlots(provider: Hex): { exists: bigint; endpoint: bigint } {
  const base = mappingSlot(provider, registry.providers)
  return { exists: base, endpoint: base + 1n }
}

export function receiptSignerSlot(provider: Hex, signer: Hex): bigint {
  return mappingSlot(signer, mappingSlot(provider, registry.receiptSigners))
}

export function serviceSlots(id: Hex): { provider: bigint; artifact: bigint; name: bigint } {
  const base = mappingSlot(id, registry.services)
  return { provider: base, artifact: base + 1n, name: base + 8n }
}

/** `numbers` packs count, time and block number, 64 bits each, the first lowest. */
export function anchorSlots(provider: Hex, epoch: bigint): { root: bigint; numbers: bigint } {
  const base = mappingSlot(toHex(epoch), mappingSlot(provider, receipts.anchors))
  return { root: base, numbers: base + 1n }
}

/** A string's text when its slot holds it, else where its text is. */
export function readString(
  slot: bigint,
  value: bigint,
): { text: string } | { slots: bigint[]; length: number } {
  if (value % 2n === 0n) {
    const length = Number((value & 0xffn) / 2n)
    return { text: decode(bigintToBytes(value, 32).subarray(0, Math.min(31, length))) }
  }
  const length = Number((value - 1n) / 2n)
  const first = BigInt(keccak256(toHex(slot, { size: 32 })))
  const count = Math.ceil(Math.min(length, mostText) / 32)
  return { slots: Array.from({ length: count }, (_, index) => first + BigInt(index)), length }
}

export function joinText(words: readonly bigint[], length: number): string {
  const bytes = words.flatMap((word) => [...bigintToBytes(word, 32)])
  return decode(Uint8Array.from(bytes).subarray(0, Math.min(length, mostText)))
}

export function toAddress(word: bigint): Hex {
  return bytesToHex(bigintToBytes(word & ((1n << 160n) - 1n), 20))
}

export function toWord(word: bigint): Hex {
  return bytesToHex(bigintToBytes(word, 32))
}

/** The Registry's own limit is 256 bytes. */
const mostText = 1024

function mappingSlot(key: Hex, slot: bigint): bigint {
  const words = concatHex([padHex(key, { size: 32 }), toHex(slot, { size: 32 })])
  return BigInt(keccak256(words))
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
