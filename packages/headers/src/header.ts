import { bytesToHex, type Hex } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys/hash'
import { type Certificate, certificateToRlp } from './certificate.ts'
import {
  encodeRlp,
  hexItem,
  numberItem,
  type RlpItem,
  textItem,
  toBigint,
  toHex,
  toList,
  toNumber,
} from './rlp.ts'

/** What a consensus block's id commits to. */
export interface BlockHeader {
  chainId: bigint
  /** Also the number of the execution block; the genesis is 0 and has no consensus block. */
  height: number
  /** The round in which the block was first proposed, hence who its proposer must be. */
  round: number
  /** Milliseconds since 1970, strictly increasing; the payload's timestamp is this in whole seconds. */
  timeMs: number
  /** Id of the block before; at height 1 the id of the genesis. */
  parentId: Hex
  /** Hash of the execution block. */
  payloadHash: Hex
  /**
   * keccak256 of RLP([payload, execution requests]) as validators send them: whoever relays a block with
   * another body is found out without executing it.
   */
  bodyHash: Hex
  validatorsHash: Hex
  nextValidatorsHash: Hex
  /** Of the certificate for the parent that the block carries. */
  lastCommitHash: Hex
  proposer: Hex
  /** The proposer's BLS signature over the height: 96 bytes. Its hash goes into the next randomness. */
  randaoReveal: Hex
  /**
   * In the last block of an epoch: the validators, by ascending address, whose precommits are missing in
   * more than half of the epoch's certificates. Empty in all other blocks.
   */
  absent: readonly Hex[]
}

/** keccak256 of the RLP list of the domain "quoin/block/1" and the header's fields in their order. */
export function blockId(header: BlockHeader): Hex {
  return bytesToHex(keccak256(encodeHeaderPreimage(header)))
}

/** What `blockId` hashes: for contracts that read a header proven by the id in EIP-4788's field. */
export function encodeHeaderPreimage(header: BlockHeader): Uint8Array {
  return encodeRlp([textItem('quoin/block/1'), ...headerToRlp(header)])
}

export function commitHash(commit: Certificate | null): Hex {
  return bytesToHex(keccak256(encodeRlp(commit ? certificateToRlp(commit) : [])))
}

export function headerToRlp(header: BlockHeader): RlpItem[] {
  return [
    numberItem(header.chainId),
    numberItem(header.height),
    numberItem(header.round),
    numberItem(header.timeMs),
    hexItem(header.parentId),
    hexItem(header.payloadHash),
    hexItem(header.bodyHash),
    hexItem(header.validatorsHash),
    hexItem(header.nextValidatorsHash),
    hexItem(header.lastCommitHash),
    hexItem(header.proposer),
    hexItem(header.randaoReveal),
    header.absent.map(hexItem),
  ]
}

/** @throws CodedError `INVALID_ENCODING` */
export function rlpToHeader(item: RlpItem | undefined): BlockHeader {
  const items = toList(item, 'header', 13)
  return {
    chainId: toBigint(items[0], 'chainId'),
    height: toNumber(items[1], 'height'),
    round: toNumber(items[2], 'round'),
    timeMs: toNumber(items[3], 'timeMs'),
    parentId: toHex(items[4], 'parentId', 32),
    payloadHash: toHex(items[5], 'payloadHash', 32),
    bodyHash: toHex(items[6], 'bodyHash', 32),
    validatorsHash: toHex(items[7], 'validatorsHash', 32),
    nextValidatorsHash: toHex(items[8], 'nextValidatorsHash', 32),
    lastCommitHash: toHex(items[9], 'lastCommitHash', 32),
    proposer: toHex(items[10], 'proposer', 20),
    randaoReveal: toHex(items[11], 'randaoReveal', 96),
    absent: toList(items[12], 'absent').map((address) => toHex(address, 'absent', 20)),
  }
}
