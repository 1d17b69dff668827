import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { memoryLightStore } from './chain/stores.ts'
import type { ForkEvidence } from './fork/fork-evidence.ts'
import { createLightClient, type LightClientOptions } from './light-client.ts'
import type { LightProvider } from './provider/interface.ts'
import {
  certify,
  type MadeChain,
  type Member,
  makeChain,
  member,
  members,
} from './test-support/made-chain.ts'

const four = members(4)
const fixed = { setAt: () => four }
const dayMs = 86_400_000

function follow(chain: MadeChain, options: Partial<LightClientOptions> = {}) {
  return createLightClient({
    providers: [chain.provider()],
    root: { genesisId: chain.genesisId },
    nowMs: () => chain.endMs,
    ...options,
  })
}

const code = (code: string, message?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Error && 'code' in error, String(error))
  assert.equal(error.code, code, error.message)
  if (message) assert.match(error.message, message)
  return true
}

/** A new set of validators in every epoch: `keep` of the `size` stay. */
function rotating({ size, keep, epoch }: { size: number; keep: number; epoch: number }) {
  const sets = new Map<number, Member[]>()
  return (height: number) => {
    const number = Math.floor(height / epoch)
    const known = sets.get(number)
    if (known) return known
    const first = number * (size - keep)
    const set = Array.from({ length: size }, (_, index) => member(first + index))
    sets.set(number, set)
    return set
  }
}

describe('following a chain', () => {
  it('jumps to its head with one certificate while the validators stay', async () => {
    const chain = makeChain({ ...fixed, length: 500 })
    const provider = chain.provider()
    const client = await follow(chain, { providers: [provider] })
    const head = await client.update()
    assert.equal(head.height, 500)
    assert.equal(head.id, chain.blocks[499]?.id)
    assert.deepEqual(provider.asked.slice(-1), ['quoin_getLightBlock'])
    assert.equal(provider.asked.filter((name) => name === 'quoin_getLightBlock').length, 1)
  })

  it('bisects over changes of the set, up to a full swap at every epoch, in both modes', async () => {
    for (const keep of [3, 2, 1, 0]) {
      const setAt = rotating({ size: 4, keep, epoch: 10 })
      const chain = makeChain({ setAt, length: 200 })
      for (const mode of ['skipping', 'sequential'] as const) {
        const client = await follow(chain, { mode })
        assert.equal((await client.update()).id, chain.blocks[199]?.id, `${keep} ${mode}`)
      }
    }
  })

  it('trusts a jump only with more than a third of the trusted power among the signers', async () => {
    const old = members(3)
    const fresh = [old[0] as Member, ...members(3, 10)]
    const setAt = (height: number) => (height < 50 ? old : fresh)
    const chain = makeChain({ setAt, length: 100 })
    const provider = chain.provider()
    const client = await follow(chain, { providers: [provider] })
    await client.update()
    assert.ok(
      provider.asked.filter((name) => name === 'quoin_getLightBlock').length > 3,
      'a third exactly is not enough: it bisects',
    )
  })

  it('starts from a checkpoint, and goes back from it by hash links', async () => {
    const chain = makeChain({ ...fixed, length: 300 })
    const id = chain.blocks[249]?.id ?? '0x'
    const client = await follow(chain, { root: { height: 250, id } })
    assert.equal(client.genesisId, chain.genesisId)
    assert.equal((await client.at(40)).id, chain.blocks[39]?.id)
    assert.equal((await client.update()).height, 300)
    assert.equal((await client.at(299)).id, chain.blocks[298]?.id)
    const wrong = follow(chain, { root: { height: 249, id } })
    await assert.rejects(wrong, code('SERVER_LIED', /checkpoint/))
  })

  it('finds every height in between, whatever was proven before', async () => {
    const chain = makeChain({ setAt: rotating({ size: 4, keep: 2, epoch: 7 }), length: 400 })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 12 }),
        async (heights) => {
          const client = await follow(chain)
          await client.update()
          for (const height of heights)
            assert.equal((await client.at(height)).id, chain.blocks[height - 1]?.id)
        },
      ),
      { numRuns: 15 },
    )
  })

  it('goes on from its kept state without asking for the past', async () => {
    const long = makeChain({ ...fixed, length: 60 })
    const short = makeChain({ ...fixed, length: 30 })
    const store = memoryLightStore()
    await (await follow(short, { store })).update()
    const provider = long.provider()
    const client = await createLightClient({
      providers: [provider],
      store,
      nowMs: () => long.endMs,
    })
    assert.equal(client.newest.height, 30)
    assert.equal((await client.update()).height, 60)
    assert.ok(!provider.asked.includes('quoin_status'))
    const broken = createLightClient({
      providers: [provider],
      store: memoryLightStore(`${await store.load()}`.replace('header":"0xf9', 'header":"0xf8')),
    })
    await assert.rejects(broken, code('STATE_INVALID', /Remove it/))
  })
})

describe('what is not proven', () => {
  const chain = makeChain({ ...fixed, length: 40 })
  const lying = (method: string, change: (honest: unknown) => unknown) =>
    chain.provider('liar', { [method]: change })
  const update = async (provider: LightProvider, options: Partial<LightClientOptions> = {}) =>
    (await follow(chain, { providers: [provider], ...options })).update()

  it('is a head with too few signatures, of strangers, or of another block', async () => {
    const [a, b, c] = four as [Member, Member, Member, Member]
    const forged = (signers: Member[]) =>
      makeChain({ ...fixed, length: 40, after: { chain, height: 39 }, signersAt: () => signers })
    for (const signers of [[a, b], [], members(4, 90)]) {
      const provider = forged(signers).provider()
      await assert.rejects(update(provider), code('HEADER_UNPROVEN'))
    }
    const three = forged([a, b, c])
    assert.equal((await update(three.provider())).height, 40)
    const head = chain.blocks[39]
    assert.ok(head)
    const other = certify(head.id, {
      height: 40,
      round: 0,
      signers: four,
      domain: { ...chain.domain, chainId: 1n },
    })
    const foreign = {
      ...chain,
      blocks: [...chain.blocks.slice(0, 39), { ...head, certificate: other }],
    }
    await assert.rejects(
      update(makeServer(foreign)),
      code('HEADER_UNPROVEN'),
      'signed for another chain',
    )
  })

  it('is a head whose set is made up, or is not the one of its hash', async () => {
    const others = members(4, 50)
    const swapped = makeChain({
      setAt: (height) => (height < 40 ? four : others),
      length: 40,
      after: { chain, height: 39 },
    })
    await assert.rejects(update(swapped.provider()), code('HEADER_UNPROVEN', /validators/))
    const wrongSet = lying('quoin_getLightBlock', (honest) => ({
      ...(honest as object),
      validators: [
        { address: four[0]?.address, power: '0x1', blsPublicKey: four[0]?.blsPublicKey },
      ],
    }))
    await assert.rejects(update(wrongSet), code('SERVER_LIED', /validators/))
  })

  it('is anything malformed', async () => {
    const bad: unknown[] = [
      1,
      [],
      {},
      'x',
      { header: '0x', certificate: '0x' },
      { header: '0xc0', certificate: '0xc0', validators: [] },
    ]
    for (const answer of bad) {
      const provider = lying('quoin_getLightBlock', () => answer)
      await assert.rejects(update(provider), code('SERVER_LIED'))
    }
    const broken = { name: 'broken', request: async () => Promise.reject(new Error('down')) }
    await assert.rejects(follow(chain, { providers: [broken] }), /down/)
  })

  it('is another height than was asked for, or another genesis', async () => {
    const setAt = rotating({ size: 4, keep: 0, epoch: 5 })
    const moving = makeChain({ setAt, length: 40 })
    const wrong = moving.provider('liar', {
      quoin_getLightBlock: (honest, [height]) =>
        height === 'latest'
          ? honest
          : moving
              .provider()
              .request('quoin_getLightBlock', [1], { signal: AbortSignal.timeout(1000) }),
    })
    const client = await follow(moving, { providers: [wrong] })
    await assert.rejects(client.update(), code('SERVER_LIED', /asked for height/))
    const foreign = makeChain({ ...fixed, length: 3, chainId: 7n })
    const root = { genesisId: chain.genesisId }
    await assert.rejects(follow(foreign, { root }), code('SERVER_LIED', /another chain/))
    await assert.rejects(follow(foreign, { chainId: 8n }), code('STATE_INVALID', /id 7/))
  })

  it('is a head that is old, or ahead of the clock', async () => {
    const { endMs } = chain
    const later = () => endMs + 6 * 60_000
    await assert.rejects(update(chain.provider(), { nowMs: later }), code('HEAD_STALE', /hide/))
    const slow = () => endMs - 20_000
    await assert.rejects(
      update(chain.provider(), { nowMs: slow }),
      code('HEADER_UNPROVEN', /clock/),
    )
    const abit = () => endMs - 5_000
    assert.equal((await update(chain.provider(), { nowMs: abit })).height, 40)
  })

  it('is a head that was set back in time', async () => {
    const back = makeChain({
      ...fixed,
      length: 41,
      after: { chain, height: 40 },
      change: (header) => ({ ...header, timeMs: header.timeMs - 10_000 }),
    })
    const store = memoryLightStore()
    await (await follow(chain, { store })).update()
    const client = await follow(back, { store })
    await assert.rejects(client.update(), code('HEADER_UNPROVEN', /time/))
  })

  it('stays out of the state: what was trusted before is trusted after', async () => {
    const store = memoryLightStore()
    const short = makeChain({ ...fixed, length: 20 })
    await (await follow(short, { store })).update()
    const before = await store.load()
    const bad = makeChain({
      setAt: () => members(4, 70),
      length: 40,
      after: { chain: short, height: 20 },
    })
    await assert.rejects(
      (
        await follow(short, { store, providers: [bad.provider()], nowMs: () => bad.endMs })
      ).update(),
    )
    assert.equal(await store.load(), before)
  })
})

describe('trust', () => {
  const trustingPeriodMs = 10 * dayMs

  it('expires, with a request for a checkpoint', async () => {
    const chain = makeChain({ ...fixed, length: 20, stepMs: dayMs })
    const client = await follow(chain, { trustingPeriodMs })
    await assert.rejects(client.update(), code('TRUST_EXPIRED', /checkpoint/))
    const id = chain.blocks[14]?.id ?? '0x'
    const root = { height: 15, id }
    assert.equal((await (await follow(chain, { trustingPeriodMs, root })).update()).height, 20)
  })

  it('is renewed by every update', async () => {
    const chain = makeChain({ ...fixed, length: 40, stepMs: dayMs })
    const store = memoryLightStore()
    for (const length of [8, 16, 24, 32, 40]) {
      const part = makeChain({ ...fixed, length, after: { chain, height: length }, stepMs: dayMs })
      const client = await follow(part, { trustingPeriodMs, store })
      assert.equal((await client.update()).height, length)
    }
  })

  it('is not given to a history that former validators sign after they have left', async () => {
    const setAt = (height: number) => (height < 10 ? four : members4)
    const members4 = members(4, 30)
    const chain = makeChain({ setAt, length: 40, stepMs: dayMs })
    const longRange = makeChain({
      setAt: () => four,
      length: 40,
      stepMs: dayMs,
      after: { chain, height: 5 },
      salt: 'another history',
    })
    const root = { height: 5, id: chain.blocks[4]?.id ?? '0x' }
    const late = await follow(longRange, { root, trustingPeriodMs })
    await assert.rejects(late.update(), code('TRUST_EXPIRED'))
    const store = memoryLightStore()
    for (const length of [8, 16, 24, 32, 40]) {
      const part = makeChain({ setAt, length, after: { chain, height: length }, stepMs: dayMs })
      await (await follow(part, { root, trustingPeriodMs, store })).update()
    }
    const shown = await follow(longRange, {
      root,
      trustingPeriodMs,
      store,
      nowMs: () => chain.endMs,
    })
    await assert.rejects(shown.update(), code('SERVER_LIED', /another block at height 40/))
  })
})

describe('two histories', () => {
  const seven = members(7)
  const honest = makeChain({ setAt: () => seven, length: 60 })
  const traitors = seven.slice(0, 5)

  /** `signers` sign another history from height 31 on. */
  const forkOf = (signers: Member[], options: { round?: number } = {}) =>
    makeChain({
      setAt: () => seven,
      length: 60,
      after: { chain: honest, height: 30 },
      signersAt: () => signers,
      roundAt: () => options.round ?? 0,
      salt: 'fork',
    })

  const assertFrozen = async (
    providers: LightProvider[],
    options: Partial<LightClientOptions> = {},
  ): Promise<ForkEvidence> => {
    const store = memoryLightStore()
    const client = await follow(honest, { providers, store, ...options })
    await assert.rejects(client.update(), code('CHAIN_FORKED', /evidence is kept/))
    await assert.rejects(client.at(1), code('CHAIN_FORKED'))
    const again = await follow(honest, { providers, store, ...options })
    assert.deepEqual(again.fork, client.fork, 'the evidence outlives the program')
    await assert.rejects(again.update(), code('CHAIN_FORKED'))
    assert.ok(again.fork)
    return again.fork
  }

  it('freeze the client, with evidence of the first height where they part against f+1', async () => {
    const witness = forkOf(traitors).provider('witness')
    const fork = await assertFrozen([honest.provider(), witness])
    assert.equal(fork.height, 31)
    const convicted = new Set(fork.duplicates.map(({ first }) => first.validator))
    assert.deepEqual([...convicted].sort(), traitors.map(({ address }) => address).sort())
    assert.ok(convicted.size >= 3, 'f is 2')
    for (const { first, second } of fork.duplicates) {
      assert.notEqual(first.id, second.id)
      assert.equal(first.round, second.round)
    }
  })

  it('name who signed both when it was in different rounds', async () => {
    const witness = forkOf(traitors, { round: 3 }).provider('witness')
    const fork = await assertFrozen([honest.provider(), witness])
    assert.deepEqual(fork.duplicates, [])
    assert.deepEqual([...fork.signedBoth].sort(), traitors.map(({ address }) => address).sort())
  })

  it('name who signed a set that was made up', async () => {
    const strangers = members(4, 100)
    const lunatic = makeChain({
      setAt: (height) => (height <= 30 ? seven : [...seven.slice(0, 3), ...strangers]),
      length: 60,
      after: { chain: honest, height: 30 },
      salt: 'lunatic',
    })
    const fork = await assertFrozen([honest.provider(), lunatic.provider('witness')])
    assert.deepEqual(
      [...fork.signedForeignSets].sort(),
      seven
        .slice(0, 3)
        .map(({ address }) => address)
        .sort(),
    )
  })

  it('are found between what is trusted and what a server shows later', async () => {
    const store = memoryLightStore()
    const half = makeChain({ setAt: () => seven, length: 45, after: { chain: honest, height: 45 } })
    await (await follow(half, { store })).update()
    const client = await follow(honest, { store, providers: [forkOf(traitors).provider()] })
    await assert.rejects(client.update(), code('CHAIN_FORKED'))
    assert.equal(client.fork?.duplicates.length, 5)
  })

  it('are no fork when one of them has no proof: the witness lied', async () => {
    const witness = forkOf(seven.slice(0, 2)).provider('witness')
    const client = await follow(honest, { providers: [honest.provider(), witness] })
    await client.update()
    assert.equal(client.fork, null)
    assert.deepEqual(
      client.witnesses.map(({ name, verdict }) => [name, verdict]),
      [['witness', 'lied']],
    )
  })

  it('may be of different length, and servers may be down', async () => {
    const behind = makeChain({
      setAt: () => seven,
      length: 20,
      after: { chain: honest, height: 20 },
    })
    const { CodedError } = await import('@quoin/kernel')
    const down: LightProvider = {
      name: 'down',
      request: () => Promise.reject(new CodedError('SERVER_FAILED', 'down')),
    }
    const providers = [down, honest.provider(), behind.provider('behind'), honest.provider('same')]
    const client = await follow(honest, { providers })
    assert.equal((await client.update()).height, 60)
    assert.deepEqual(
      client.witnesses.map(({ verdict }) => verdict),
      ['failed', 'behind', 'agrees'],
    )
  })

  it('a server that hides the newest blocks is passed over for one that shows them', async () => {
    const behind = makeChain({
      setAt: () => seven,
      length: 20,
      after: { chain: honest, height: 20 },
    })
    const providers = [behind.provider('behind'), honest.provider()]
    const client = await follow(honest, { providers, maxHeadAgeMs: 10_000 })
    assert.equal((await client.update()).height, 60)
  })
})

/** The server of a made chain with other blocks. */
function makeServer(chain: MadeChain): LightProvider {
  return makeChain({
    ...fixed,
    length: 0,
    after: { chain, height: chain.blocks.length },
  }).provider()
}
