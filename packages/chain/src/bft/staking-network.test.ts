import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { vaultOf } from '@quoin/contracts'
import { type Hex, type Logger, silentLogger } from '@quoin/kernel'
import { parseEther } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import {
  type BftChain,
  createGenesis,
  genesisIdOf,
  type Policy,
  stakingAddress,
  validatorOf,
} from '../index.ts'
import {
  contradict,
  registrationOf,
  staking,
  validatorClients,
} from '../test-support/staking-journey.ts'
import { historyOf, TestNetwork } from '../test-support/test-network.ts'

const chainId = 31_418
const epochBlocks = 6
const keys = [1, 2, 3, 4].map((fill) => new Uint8Array(32).fill(fill))
const newcomer = new Uint8Array(32).fill(5)
const holder = privateKeyToAccount(`0x${'a7'.repeat(32)}`)
const fortune = { balance: `0x${parseEther('10000').toString(16)}` }

function genesisOf(policy: Exclude<Policy, 'fixed'>, withCoins = [...keys, newcomer]) {
  const rich = [holder.address, ...withCoins.map((key) => validatorOf(key).address)]
  return createGenesis({
    chainId,
    timestamp: Math.floor(Date.now() / 1000) - 60,
    alloc: Object.fromEntries(rich.map((address) => [address, fortune])),
    policy,
    validators: keys.map((key) => validatorOf(key, 1000n)),
    staking: { jailSeconds: 2, minimumStake: parseEther('100') },
    epochBlocks,
    blockRewardGwei: 1_000_000_000n,
    blockTimeMs: 100,
    heartbeatMs: 200,
  })
}

function bftNodes(network: TestNetwork): BftChain[] {
  return network.nodes.filter((node) => node.engine === 'bft')
}

function first(network: TestNetwork): BftChain {
  const [node] = bftNodes(network)
  assert.ok(node)
  return node
}

/** The first height that a change made in a block has its effect on. */
function effectOf(block: bigint): number {
  const epoch = Math.floor((Number(block) - 1) / epochBlocks)
  return (epoch + 2) * epochBlocks + 1
}

function powerAt(node: BftChain, height: number, key: Uint8Array): bigint {
  return node.validatorsAt(height).powerOf(validatorOf(key).address)
}

/** Waits until a height is decided, and shows that a validator's power changes right there. */
async function changesAt(
  network: TestNetwork,
  height: number,
  { key, from, to }: { key: Uint8Array; from: bigint; to: bigint },
): Promise<void> {
  for (const node of bftNodes(network)) {
    await network.until(`height ${height}`, () => node.blocks.height >= height)
    assert.equal(powerAt(node, height - 1, key), from, `before ${height}`)
    assert.equal(powerAt(node, height, key), to, `from ${height} on`)
  }
}

/** Sends from a validator's own account, again where a duty took the nonce, and waits for the block it is in. */
async function sendAs(
  network: TestNetwork,
  key: Uint8Array,
  send: (clients: ReturnType<typeof validatorClients>) => Promise<Hex>,
): Promise<bigint> {
  const clients = validatorClients(network, first(network), key)
  let hash: Hex | null = null
  await network.until('the node to take the transaction', async () => {
    hash = await send(clients).catch((error) => {
      if (/replacement transaction underpriced|nonce too low/i.test(String(error))) return null
      throw error
    })
    return hash !== null
  })
  assert.ok(hash)
  const receipt = await clients.reader.waitForTransactionReceipt({ hash })
  assert.equal(receipt.status, 'success')
  return receipt.blockNumber
}

async function register(network: TestNetwork, stake: bigint): Promise<bigint> {
  const args = registrationOf(newcomer, chainId)
  return sendAs(network, newcomer, ({ wallet }) =>
    wallet.writeContract({ ...staking, functionName: 'register', args, value: stake }),
  )
}

async function waitForGenesisId(network: TestNetwork): Promise<void> {
  const { reader } = network.clients(first(network), holder)
  await network.until('the genesis id on the chain', async () => {
    const id = await reader.readContract({ ...staking, functionName: 'genesisId' })
    return id === genesisIdOf(network.genesis)
  })
}

/** Until nobody is left who could be asked: the conviction's block. */
async function convict(network: TestNetwork, key: Uint8Array): Promise<bigint> {
  const { reader } = network.clients(first(network), holder)
  const args = [validatorOf(key).address] as const
  const read = () => reader.readContract({ ...staking, functionName: 'validatorOf', args })
  await contradict(network, key, async () => (await read()).isTombstoned)
  const { convictedBlock } = await read()
  return convictedBlock
}

/** Fees and rewards in the proposer's vault come to its operator. */
async function collect(network: TestNetwork, key: Uint8Array): Promise<void> {
  const { address } = validatorOf(key)
  const { reader } = network.clients(first(network), holder)
  const vault = vaultOf(stakingAddress, address)
  await network.until('a reward in the vault', async () => {
    return (await reader.getBalance({ address: vault })) > 0n
  })
  await sendAs(network, key, ({ wallet }) =>
    wallet.writeContract({ ...staking, functionName: 'collect', args: [address] }),
  )
  const before = await reader.getBalance({ address })
  await sendAs(network, key, ({ wallet }) =>
    wallet.writeContract({ ...staking, functionName: 'claim', args: [[address]] }),
  )
  assert.ok((await reader.getBalance({ address })) > before, 'more than the gas')
}

async function assertOneHistory(network: TestNetwork): Promise<void> {
  const { height, seen } = await historyOf(network.nodes)
  assert.ok(height > 2 * epochBlocks)
  for (const [index, views] of seen.entries()) assert.equal(views.size, 1, `height ${index + 1}`)
}

describe('validators of a network come and go', () => {
  it('by votes of the members, and a liar is convicted (authority)', async () => {
    await using network = await TestNetwork.open(genesisOf('authority'), keys)
    const node = await network.join(newcomer)
    assert.ok(node.engine === 'bft')
    await register(network, 0n)
    await waitForGenesisId(network)
    const { address } = validatorOf(newcomer)
    let passed = 0n
    for (const [index, key] of keys.slice(0, 3).entries()) {
      const member = validatorOf(key).address
      passed = await sendAs(network, key, ({ wallet }) =>
        index === 0
          ? wallet.writeContract({
              ...staking,
              functionName: 'propose',
              args: [member, address, 700n],
            })
          : wallet.writeContract({ ...staking, functionName: 'vote', args: [0n, member] }),
      )
    }
    await changesAt(network, effectOf(passed), { key: newcomer, from: 0n, to: 700n })
    await network.until('the newcomer to vote', () => node.consensus.status.isValidator)
    const liar = keys[3]
    assert.ok(liar)
    const convicted = await convict(network, liar)
    await changesAt(network, effectOf(convicted), { key: liar, from: 1000n, to: 0n })
    await assertOneHistory(network)
  })

  it('by their own stake, are jailed when absent, and come back (stake)', async () => {
    await using network = await TestNetwork.open(genesisOf('stake'), keys, () => ({
      duties: { isUnjailing: true },
    }))
    const registered = await register(network, parseEther('300'))
    const [collecting, , , absent] = keys
    assert.ok(collecting && absent)
    await network.stop(3)
    await changesAt(network, effectOf(registered), { key: newcomer, from: 0n, to: 300n })
    const node = first(network)
    await network.until('the absent validator to be left out', () => {
      const { height } = node.consensus.status
      return powerAt(node, height, absent) === 0n
    })
    await collect(network, collecting)
    await network.start(3, absent, { duties: { isUnjailing: true } })
    await network.until('the validator to come back from jail', () => {
      const { height } = node.consensus.status
      return powerAt(node, height, absent) === 1000n
    })
    await assertOneHistory(network)
  })

  it('by what holders delegate, who share in rewards, and a liar is slashed (delegated)', async () => {
    await using network = await TestNetwork.open(genesisOf('delegated'), keys)
    const [favourite, , liar] = keys
    assert.ok(favourite && liar)
    await waitForGenesisId(network)
    const { address } = validatorOf(favourite)
    const { reader, wallet } = network.clients(first(network), holder)
    const hash = await wallet.writeContract({
      ...staking,
      functionName: 'bond',
      args: [address],
      value: parseEther('500'),
    })
    const { blockNumber } = await reader.waitForTransactionReceipt({ hash })
    await changesAt(network, effectOf(blockNumber), { key: favourite, from: 1000n, to: 1500n })
    await collect(network, favourite)
    const args = [address, holder.address] as const
    const earned = await reader.readContract({ ...staking, functionName: 'rewardsOf', args })
    assert.ok(earned > 0n, 'the holder has a part in the rewards')
    const convicted = await convict(network, liar)
    await changesAt(network, effectOf(convicted), { key: liar, from: 1000n, to: 0n })
    await assertOneHistory(network)
  })

  it('do their duties without coins as soon as one of them has some, also beside its own payments', async () => {
    const [, , , rich] = keys
    assert.ok(rich)
    const told: string[] = []
    const warn = (_: unknown, message?: string) => told.push(message ?? '')
    const logger: Logger = { ...silentLogger, warn, child: () => logger }
    await using network = await TestNetwork.open(genesisOf('stake', [rich]), keys, (index) =>
      index === 3 ? { duties: null } : { logger },
    )
    const tells = (one: string) => one.startsWith('the validator’s account has too few coins')
    await network.until('all three to say that they cannot', () => told.filter(tells).length === 3)
    const { reader } = network.clients(first(network), holder)
    const id = () => reader.readContract({ ...staking, functionName: 'genesisId' })
    assert.equal(BigInt(await id()), 0n)
    await network.stop(3)
    // Its own node: another one's pool could take a payment with the nonce of a duty that is on its way.
    const own = await network.start(3, rich)
    assert.ok(own.engine === 'bft')
    const { wallet } = validatorClients(network, own, rich)
    let paid = 0
    await network.until('the duty and its owner’s payments', async () => {
      const to = holder.address
      await wallet.sendTransaction({ to, value: 1n }).then(
        () => paid++,
        () => {},
      )
      return paid >= 5 && (await id()) === genesisIdOf(network.genesis)
    })
    const address = validatorOf(rich).address
    await network.until('all payments in blocks', async () => {
      return (await reader.getTransactionCount({ address })) >= paid + 1
    })
    assert.equal(told.filter(tells).length, 3, 'once each')
  })
})
