import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createGenesis, validatorOf } from '@quoin/chain'
import { openExecution } from '@quoin/execution'
import { createValidatorSet, validatorsHash } from '@quoin/headers'
import { decodeFunctionResult, encodeFunctionData, getAddress } from 'viem'
import type { Hex } from './addresses.ts'
import {
  predeployAddresses,
  readStakingGenesis,
  type StakingGenesis,
  stakingAbi,
  stakingDefaults,
  stakingGenesis,
  vaultOf,
} from './index.ts'

const ether = 10n ** 18n
const validators = [1, 2, 3, 4].map((fill) =>
  validatorOf(new Uint8Array(32).fill(fill), 1000n * BigInt(fill)),
)

/** Calls views of the Staking contract on our execution client, on the state of a genesis block. */
async function readGenesis(staking: StakingGenesis) {
  const path = await mkdtemp(join(tmpdir(), 'quoin-staking-'))
  const alloc = stakingGenesis(staking)
  const genesis = createGenesis({ chainId: 31402, timestamp: 1_800_000_000, alloc, validators })
  const execution = await openExecution({ genesis, dataDir: path })
  return {
    alloc,
    async read(functionName: string, args: readonly unknown[] = []): Promise<unknown> {
      const request = { abi: stakingAbi as never, functionName, args } as never
      const to = predeployAddresses.staking
      const result = await execution.call(
        { to, input: encodeFunctionData(request) },
        { blockHash: execution.blocks.head.hash },
      )
      assert.equal(result.failure, null, functionName)
      return decodeFunctionResult({ ...(request as object), data: result.returnData } as never)
    },
    async [Symbol.asyncDispose]() {
      await execution[Symbol.asyncDispose]()
      await rm(path, { recursive: true, force: true })
    },
  }
}

describe('a genesis with validators', () => {
  for (const policy of ['authority', 'stake', 'delegated'] as const) {
    it(`gives the contract the set that it was made of: ${policy}`, async () => {
      await using chain = await readGenesis({ policy, validators, epochBlocks: 32 })
      const [addresses, powers, keys] = (await chain.read('validatorSet')) as [
        Hex[],
        bigint[],
        Hex[],
      ]
      const members = addresses.map((address, index) => ({
        address: address.toLowerCase() as Hex,
        power: powers[index] ?? 0n,
        blsPublicKey: keys[index] ?? '0x',
      }))
      assert.deepEqual(powers, [4000n, 3000n, 2000n, 1000n], 'the strongest first')
      assert.equal(
        validatorsHash(createValidatorSet(members)),
        validatorsHash(createValidatorSet(validators)),
      )
      const { balance } = chain.alloc[predeployAddresses.staking] ?? { balance: '0x0' }
      assert.equal(BigInt(balance), policy === 'authority' ? 0n : 10_000n * ether)
    })
  }

  it('is read back from the storage as it was written', () => {
    const parameters = { seats: 77, unbondingSeconds: 1234, minimumStake: 5n * ether }
    const given: StakingGenesis = { policy: 'delegated', validators, epochBlocks: 32, parameters }
    const account = stakingGenesis(given)[predeployAddresses.staking]
    assert.ok(account)
    const read = readStakingGenesis(account)
    const { unbondingBlocks, ...rules } = read?.rules ?? { unbondingBlocks: 0 }
    assert.equal(unbondingBlocks, stakingDefaults.evidenceBlocks + 64)
    const kind = { policy: 'delegated', epochBlocks: 32 }
    assert.deepEqual(rules, { ...stakingDefaults, ...parameters, ...kind })
    assert.equal(read?.validatorsHash, validatorsHash(createValidatorSet(validators)))
    assert.equal(read?.balance, 10_000n * ether)
    assert.equal(readStakingGenesis({ ...account, code: '0x00' }), null)
  })

  it('places vaults where the contract does', async () => {
    await using chain = await readGenesis({ policy: 'authority', validators, epochBlocks: 32 })
    for (const { address } of validators) {
      const vault = vaultOf(predeployAddresses.staking, address)
      assert.equal(await chain.read('vaultOf', [address]), getAddress(vault))
    }
  })

  it('refuses parameters that contradict each other', () => {
    const good: StakingGenesis = { policy: 'stake', validators, epochBlocks: 32 }
    const bad: StakingGenesis[] = [
      { ...good, validators: [] },
      { ...good, epochBlocks: 0 },
      { ...good, validators: [...validators, ...validators.slice(1)] },
      { ...good, parameters: { seats: 3 } },
      { ...good, parameters: { evidenceBlocks: 100, unbondingBlocks: 163 } },
      { ...good, parameters: { minimumStake: 1001n * ether } },
      { ...good, parameters: { minimumStake: ether - 1n } },
      { ...good, parameters: { slashBps: 10_001 } },
      { ...good, parameters: { reporterBps: 5001 } },
      { ...good, parameters: { evidenceBlocks: 99 } },
      { ...good, parameters: { unbondingSeconds: 59 } },
    ]
    for (const genesis of bad) assert.throws(() => stakingGenesis(genesis), RangeError)
    stakingGenesis(good)
  })
})
