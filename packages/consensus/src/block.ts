import type { ExecutionPayload } from '@quoin/engine'
import {
  type BlockHeader,
  type Certificate,
  certificateToRlp,
  commitHash,
  decodeRlp,
  encodeRlp,
  headerToRlp,
  hexItem,
  type RlpInput,
  type RlpItem,
  rlpToCertificate,
  rlpToHeader,
  rlpToPayload,
  toHex,
  toList,
} from '@quoin/headers'
import { bytesToHex, type Hex } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import { encodePayload } from './codec/payload.ts'

/** A block as validators agree on it: the header with what its hashes stand for. */
export interface ConsensusBlock {
  header: BlockHeader
  payload: ExecutionPayload
  executionRequests: Hex[]
  /** Null at height 1 only. */
  lastCommit: Certificate | null
}

/** The header's commitment to payload and requests. */
export function bodyHash({
  payload,
  executionRequests,
}: Pick<ConsensusBlock, 'payload' | 'executionRequests'>): Hex {
  return bytesToHex(keccak256(encodeRlp([encodePayload(payload), executionRequests.map(hexItem)])))
}

/**
 * Whether everything in a block is what its header names. Then the block's id stands for all of it: two
 * bodies under one id cannot both pass, so a verdict on the id holds for whoever brings the body.
 */
export function isWhole({
  header,
  payload,
  executionRequests,
  lastCommit,
}: ConsensusBlock): boolean {
  return (
    header.payloadHash === payload.blockHash &&
    header.lastCommitHash === commitHash(lastCommit) &&
    header.bodyHash === bodyHash({ payload, executionRequests })
  )
}

export function encodeBlock(block: ConsensusBlock): Uint8Array {
  return encodeRlp(blockToRlp(block))
}

/** @throws CodedError `INVALID_ENCODING` */
export function decodeBlock(bytes: Uint8Array): ConsensusBlock {
  return rlpToBlock(decodeRlp(bytes))
}

export function blockToRlp({
  header,
  payload,
  executionRequests,
  lastCommit,
}: ConsensusBlock): RlpInput {
  return [
    headerToRlp(header),
    encodePayload(payload),
    executionRequests.map(hexItem),
    lastCommit ? certificateToRlp(lastCommit) : [],
  ]
}

export function rlpToBlock(item: RlpItem | undefined): ConsensusBlock {
  const [header, payload, requests, commit] = toList(item, 'block', 4)
  return {
    header: rlpToHeader(header),
    payload: rlpToPayload(payload),
    executionRequests: toList(requests, 'requests').map((request) => toHex(request, 'request')),
    lastCommit: toList(commit, 'lastCommit').length === 0 ? null : rlpToCertificate(commit),
  }
}
