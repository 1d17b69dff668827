import type { ExecutionLayer } from '@quoin/engine'
import { createValidatorSet, type ValidatorSet } from '@quoin/headers'
import { CodedError, type Hex } from '@quoin/kernel'
import { isBlsPublicKey } from '@quoin/keys'
import { decodeFunctionResult, encodeFunctionData, parseAbi } from 'viem'
import { maxValidators, stakingAddress } from '../../check-genesis.ts'

const abi = parseAbi([
  'function validatorSet() view returns (address[] validators, uint256[] powers, bytes[] blsPublicKeys)',
])
const data = encodeFunctionData({ abi, functionName: 'validatorSet' })

/**
 * The set that the Staking contract names after a block; a reason when it names none that could be one.
 * Every node comes to the same answer. Rejects when execution cannot answer.
 */
export async function readValidatorSet(
  execution: Pick<ExecutionLayer, 'call'>,
  blockHash: Hex,
): Promise<ValidatorSet | { problem: string }> {
  const outcome = await execution.call({ to: stakingAddress, data, blockHash })
  if (!outcome.isSuccess) return { problem: `the contract reverts with ${outcome.data}` }
  let columns: readonly [readonly Hex[], readonly bigint[], readonly Hex[]]
  try {
    columns = decodeFunctionResult({ abi, functionName: 'validatorSet', data: outcome.data })
  } catch {
    return { problem: 'the contract gives something else than validators' }
  }
  return toSet(columns)
}

function toSet([addresses, powers, blsPublicKeys]: readonly [
  readonly Hex[],
  readonly bigint[],
  readonly Hex[],
]): ValidatorSet | { problem: string } {
  const { length } = addresses
  if (length > maxValidators) return { problem: `${length} validators are too many` }
  if (powers.length !== length || blsPublicKeys.length !== length)
    return { problem: 'its lists differ in length' }
  try {
    const members = addresses.map((address, index) => ({
      address: lowerCase(address),
      power: powers[index] ?? 0n,
      blsPublicKey: lowerCase(blsPublicKeys[index] ?? '0x'),
    }))
    const set = createValidatorSet(members)
    const broken = members.find(({ blsPublicKey }) => !isBlsPublicKey(blsPublicKey))
    if (broken) return { problem: `the BLS key of ${broken.address} is no key` }
    return set
  } catch (error) {
    if (error instanceof CodedError) return { problem: error.message }
    throw error
  }
}

function lowerCase(value: Hex): Hex {
  return `0x${value.slice(2).toLowerCase()}`
}
