import { predeployAddresses } from '@quoin/contracts'
import { createValidatorSet, type ValidatorSet } from '@quoin/headers'
import { CodedError, type Hex } from '@quoin/kernel'
import { isBlsPublicKey } from '@quoin/keys'
import type { ChainErrorCode } from './errors.ts'
import type { BftGenesis, Genesis } from './genesis-schema.ts'

/** Where the Staking contract is, on chains that have it. */
export const stakingAddress: Hex = predeployAddresses.staking

/** What a schema cannot say of a genesis. @throws CodedError `GENESIS_INVALID` */
export function checkGenesis(genesis: Genesis): void {
  const { consensus, equalTimestamps } = genesis.config.quoin
  if (consensus.engine === 'pow') {
    if (!equalTimestamps && consensus.targetBlockMs < 1000)
      throw invalid('a targetBlockMs below 1000 needs equalTimestamps')
    return
  }
  genesisValidators(consensus)
  for (const { address, blsPublicKey } of consensus.validators)
    if (!isBlsPublicKey(blsPublicKey))
      throw invalid(`the blsPublicKey of validator ${address} is no point of G1's subgroup`)
  const { policy, epochBlocks, blockRewardGwei } = consensus
  if (policy === 'fixed') {
    if (epochBlocks !== 0) throw invalid('a chain of fixed validators has no epochs (epochBlocks)')
    if (blockRewardGwei !== '0x0')
      throw invalid('a chain of fixed validators has nobody to give a blockRewardGwei to')
    return
  }
  if (epochBlocks < 2) throw invalid(`with the policy ${policy}, epochBlocks must be 2 or more`)
  if (!genesis.alloc[stakingAddress]?.code)
    throw invalid(
      `the policy ${policy} needs the Staking contract at ${stakingAddress} in alloc, with the same validators`,
    )
}

/** The set that decides the first blocks. @throws CodedError `GENESIS_INVALID` */
export function genesisValidators({ validators }: BftGenesis): ValidatorSet {
  try {
    return createValidatorSet(
      validators.map(({ power, ...keys }) => ({ ...keys, power: BigInt(power) })),
    )
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message : String(cause), cause)
  }
}

function invalid(what: string, cause?: unknown): CodedError<ChainErrorCode> {
  return new CodedError('GENESIS_INVALID', `This genesis cannot begin a chain: ${what}`, { cause })
}
