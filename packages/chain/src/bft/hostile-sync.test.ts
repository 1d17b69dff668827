import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { parseEther, toHex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { createGenesis, type Genesis, validatorOf } from '../index.ts'
import type { BftChain } from '../interface.ts'
import { filler, fillerAddress, fillState, slotsPerCall } from '../test-support/filler.ts'
import { HostileServer, type Lie, lies, type Served } from '../test-support/hostile-server.ts'
import { TestNetwork } from '../test-support/test-network.ts'
import type { SyncSettings } from './begin-from-snapshot.ts'

const keys = [1, 2].map((fill) => new Uint8Array(32).fill(fill))
const user = privateKeyToAccount(`0x${'a1'.repeat(32)}`)
const rich = { balance: `0x${parseEther('1000').toString(16)}` }
const epochBlocks = 8
/** So that what never ends ends soon. */
const shortTimes = { timeoutMs: 4_000, deadlineMs: 5_000, patienceMs: 500 }
const calls = 12

function genesisOf(timestamp: number): Genesis {
  return createGenesis({
    chainId: 31_418,
    timestamp,
    alloc: {
      [user.address]: rich,
      ...Object.fromEntries(keys.map((key) => [validatorOf(key).address, rich])),
      [fillerAddress]: filler,
    },
    policy: 'stake',
    validators: keys.map((key) => validatorOf(key, 1000n)),
    epochBlocks,
    blockTimeMs: 100,
    heartbeatMs: 150,
  })
}

const now = Math.floor(Date.now() / 1000)
const genesis = genesisOf(now - 60)
const otherGenesis = genesisOf(now - 70)

describe('a sync among hostile peers', { timeout: 180_000 }, () => {
  let network: TestNetwork
  before(async () => {
    network = await TestNetwork.open(genesis, keys)
    await grown(network)
  })
  after(() => network[Symbol.asyncDispose]())

  it('gets the state from the one that is honest when others lie, stall or answer nothing', async () => {
    const hostile: Hostile[] = [
      { lie: lies.wrongParts, where: ['state'] },
      { lie: lies.drips, where: ['light'] },
      { lie: lies.emptyAnswers, where: ['light'] },
    ]
    await joins(network, hostile, { times: shortTimes })
  })

  it('believes no forged head, no other chain and no block whose state is another', async () => {
    await using other = await TestNetwork.open(otherGenesis, keys)
    await grown(other)
    await joins(network, [
      { lie: lies.forgedHead, where: ['light'] },
      { lie: lies.relays, where: ['light'], honest: other },
      { lie: lies.wrongBodies, where: ['bft-blocks'] },
    ])
  })

  it('goes on when one disappears amid the state, and takes no more than it asked for', async () => {
    const { late } = await joins(network, [
      { lie: lies.vanishes, where: [] },
      { lie: lies.floods, where: ['light'] },
      { lie: lies.floods, where: ['light'] },
    ])
    const { state, light, 'bft-blocks': blocks } = late.network?.status().protocols ?? {}
    const taken = [state, light, blocks].map((traffic) => (traffic?.bytesIn ?? 0) / 1e6)
    assert.ok(Math.max(...taken) < 200, `${taken} MB`)
  })
})

async function grown(network: TestNetwork): Promise<void> {
  const [first] = network.nodes
  assert.ok(first?.engine === 'bft')
  await fillState(network, user, calls)
  const target = first.blocks.height + epochBlocks
  await network.until('an epoch more', () => first.blocks.height > target)
}

interface Hostile {
  lie: Lie
  where: Served[]
  /** Whose answers it makes its own of, if not of the chain that is joined. */
  honest?: TestNetwork
}

let fill = 0x90
let index = 10

/** A new node comes to the right state among three hostile peers and one honest, and blames those to blame. */
async function joins(network: TestNetwork, hostile: readonly Hostile[], sync: SyncSettings = {}) {
  const [first] = network.nodes
  assert.ok(first?.engine === 'bft' && first.network)
  await using servers = new AsyncDisposableStack()
  const open: HostileServer[] = []
  for (const { lie, honest = network } of hostile) {
    const addresses = honest.nodes[0]?.network?.addresses ?? []
    const server = await HostileServer.open({
      fill,
      genesis,
      honest: addresses,
      honestGenesis: honest.genesis,
      lie,
    })
    fill += 2
    open.push(servers.use(server))
  }
  const number = index++
  const bootstrap = [...open.flatMap((each) => each.addresses), ...first.network.addresses]
  const privateKey = new Uint8Array(32).fill(number)
  const listen = ['/ip4/127.0.0.1/tcp/0']
  const late = await network.start(number, null, {
    sync,
    network: { privateKey, listen, bootstrap },
  })
  try {
    assert.ok(late.engine === 'bft')
    assert.ok(late.blocks.height >= epochBlocks, `began at ${late.blocks.height}`)
    assert.equal(await late.blocks.byHeight(2), null, 'not executed here')
    await sameState(network, { late, first })
    blamed(late, open, hostile)
    return { late }
  } finally {
    await network.stop(number)
  }
}

/** Every slot is there, and the next blocks have the same state. */
async function sameState(
  network: TestNetwork,
  { late, first }: { late: BftChain; first: BftChain },
): Promise<void> {
  const { reader } = network.clients(late, user)
  for (let slot = 1; slot <= calls * slotsPerCall; slot += 37) {
    const value = await reader.getStorageAt({ address: fillerAddress, slot: toHex(slot) })
    assert.equal(Number(value), slot)
  }
  const target = BigInt(late.blocks.height + 3)
  const roots = [late, first].map(async (node) => {
    const { reader } = network.clients(node, user)
    await network.until(`block ${target}`, async () => (await reader.getBlockNumber()) >= target)
    return (await reader.getBlock({ blockNumber: target })).stateRoot
  })
  assert.equal(...((await Promise.all(roots)) as [string, string]))
}

/** Each one that was asked where it does not tell the truth. */
function blamed(late: BftChain, open: readonly HostileServer[], hostile: readonly Hostile[]): void {
  const scores = hostile.flatMap(({ lie, where }, at) => {
    const server = open[at]
    if (!server || !where.some((of) => server.asked[of] > 0)) return []
    const peer = late.network?.peers().find(({ id }) => id === server.network.peerId)
    return [{ name: lie.name, score: peer?.score ?? Number.NEGATIVE_INFINITY }]
  })
  assert.ok(scores.length > 0, 'nobody was asked')
  for (const { name, score } of scores) assert.ok(score < 0, `${name}: ${score}`)
}
