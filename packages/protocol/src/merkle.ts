import type { Hex } from '@quoin/kernel'
import { concat, keccak256 } from 'viem'
import type { ReceiptProof } from './receipt.ts'

/**
 * The leaf of a receipt as OpenZeppelin's StandardMerkleTree of ['bytes32'] has it:
 * keccak256(bytes.concat(keccak256(abi.encode(receiptId)))). Hashed twice, so no inner node is a leaf.
 */
export function receiptLeaf(receiptId: Hex): Hex {
  return keccak256(keccak256(receiptId))
}

/** The root that a sorted-pair path (OpenZeppelin's MerkleProof) leads to from a receipt. */
export function merkleRootOf(receiptId: Hex, path: readonly Hex[]): Hex {
  return path.reduce<Hex>((node, sibling) => {
    const [low, high] = node < sibling.toLowerCase() ? [node, sibling] : [sibling, node]
    return keccak256(concat([low, high]))
  }, receiptLeaf(receiptId))
}

/** Whether the path leads to the anchor's root. That the anchor is on the chain is another question. */
export function isReceiptIncluded(receiptId: Hex, proof: ReceiptProof): boolean {
  return merkleRootOf(receiptId, proof.path) === proof.anchor.root.toLowerCase()
}
