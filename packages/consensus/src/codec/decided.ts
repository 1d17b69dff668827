import {
  blockId,
  type Certificate,
  certificateToRlp,
  decodeRlp,
  encodeRlp,
  type RlpInput,
  type RlpItem,
  rlpToCertificate,
  toList,
} from '@quoin/headers'
import { CodedError, type Hex } from '@quoin/kernel'
import { blockToRlp, type ConsensusBlock, rlpToBlock } from '../block.ts'
import { maxBlockBytes } from './limits.ts'

/** A block that was decided, with the proof. */
export interface DecidedBlock {
  id: Hex
  block: ConsensusBlock
  certificate: Certificate
}

/** As it is stored, and as it goes over the wire. */
export function encodeDecidedBlock(decided: DecidedBlock): Uint8Array {
  return encodeRlp(decidedToRlp(decided))
}

/** @throws CodedError `INVALID_ENCODING`, also when it is too large to be a block. */
export function decodeDecidedBlock(bytes: Uint8Array): DecidedBlock {
  if (bytes.length > maxBlockBytes)
    throw new CodedError('INVALID_ENCODING', `No block has ${bytes.length} bytes`)
  return rlpToDecided(decodeRlp(bytes))
}

export function decidedToRlp({ block, certificate }: DecidedBlock): RlpInput {
  return [blockToRlp(block), certificateToRlp(certificate)]
}

export function rlpToDecided(item: RlpItem | undefined): DecidedBlock {
  const [blockItem, certificateItem] = toList(item, 'decided block', 2)
  const block = rlpToBlock(blockItem)
  return { id: blockId(block.header), block, certificate: rlpToCertificate(certificateItem) }
}
