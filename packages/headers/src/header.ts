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
  /** Of the execution requests (EIP-7685), as keccak256 over their RLP list. */
  requestsHash: Hex
  validatorsHash: Hex
  nextValidatorsHash: Hex
  /** Of the certificate for the parent that the block carries. */
  lastCommitHash: Hex
  proposer: Hex
  /** The proposer's BLS signature over the height: 96 bytes. Its hash goes into the next randomness. */
  randaoReveal: Hex
}

/** keccak256 of the RLP list of the domain "quoin/block/1" and the header's fields in their order. */
export function blockId(header: BlockHeader): Hex {
  return bytesToHex(keccak256(encodeRlp([textItem('quoin/block/1'), ...headerToRlp(header)])))
}

export function requestsHash(executionRequests: readonly Hex[]): Hex {
  return bytesToHex(keccak256(encodeRlp(executionRequests.map(hexItem))))
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
    hexItem(header.requestsHash),
    hexItem(header.validatorsHash),
    hexItem(header.nextValidatorsHash),
    hexItem(header.lastCommitHash),
    hexItem(header.proposer),
    hexItem(header.randaoReveal),
  ]
}

/** @throws CodedError `INVALID_ENCODING` */
export function rlpToHeader(item: RlpItem | undefined): BlockHeader {
  const items = toList(item, 'header', 12)
  return {
    chainId: toBigint(items[0], 'chainId'),
    height: toNumber(items[1], 'height'),
    round: toNumber(items[2], 'round'),
    timeMs: toNumber(items[3], 'timeMs'),
    parentId: toHex(items[4], 'parentId', 32),
    payloadHash: toHex(items[5], 'payloadHash', 32),
    requestsHash: toHex(items[6], 'requestsHash', 32),
    validatorsHash: toHex(items[7], 'validatorsHash', 32),
    nextValidatorsHash: toHex(items[8], 'nextValidatorsHash', 32),
    lastCommitHash: toHex(items[9], 'lastCommitHash', 32),
    proposer: toHex(items[10], 'proposer', 20),
    randaoReveal: toHex(items[11], 'randaoReveal', 96),
  }
}
