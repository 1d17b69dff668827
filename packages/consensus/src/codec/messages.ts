import {
  decodeRlp,
  encodeRlp,
  hexItem,
  numberItem,
  type RlpInput,
  type RlpItem,
  toHex,
  toList,
  toNumber,
} from '@quoin/headers'
import { CodedError } from '@quoin/kernel'
import { blockToRlp, type ConsensusBlock, rlpToBlock } from '../block.ts'
import type { Commit, Proposal, TimedStep, Timer, Vote } from '../core/messages.ts'
import { type DecidedBlock, decidedToRlp, rlpToDecided } from './decided.ts'
import { maxMessageBytes, maxSmallMessageBytes } from './limits.ts'
import { rlpToStatus, type Status, statusToRlp } from './status.ts'
import { proposalToRlp, rlpToProposal, rlpToVote, voteToRlp } from './votes.ts'

/** What nodes send each other: a proposal goes with its block. */
export type Message =
  | { type: 'proposal'; proposal: Proposal; block: ConsensusBlock }
  | { type: 'vote'; vote: Vote }
  | { type: 'status'; status: Status }
  /** A block that was just decided, to a peer that follows us or is behind. */
  | { type: 'decided'; decided: DecidedBlock }

/** What the write-ahead log keeps; blocks stand before the first record that names them. */
export type LogRecord =
  | { type: 'height'; height: number }
  | { type: 'block'; block: ConsensusBlock }
  | { type: 'start' }
  | { type: 'value'; round: number; id: Vote['signature'] }
  | { type: 'proposal'; proposal: Proposal; valid: boolean }
  | { type: 'vote'; vote: Vote }
  | { type: 'timeout'; timer: Timer }
  | { type: 'commit'; commit: Commit }

const timedSteps: readonly TimedStep[] = ['propose', 'prevote', 'precommit']
const recordTypes = [
  'height',
  'block',
  'start',
  'value',
  'proposal',
  'vote',
  'timeout',
  'commit',
] as const

const messageTypes = ['vote', 'proposal', 'status', 'decided'] as const

/** One byte that names the type, then RLP. */
export function encodeMessage(message: Message): Uint8Array {
  const body = encodeRlp(messageToRlp(message))
  const bytes = new Uint8Array(1 + body.length)
  bytes[0] = messageTypes.indexOf(message.type)
  bytes.set(body, 1)
  return bytes
}

/** Sizes are judged before anything is parsed. @throws CodedError `INVALID_ENCODING` */
export function decodeMessage(bytes: Uint8Array): Message {
  const type = messageTypes[bytes[0] ?? messageTypes.length]
  const isSmall = type === 'vote' || type === 'status'
  if (bytes.length > (isSmall ? maxSmallMessageBytes : maxMessageBytes))
    throw new CodedError('INVALID_ENCODING', `No ${type} has ${bytes.length} bytes`)
  const item = type && decodeRlp(bytes.subarray(1))
  switch (type) {
    case 'vote':
      return { type, vote: rlpToVote(item) }
    case 'proposal': {
      const [proposal, block] = toList(item, 'proposal message', 2)
      return { type, proposal: rlpToProposal(proposal), block: rlpToBlock(block) }
    }
    case 'status':
      return { type, status: rlpToStatus(item) }
    case 'decided':
      return { type, decided: rlpToDecided(item) }
    default:
      throw new CodedError('INVALID_ENCODING', `No message has type ${bytes[0]}`)
  }
}

function messageToRlp(message: Message): RlpInput {
  switch (message.type) {
    case 'vote':
      return voteToRlp(message.vote)
    case 'proposal':
      return [proposalToRlp(message.proposal), blockToRlp(message.block)]
    case 'status':
      return statusToRlp(message.status)
    case 'decided':
      return decidedToRlp(message.decided)
  }
}

export function encodeRecord(record: LogRecord): Uint8Array {
  return encodeRlp([numberItem(recordTypes.indexOf(record.type)), ...recordToItems(record)])
}

/** @throws CodedError `INVALID_ENCODING` */
export function decodeRecord(bytes: Uint8Array): LogRecord {
  const [tag, first, second, third] = toList(decodeRlp(bytes), 'record')
  const type = recordTypes[toNumber(tag, 'record type')]
  switch (type) {
    case 'height':
      return { type, height: toNumber(first, 'height') }
    case 'block':
      return { type, block: rlpToBlock(first) }
    case 'start':
      return { type }
    case 'value':
      return { type, round: toNumber(first, 'round'), id: toHex(second, 'id', 32) }
    case 'proposal':
      return { type, proposal: rlpToProposal(first), valid: toNumber(second, 'valid') === 1 }
    case 'vote':
      return { type, vote: rlpToVote(first) }
    case 'timeout':
      return { type, timer: itemsToTimer(first, second, third) }
    case 'commit':
      return { type, commit: rlpToCommit(first) }
    default:
      throw new CodedError('INVALID_ENCODING', 'Unknown type of record')
  }
}

function recordToItems(record: LogRecord): RlpInput[] {
  switch (record.type) {
    case 'height':
      return [numberItem(record.height)]
    case 'block':
      return [blockToRlp(record.block)]
    case 'start':
      return []
    case 'value':
      return [numberItem(record.round), hexItem(record.id)]
    case 'proposal':
      return [proposalToRlp(record.proposal), numberItem(record.valid ? 1 : 0)]
    case 'vote':
      return [voteToRlp(record.vote)]
    case 'timeout': {
      const { height, round, step } = record.timer
      return [numberItem(height), numberItem(round), numberItem(timedSteps.indexOf(step))]
    }
    case 'commit': {
      const { height, round, id, precommits } = record.commit
      return [[numberItem(height), numberItem(round), hexItem(id), precommits.map(voteToRlp)]]
    }
  }
}

function rlpToCommit(item: RlpItem | undefined): Commit {
  const [height, round, id, precommits] = toList(item, 'commit', 4)
  return {
    height: toNumber(height, 'height'),
    round: toNumber(round, 'round'),
    id: toHex(id, 'id', 32),
    precommits: toList(precommits, 'precommits').map(rlpToVote),
  }
}

function itemsToTimer(height?: RlpItem, round?: RlpItem, index?: RlpItem) {
  const step = timedSteps[toNumber(index, 'step')]
  if (!step) throw new CodedError('INVALID_ENCODING', 'Unknown step of a timer')
  return { height: toNumber(height, 'height'), round: toNumber(round, 'round'), step }
}
