import { CodedError } from '@quoin/kernel'
import { bodyHash, type PowBlock } from './block.ts'
import type { PowErrorCode } from './errors.ts'
import { randaoOn, type SealedHeader } from './header.ts'
import { type PowRules, rewardAt } from './rules.ts'
import { earliestTimeMs, type Link, targetAfter } from './tree/link.ts'

/**
 * All rules of a header on its parent except the work itself and whether its time has come.
 * @throws CodedError `INVALID_BLOCK`
 */
export function checkHeader({ header }: SealedHeader, parent: Link, rules: PowRules): void {
  const require = requireOf(header.height)
  require(header.chainId === rules.chainId, 'it is of another chain')
  require(header.parentId === parent.id, `its parent is not ${parent.id}`)
  require(header.height === parent.height + 1, `it does not follow height ${parent.height}`)
  require(header.timeMs >= earliestTimeMs(parent, rules), 'its time is not after its parent')
  require(header.target === targetAfter(parent, rules), 'its target is not what the rules give')
}

/** That a body is the header's, and fits it. What its transactions do is for execution to say. */
export function checkBody(block: PowBlock, parent: Link, rules: PowRules): void {
  const { header, payload } = block
  const require = requireOf(header.height)
  require(header.bodyHash === bodyHash(block), 'its body is not the one it names')
  require(payload.blockHash === header.payloadHash, 'its payload is not the one it names')
  require(payload.parentHash === parent.payloadHash, 'its payload has another parent')
  require(BigInt(payload.blockNumber) === BigInt(header.height), 'its payload has another number')
  const seconds = BigInt(Math.floor(header.timeMs / 1000))
  require(BigInt(payload.timestamp) === seconds, 'its payload has another time')
  require(payload.prevRandao === randaoOn(parent.id), "its randomness is not its parent's")
  require(payload.feeRecipient === header.miner, 'its fees go to another than its miner')
  checkReward(block, rules)
}

function checkReward({ header, payload: { withdrawals } }: PowBlock, rules: PowRules): void {
  const expected = withdrawalsAt(header.height, header.miner, rules)
  const [want] = expected
  const [paid] = withdrawals
  const isRight =
    withdrawals.length === expected.length &&
    (!want ||
      (paid !== undefined &&
        BigInt(paid.index) === BigInt(want.index) &&
        BigInt(paid.validatorIndex) === BigInt(want.validatorIndex) &&
        paid.address === want.address &&
        BigInt(paid.amount) === BigInt(want.amount)))
  requireOf(header.height)(isRight, 'its reward is not what the schedule gives')
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

function requireOf(height: number) {
  return (holds: boolean, what: string) => {
    if (!holds)
      throw new CodedError<PowErrorCode>('INVALID_BLOCK', `Block ${height} is invalid: ${what}`)
  }
}
