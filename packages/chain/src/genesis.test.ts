import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { evidenceAgeBlocksOf } from './evidence-age.ts'
import {
  type BftGenesisOptions,
  createGenesis,
  genesisIdOf,
  networkIdOf,
  openChain,
  parseGenesis,
  stakingAddress,
  trustingPeriodMsOf,
  validatorOf,
} from './index.ts'

const key = new Uint8Array(32).fill(1)
const options: BftGenesisOptions = {
  chainId: 31_402,
  timestamp: 1_700_000_000,
  alloc: {},
  validators: [validatorOf(key, 1000n), validatorOf(new Uint8Array(32).fill(2), 1000n)],
}

function refusal(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error && error.code === 'GENESIS_INVALID')
    return error.message
  }
  assert.fail('It was accepted')
}

describe('a genesis', () => {
  it('is read as it was written, for every kind of consensus', () => {
    for (const genesis of [
      createGenesis(options),
      createGenesis({ ...options, policy: 'authority' }),
      createGenesis({ ...options, policy: 'stake', epochBlocks: 20, blockRewardGwei: 5n }),
      createGenesis({ ...options, policy: 'delegated' }),
      createGenesis({ chainId: 5, timestamp: 1, alloc: {}, engine: 'pow' }),
    ])
      assert.deepEqual(parseGenesis(JSON.parse(JSON.stringify(genesis))), genesis)
  })

  it('written before policies were is one of fixed validators', () => {
    const genesis = createGenesis(options)
    const { consensus } = genesis.config.quoin
    assert.ok(consensus.engine === 'bft')
    const { policy: _, epochBlocks: __, blockRewardGwei: ___, ...old } = consensus
    const quoin = { ...genesis.config.quoin, consensus: old }
    const before = { ...genesis, config: { ...genesis.config, quoin } }
    assert.deepEqual(parseGenesis(before), genesis)
  })

  it('says what is wrong with it', () => {
    const blsPublicKey = `0x${'ab'.repeat(48)}` as const
    const [first] = options.validators
    assert.ok(first)
    const wrong = (more: Partial<BftGenesisOptions>) =>
      refusal(() => createGenesis({ ...options, ...more }))
    assert.match(wrong({ validators: [] }), /validators/)
    assert.match(wrong({ validators: [first, first] }), /twice/)
    assert.match(wrong({ validators: [{ ...first, blsPublicKey }] }), /blsPublicKey/)
    assert.match(wrong({ validators: [{ ...first, power: 0n }] }), /power/)
    assert.match(wrong({ epochBlocks: 10 }), /no epochs/)
    assert.match(wrong({ blockRewardGwei: 1n }), /blockRewardGwei/)
    assert.match(wrong({ policy: 'stake', epochBlocks: 1 }), /epochBlocks/)
    assert.match(wrong({ policy: 'stake', staking: { seats: 1 } }), /seats/)
    const second = { ...first, address: `0x${'12'.repeat(20)}` as const }
    assert.match(wrong({ validators: [first, second] }), /one blsPublicKey/)
    assert.match(wrong({ validators: [{ ...first, power: 2n ** 96n }] }), /2\^96/)
    const rich = { balance: `0x${(2n ** 127n).toString(16)}` }
    const staked: Partial<BftGenesisOptions> = { policy: 'stake', epochBlocks: 20 }
    assert.match(wrong({ ...staked, alloc: { [`0x${'ee'.repeat(20)}`]: rich } }), /2\^126/)
    assert.match(wrong({ ...staked, blockRewardGwei: 2n ** 64n }), /blockRewardGwei/)
    const parameters: [NonNullable<BftGenesisOptions['staking']>, RegExp][] = [
      [{ minimumStake: 10n ** 24n }, /minimumStake/],
      [{ minimumStake: 1n }, /powerUnit/],
      [{ seats: 257 }, /seats/],
      [{ unbondingSeconds: 59 }, /unbondingSeconds/],
      [{ evidenceBlocks: 99 }, /evidenceBlocks/],
      [{ evidenceBlocks: 500, unbondingBlocks: 539 }, /540 or more/],
      [{ slashBps: 0 }, /slashBps/],
      [{ slashBps: 10_001 }, /slashBps/],
      [{ reporterBps: 5001 }, /reporterBps/],
      [{ unbondingSeconds: 2 ** 32 }, /fit/],
    ]
    for (const [staking, pattern] of parameters)
      assert.match(wrong({ ...staked, staking }), pattern)
    assert.match(wrong({ policy: 'authority', staking: { proposalBlocks: 0 } }), /proposalBlocks/)
    const operator = `0x${'00'.repeat(20)}` as const
    assert.match(wrong({ ...staked, validators: [{ ...first, operator }] }), /operator/)
  })

  it('says where consensus and the Staking contract contradict each other', () => {
    const good = createGenesis({ ...options, policy: 'stake', epochBlocks: 20 })
    const bft = good.config.quoin.consensus
    assert.ok(bft.engine === 'bft')
    const withConsensus = (more: Partial<typeof bft>) => {
      const quoin = { ...good.config.quoin, consensus: { ...bft, ...more } }
      return refusal(() => parseGenesis({ ...good, config: { ...good.config, quoin } }))
    }
    assert.match(withConsensus({ policy: 'delegated' }), /policy delegated.* stake/)
    assert.match(withConsensus({ epochBlocks: 40 }), /40 blocks.* 20/)
    assert.match(withConsensus({ validators: bft.validators.slice(1) }), /other validators/)
    const contract = good.alloc[stakingAddress]
    assert.ok(contract)
    const withContract = (more: Partial<typeof contract>) => {
      const alloc = { ...good.alloc, [stakingAddress]: { ...contract, ...more } }
      return () => parseGenesis({ ...good, alloc })
    }
    assert.match(refusal(withContract({ balance: '0x1' })), /holds 1 wei/)
    assert.match(refusal(withContract({ storage: {} })), /policy/)
    withContract({ code: '0x00' })()
  })

  it('says how long its validators are believed', () => {
    const staked = (unbondingSeconds: number) =>
      trustingPeriodMsOf(
        createGenesis({ ...options, policy: 'stake', staking: { unbondingSeconds } }),
      )
    const dayMs = 86_400_000
    assert.equal(staked(21 * 86_400), 7 * dayMs, 'a week at most')
    assert.equal(staked(3 * 86_400), 2 * dayMs, 'two thirds')
    assert.equal(staked(100), 66_666)
    assert.equal(trustingPeriodMsOf(createGenesis(options)), Number.POSITIVE_INFINITY)
    const listed = createGenesis({ ...options, policy: 'authority' })
    assert.equal(trustingPeriodMsOf(listed), Number.POSITIVE_INFINITY)
    const old = createGenesis({ ...options, policy: 'stake' })
    const contract = { ...old.alloc[stakingAddress], balance: '0x0', code: '0x00' } as const
    const unknown = { ...old, alloc: { ...old.alloc, [stakingAddress]: contract } }
    assert.equal(trustingPeriodMsOf(unknown), 7 * dayMs)
  })

  it('says how long evidence is worth keeping: as long as its contract takes it', () => {
    const age = (more: Partial<BftGenesisOptions>) =>
      evidenceAgeBlocksOf(createGenesis({ ...options, ...more }))
    assert.equal(age({ policy: 'stake', staking: { evidenceBlocks: 777 } }), 777)
    assert.equal(age({ policy: 'authority' }), 500_000)
    assert.equal(age({}), null, 'without a contract nobody says')
  })

  it('has an id without being opened, and another for every rule that nodes must share', async () => {
    const genesis = createGenesis({ ...options, validators: options.validators.slice(0, 1) })
    const folder = await mkdtemp(join(tmpdir(), 'quoin-genesis-'))
    {
      await using chain = await openChain({
        dataDir: folder,
        genesis,
        validatorKey: key,
        rpc: { host: '127.0.0.1', port: 0 },
      })
      const { genesisHash } = await chain.execution.head()
      assert.equal(genesisIdOf(genesis), genesisIdOf(genesis, genesisHash))
    }
    await rm(folder, { recursive: true })
    const stake: BftGenesisOptions = { ...options, policy: 'stake', epochBlocks: 20 }
    const pow = { chainId: 5, timestamp: 1, alloc: {}, engine: 'pow' } as const
    const ids = [
      createGenesis(options),
      createGenesis({ ...options, equalTimestamps: false }),
      createGenesis(stake),
      createGenesis({ ...stake, blockRewardGwei: 1n }),
      createGenesis({ ...stake, epochBlocks: 21 }),
      createGenesis(pow),
      createGenesis({ ...pow, finalizedDepth: 65 }),
    ].map((one) => networkIdOf(one))
    assert.equal(new Set(ids).size, ids.length)
    const slower = createGenesis({ ...options, blockTimeMs: 900 })
    assert.equal(networkIdOf(slower), ids[0], 'the pace is each node’s own')
  })

  it('is refused when the Staking contract begins with other validators', async () => {
    const genesis = createGenesis({ ...options, policy: 'authority' })
    const other = createGenesis({
      ...options,
      policy: 'authority',
      validators: options.validators.slice(0, 1),
    })
    const contract = other.alloc[stakingAddress]
    assert.ok(contract)
    // Of another version, so that only the contract itself can be asked.
    const code: `0x${string}` = `${contract.code ?? '0x'}00`
    const alloc = { ...genesis.alloc, [stakingAddress]: { ...contract, code } }
    const folder = await mkdtemp(join(tmpdir(), 'quoin-genesis-'))
    const opening = openChain({
      dataDir: folder,
      genesis: parseGenesis({ ...genesis, alloc }),
      validatorKey: key,
      rpc: { host: '127.0.0.1', port: 0 },
      network: { privateKey: key, listen: [] },
    })
    await assert.rejects(opening, { code: 'GENESIS_INVALID', message: /other/ })
    await rm(folder, { recursive: true })
  })
})
