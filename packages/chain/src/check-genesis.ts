import { predeployAddresses } from '@quoin/contracts'
import { createValidatorSet, type ValidatorSet } from '@quoin/headers'
import { CodedError, type Hex } from '@quoin/kernel'
import { isBlsPublicKey } from '@quoin/keys'
import { checkStaking } from './check-staking.ts'
import type { ChainErrorCode } from './errors.ts'
import type { BftGenesis, Genesis } from './genesis-schema.ts'

/** Where the Staking contract is, on chains that have it. */
export const stakingAddress: Hex = predeployAddresses.staking

/** What others keep a validator's power in: the Staking contract's limit too. */
const maxPower = 2n ** 96n - 1n
/** More would not fit what nodes tell each other of votes. */
export const maxValidators = 1000
/** 10^9 coins a block. A withdrawal's amount has 64 bits, and the contract's sums 128, for all times. */
const maxRewardGwei = 10n ** 18n
/** Sums of shares and rewards have 128 bits. */
const maxCoinsWei = 2n ** 126n

/** What a schema cannot say of a genesis. @throws CodedError `GENESIS_INVALID` */
export function checkGenesis(genesis: Genesis): void {
  const { consensus, equalTimestamps } = genesis.config.quoin
  if (consensus.engine === 'pow') {
    if (!equalTimestamps && consensus.targetBlockMs < 1000)
      throw invalid('a targetBlockMs below 1000 needs equalTimestamps')
    return
  }
  const set = genesisValidators(consensus)
  checkValidators(set)
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
  checkCoins(genesis, BigInt(blockRewardGwei))
  try {
    checkStaking(genesis, consensus, set)
  } catch (cause) {
    throw cause instanceof RangeError ? invalid(cause.message, cause) : cause
  }
}

function checkValidators({ validators }: ValidatorSet): void {
  if (validators.length > maxValidators)
    throw invalid(`${validators.length} validators are too many: ${maxValidators} at most`)
  const owners = new Map<Hex, Hex>()
  for (const { address, blsPublicKey, power } of validators) {
    if (!isBlsPublicKey(blsPublicKey))
      throw invalid(`the blsPublicKey of validator ${address} is no point of G1's subgroup`)
    const other = owners.get(blsPublicKey)
    if (other)
      throw invalid(
        `validators ${other} and ${address} have one blsPublicKey: each needs a key of its own`,
      )
    owners.set(blsPublicKey, address)
    if (power > maxPower)
      throw invalid(
        `the power of validator ${address} is 2^96 or more: make all powers smaller in proportion`,
      )
  }
}

function checkCoins({ alloc }: Genesis, rewardGwei: bigint): void {
  if (rewardGwei > maxRewardGwei)
    throw invalid(`a blockRewardGwei of ${rewardGwei} is too much: ${maxRewardGwei} at most`)
  const coins = Object.values(alloc).reduce((sum, { balance }) => sum + BigInt(balance), 0n)
  if (coins > maxCoinsWei)
    throw invalid(
      `alloc gives out ${coins} wei, more than the Staking contract can count with (2^126): give less`,
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
