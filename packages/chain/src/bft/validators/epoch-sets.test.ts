import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { DecidedBlock } from '@quoin/consensus'
import { stakingAbi } from '@quoin/contracts'
import type { ReadCall, ReadOutcome } from '@quoin/engine'
import { createValidatorSet, type ValidatorSet, validatorsHash } from '@quoin/headers'
import { type Hex, silentLogger } from '@quoin/kernel'
import { encodeFunctionResult } from 'viem'
import { validatorOf } from '../../genesis.ts'
import { createEpochSets, type EpochSets } from './epoch-sets.ts'
import { openSetStore, type SetStore } from './set-store.ts'

const epochBlocks = 4
const members = [1, 2, 3, 4].map((fill) => validatorOf(new Uint8Array(32).fill(fill), 10n))
const genesisSet = createValidatorSet(members.slice(0, 3))
const laterSet = createValidatorSet(members)

const hashOf = (height: number): Hex => `0x${height.toString(16).padStart(64, '0')}`
const nothing: Hex = `0x${'0'.repeat(64)}`

/** As far as sets care: height and payload hash. */
function decidedAt(height: number): DecidedBlock {
  const header = { height }
  const payload = { blockHash: hashOf(height) }
  return { id: nothing, block: { header, payload }, certificate: {} } as unknown as DecidedBlock
}

function resultOf({ validators }: Pick<ValidatorSet, 'validators'>): ReadOutcome {
  const data = encodeFunctionResult({
    abi: stakingAbi,
    functionName: 'validatorSet',
    result: [
      validators.map(({ address }) => address),
      validators.map(({ power }) => power),
      validators.map(({ blsPublicKey }) => blsPublicKey),
    ],
  })
  return { isSuccess: true, data }
}

async function withSets(
  answerAt: (height: number) => ReadOutcome,
  test: (sets: EpochSets, more: { store: SetStore; calls: ReadCall[] }) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'quoin-sets-'))
  const calls: ReadCall[] = []
  const execution = {
    async call(request: ReadCall) {
      calls.push(request)
      return answerAt(Number(BigInt(request.blockHash)))
    },
  }
  for (const round of ['first', 'after a restart'] as const) {
    await using store = await openSetStore(folder)
    const logger = silentLogger
    const sets = createEpochSets({ epochBlocks, genesisSet, execution, store, logger })
    if (round === 'first')
      for (let height = 1; height <= 20; height++) await sets.advance(decidedAt(height))
    await test(sets, { store, calls })
  }
  await rm(folder, { recursive: true })
}

const hashAt = (sets: EpochSets, height: number) => validatorsHash(sets.validatorsAt(height))

describe('the sets of epochs', () => {
  it('come two epochs after they were read, and are there after a restart', async () => {
    const answer = (height: number) => resultOf(height < 8 ? genesisSet : laterSet)
    await withSets(answer, async (sets, { calls }) => {
      assert.equal(calls.length, 5, 'one call an epoch, none again')
      for (let height = 1; height <= 12; height++)
        assert.equal(hashAt(sets, height), validatorsHash(genesisSet), `height ${height}`)
      for (let height = 13; height <= 28; height++)
        assert.equal(hashAt(sets, height), validatorsHash(laterSet), `height ${height}`)
      assert.throws(() => sets.validatorsAt(29), /not known yet/)
      await sets.advance(decidedAt(20))
      assert.equal(calls.length, 5, 'a block that was seen is not read again')
    })
  })

  const [first] = members
  assert.ok(first)
  const bad: Record<string, ReadOutcome> = {
    'a revert': { isSuccess: false, data: '0x' },
    'no answer': { isSuccess: true, data: '0x' },
    'another answer': { isSuccess: true, data: `0x${'ff'.repeat(96)}` },
    'an empty set': resultOf({ validators: [] }),
    'a validator twice': resultOf({ validators: [first, first] }),
    'a power of zero': resultOf({ validators: [{ ...first, power: 0n }] }),
    'a BLS key that is none': resultOf({
      validators: [{ ...first, blsPublicKey: `0x${'ab'.repeat(48)}` }],
    }),
    'a BLS key of another size': resultOf({
      validators: [{ ...first, blsPublicKey: '0xab' }],
    }),
  }
  for (const [name, outcome] of Object.entries(bad))
    it(`stay as they are after ${name}`, async () => {
      const answer = (height: number) => (height === 4 ? resultOf(laterSet) : outcome)
      await withSets(answer, async (sets) => {
        assert.equal(hashAt(sets, 8), validatorsHash(genesisSet))
        for (const height of [9, 13, 28])
          assert.equal(hashAt(sets, height), validatorsHash(laterSet))
      })
    })

  it('are not made up when execution cannot answer', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'quoin-sets-'))
    {
      await using store = await openSetStore(folder)
      const execution = { call: () => Promise.reject(new Error('execution is gone')) }
      const logger = silentLogger
      const sets = createEpochSets({ epochBlocks, genesisSet, execution, store, logger })
      await assert.rejects(sets.advance(decidedAt(4)), /execution is gone/)
      assert.throws(() => sets.validatorsAt(9), /not known yet/)
    }
    await rm(folder, { recursive: true })
  })

  it('of a snapshot are taken over', async () => {
    await withSets(
      () => resultOf(genesisSet),
      async (sets) => {
        await sets.adopt(100, laterSet)
        assert.equal(hashAt(sets, 401), validatorsHash(laterSet))
      },
    )
  })
})
