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
} from '@quoin/headers'
import { bigintToBytes, bytesToHex, type Hex, hexToBytes } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'

/** What the work of a block is done over. */
export interface PowHeader {
  chainId: bigint
  height: number
  /** Milliseconds since 1970; the payload's timestamp is this in whole seconds. */
  timeMs: number
  /** Id of the block before; at height 1 the genesis id. */
  parentId: Hex
  /** Hash of the execution block. */
  payloadHash: Hex
  /**
   * Of payload and execution requests as they are sent, so that a body changed on its way is seen
   * before anything is executed and cannot make a good header look bad.
   */
  bodyHash: Hex
  /** The block's id must not be above this, as 256-bit numbers. */
  target: bigint
  /** Gets fees and reward. */
  miner: Hex
}

/** A header with the nonce that makes it good, and the id that follows. */
export interface SealedHeader {
  header: PowHeader
  /** 64 bits */
  nonce: bigint
  id: Hex
}

/** keccak256 of the RLP list of the domain "quoin/pow/1" and the header's fields in their order. */
export function sealHash(header: PowHeader): Uint8Array {
  return keccak256(encodeRlp([textItem('quoin/pow/1'), ...headerToRlp(header)]))
}

/**
 * The id that a nonce gives: keccak256(sealHash ‖ nonce), 40 bytes, so that one permutation is one
 * attempt and a contract gets the same from `keccak256(abi.encodePacked(bytes32, uint64))`.
 */
export function sealedId(hash: Uint8Array, nonce: bigint): Hex {
  const bytes = new Uint8Array(40)
  bytes.set(hash)
  bytes.set(bigintToBytes(nonce, 8), 32)
  return bytesToHex(keccak256(bytes))
}

export function sealHeader(header: PowHeader, nonce: bigint): SealedHeader {
  return { header, nonce, id: sealedId(sealHash(header), nonce) }
}

/** Whether work was done: the id is at or below the header's own target. */
export function hasWork({ header, id }: SealedHeader): boolean {
  return BigInt(id) <= header.target
}

function headerToRlp(header: PowHeader): RlpItem[] {
  return [
    numberItem(header.chainId),
    numberItem(header.height),
    numberItem(header.timeMs),
    hexItem(header.parentId),
    hexItem(header.payloadHash),
    hexItem(header.bodyHash),
    bigintToBytes(header.target, 32),
    hexItem(header.miner),
  ]
}

export function sealedHeaderToRlp({ header, nonce }: SealedHeader): RlpItem[] {
  return [...headerToRlp(header), bigintToBytes(nonce, 8)]
}

/** @throws CodedError `INVALID_ENCODING` */
export function rlpToSealedHeader(item: RlpItem | undefined): SealedHeader {
  const items = toList(item, 'header', 9)
  const header: PowHeader = {
    chainId: toBigint(items[0], 'chainId'),
    height: toNumber(items[1], 'height'),
    timeMs: toNumber(items[2], 'timeMs'),
    parentId: toHex(items[3], 'parentId', 32),
    payloadHash: toHex(items[4], 'payloadHash', 32),
    bodyHash: toHex(items[5], 'bodyHash', 32),
    target: BigInt(toHex(items[6], 'target', 32)),
    miner: toHex(items[7], 'miner', 20),
  }
  return sealHeader(header, BigInt(toHex(items[8], 'nonce', 8)))
}

/**
 * The randomness of the block on this parent. A miner that finds a block may throw it away for another
 * draw, at the price of the block: good for games with small stakes, not for lotteries.
 */
export function randaoOn(parentId: Hex): Hex {
  return bytesToHex(keccak256(encodeRlp([textItem('quoin/pow-randao/1'), hexToBytes(parentId)])))
}
