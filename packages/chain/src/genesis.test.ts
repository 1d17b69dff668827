import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import {
  type BftGenesisOptions,
  createGenesis,
  genesisIdOf,
  networkIdOf,
  openChain,
  parseGenesis,
  stakingAddress,
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
    assert.match(wrong({ policy: 'stake', staking: { seats: 1 } }), /seats|validators/)
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
    const alloc = { ...genesis.alloc, [stakingAddress]: contract }
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
