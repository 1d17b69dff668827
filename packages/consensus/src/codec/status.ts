import { hexItem, numberItem, type RlpItem, toHex, toList, toNumber } from '@quoin/headers'
import { CodedError, type Hex } from '@quoin/kernel'

/**
 * Where a node stands and what it has: whoever hears it sends what is missing. Not signed, so it is
 * believed only as far as answering it: it never changes what the core knows.
 */
export interface Status {
  /** The height that the node is deciding. */
  height: number
  /** Id of the block before it: differs only on a fork. */
  parentId: Hex
  /** −1 when it has not begun the height. */
  round: number
  /** The last round whose polka it holds together with the block; −1 without. */
  validRound: number
  /** Whether it has the proposal of `round`. */
  hasProposal: boolean
  /** Bit i, least significant first: it has the vote of validator i (by ascending address) in `round`. */
  prevotes: Hex
  precommits: Hex
  /** Asks to be sent each block as soon as it is decided. */
  follows: boolean
}

const flags = { hasProposal: 1, follows: 2 }

export function statusToRlp(status: Status): RlpItem {
  const { hasProposal, follows } = status
  return [
    numberItem(status.height),
    hexItem(status.parentId),
    numberItem(status.round + 1),
    numberItem(status.validRound + 1),
    numberItem((hasProposal ? flags.hasProposal : 0) | (follows ? flags.follows : 0)),
    hexItem(status.prevotes),
    hexItem(status.precommits),
  ]
}

/** @throws CodedError `INVALID_ENCODING` */
export function rlpToStatus(item: RlpItem | undefined): Status {
  const items = toList(item, 'status', 7)
  const bits = toNumber(items[4], 'flags')
  if (bits > 3) throw new CodedError('INVALID_ENCODING', 'A status has two flags')
  return {
    height: toNumber(items[0], 'height'),
    parentId: toHex(items[1], 'parentId', 32),
    round: toNumber(items[2], 'round') - 1,
    validRound: toNumber(items[3], 'validRound') - 1,
    hasProposal: (bits & flags.hasProposal) !== 0,
    follows: (bits & flags.follows) !== 0,
    prevotes: toHex(items[5], 'prevotes'),
    precommits: toHex(items[6], 'precommits'),
  }
}

/** The bitmap of those members, by position, for which `has` holds. */
export function toBitmap<T>(members: readonly T[], has: (member: T) => boolean): Hex {
  const bytes = Buffer.alloc(Math.ceil(members.length / 8))
  for (const [index, member] of members.entries())
    if (has(member)) bytes[index >> 3] = (bytes[index >> 3] ?? 0) | (1 << (index & 7))
  return `0x${bytes.toString('hex')}`
}

/** Bit `index` of a bitmap; false beyond its end. */
export function hasBit(bitmap: Hex, index: number): boolean {
  const digits = bitmap.slice(2 + 2 * (index >> 3), 4 + 2 * (index >> 3))
  return digits !== '' && (Number.parseInt(digits, 16) & (1 << (index & 7))) !== 0
}
