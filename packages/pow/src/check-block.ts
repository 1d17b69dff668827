import { CodedError } from '@quoin/kernel'
import { bodyHash, type PowBlock } from './block.ts'
import type { PowErrorCode } from './errors.ts'
import { randaoOn, type SealedHeader } from './header.ts'
import { type PowRules, rewardAt } from './rules.ts'
import { earliestTimeMs, type Link, targetAfter } from './tree/link.ts'

/** One rule of a block on its parent. */
export interface Check<Subject> {
  name: string
  /** What is said of a block that breaks it. */
  wrong: string
  holds(subject: Subject, parent: Link, rules: PowRules): boolean
}

/** All rules of a header on its parent except the work itself and whether its time has come. */
export const headerChecks: readonly Check<SealedHeader>[] = [
  {
    name: 'chain',
    wrong: 'it is of another chain',
    holds: ({ header }, _, rules) => header.chainId === rules.chainId,
  },
  {
    name: 'parent',
    wrong: 'its parent is another',
    holds: ({ header }, parent) => header.parentId === parent.id,
  },
  {
    name: 'height',
    wrong: 'it does not follow the height of its parent',
    holds: ({ header }, parent) => header.height === parent.height + 1,
  },
  {
    name: 'time',
    wrong: 'its time is not after its parent',
    holds: ({ header }, parent, rules) => header.timeMs >= earliestTimeMs(parent, rules),
  },
  {
    name: 'target',
    wrong: 'its target is not what the rules give',
    holds: ({ header }, parent, rules) => header.target === targetAfter(parent, rules),
  },
]

export function hasBody(block: PowBlock): boolean {
  return block.header.bodyHash === bodyHash(block)
}

/** That a header's own body fits it. What its transactions do is for execution to say. */
export const bodyChecks: readonly Check<PowBlock>[] = [
  {
    name: 'payload',
    wrong: 'its payload is not the one it names',
    holds: ({ header, payload }) => payload.blockHash === header.payloadHash,
  },
  {
    name: 'payload parent',
    wrong: 'its payload has another parent',
    holds: ({ payload }, parent) => payload.parentHash === parent.payloadHash,
  },
  {
    name: 'payload number',
    wrong: 'its payload has another number',
    holds: ({ header, payload }) => BigInt(payload.blockNumber) === BigInt(header.height),
  },
  {
    name: 'payload time',
    wrong: 'its payload has another time',
    holds: ({ header, payload }) =>
      BigInt(payload.timestamp) === BigInt(Math.floor(header.timeMs / 1000)),
  },
  {
    name: 'randomness',
    wrong: "its randomness is not its parent's",
    holds: ({ payload }, parent) => payload.prevRandao === randaoOn(parent.id),
  },
  {
    name: 'fees',
    wrong: 'its fees go to another than its miner',
    holds: ({ header, payload }) => payload.feeRecipient === header.miner,
  },
  {
    name: 'reward',
    wrong: 'its reward is not what the schedule gives',
    holds: (block, _, rules) => isRewardRight(block, rules),
  },
]

/** @throws CodedError `INVALID_BLOCK` naming the first check that does not hold */
export function requireChecks<Subject extends SealedHeader>(
  checks: readonly Check<Subject>[],
  subject: Subject,
  place: { parent: Link; rules: PowRules },
): void {
  for (const { wrong, holds } of checks)
    if (!holds(subject, place.parent, place.rules))
      throw new CodedError<PowErrorCode>(
        'INVALID_BLOCK',
        `Block ${subject.header.height} is invalid: ${wrong}`,
      )
}

function isRewardRight({ header, payload: { withdrawals } }: PowBlock, rules: PowRules): boolean {
  const expected = withdrawalsAt(header.height, header.miner, rules)
  const [want] = expected
  const [paid] = withdrawals
  if (withdrawals.length !== expected.length) return false
  if (!want || !paid) return true
  return (
    BigInt(paid.index) === BigInt(want.index) &&
    BigInt(paid.validatorIndex) === BigInt(want.validatorIndex) &&
    paid.address === want.address &&
    BigInt(paid.amount) === BigInt(want.amount)
  )
}

/** The reward as the one withdrawal of a block (EIP-4895, gwei); none when nothing is left. */
export function withdrawalsAt(height: number, miner: PowBlock['header']['miner'], rules: PowRules) {
  const amount = rewardAt(height, rules)
  if (amount === 0n) return []
  return [
    {
      index: `0x${(height - 1).toString(16)}` as const,
      validatorIndex: '0x0' as const,
      address: miner,
      amount: `0x${amount.toString(16)}` as const,
    },
  ]
}
