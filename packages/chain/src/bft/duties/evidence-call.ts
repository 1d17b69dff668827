import type { Evidence, Proposal, Vote } from '@quoin/consensus'
import { stakingAbi } from '@quoin/contracts'
import type { Hex } from '@quoin/kernel'
import { encodeFunctionData } from 'viem'

const kinds = { proposal: 0, prevote: 1, precommit: 2 } as const
const nil: Hex = `0x${'0'.repeat(64)}`

/** The call to the Staking contract that convicts by this evidence. */
export function evidenceToCall(evidence: Evidence): Hex {
  if (evidence.kind === 'amnesia')
    return encodeFunctionData({
      abi: stakingAbi,
      functionName: 'slashAmnesia',
      args: [toStatement(evidence.precommit), toStatement(evidence.prevote)],
    })
  return encodeFunctionData({
    abi: stakingAbi,
    functionName: 'slashDuplicate',
    args: [toStatement(evidence.first), toStatement(evidence.second)],
  })
}

function toStatement({ kind, height, round, id, validRound, signature }: Vote | Proposal) {
  const validRoundPlusOne = kind === 'precommit' ? 0 : validRound + 1
  const what = { kind: kinds[kind], id: id ?? nil, validRoundPlusOne }
  return { ...what, height: BigInt(height), round, signature }
}
