import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import type { Hex } from '@quoin/kernel'
import { numberToHex } from 'viem'
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import { type DevChain, openDevChain } from '../testing/dev-chain.ts'
import { richKey } from '../testing/genesis.ts'
import { viemClients } from '../testing/viem-clients.ts'

/** Logs one topic: the first word of its input. */
const logger: Hex = '0x655f355f5fa1005f526006601af3'
const gwei = 1_000_000_000n
const rich = privateKeyToAccount(richKey)
const [left, right, idle] = [2, 3, 4].map((key) =>
  privateKeyToAccount(`0x${key.toString(16).padStart(64, '0')}`),
)

interface Call {
  from: PrivateKeyAccount | undefined
  nonce: number
  to?: Hex | undefined
  data?: Hex
  value?: bigint
}

async function send(chain: DevChain, { from, ...call }: Call): Promise<Hex> {
  assert.ok(from)
  const raw = await from.signTransaction({
    type: 'eip1559',
    chainId: 31402,
    gas: 200_000n,
    maxFeePerGas: 100n * gwei,
    maxPriorityFeePerGas: gwei,
    ...call,
  })
  const { reader } = viemClients(chain.url)
  return reader.sendRawTransaction({ serializedTransaction: raw })
}

/** Two chains with the same first block: accounts with money and a contract that logs. */
async function openTwins(chains: DevChain[]): Promise<Hex> {
  for (const chain of chains) {
    for (const [nonce, account] of [left, right, idle].entries())
      await send(chain, { from: rich, nonce, to: account?.address, value: 10n ** 18n })
    await send(chain, { from: rich, nonce: 3, data: logger })
    await chain.mine()
  }
  const [first, second] = await Promise.all(
    chains.map((chain) => viemClients(chain.url).reader.getBlock()),
  )
  assert.ok(first && second)
  assert.equal(first.hash, second.hash)
  const [, , , hash = '0x'] = first.transactions
  const { reader } = viemClients(chains[0]?.url ?? '')
  const { contractAddress } = await reader.getTransactionReceipt({ hash })
  assert.ok(contractAddress)
  return contractAddress
}

/** Sends the other chain's blocks from `from` on to this one, and makes the last of them its head. */
async function adopt(chain: DevChain, other: DevChain, from: number): Promise<void> {
  const { engine } = chain.execution
  const { head } = other.execution.blocks
  for (let number = BigInt(from); number <= head.number; number++) {
    const hash = (await other.execution.blocks.headerByNumber(number))?.hash ?? '0x'
    const payload = payloads.get(hash)
    assert.ok(payload)
    const { executionPayload, executionRequests } = payload
    const zero: Hex = `0x${'00'.repeat(32)}`
    const { status } = await engine.newPayload(executionPayload, [], zero, executionRequests)
    assert.equal(status, 'VALID')
  }
  const choice = {
    headBlockHash: head.hash,
    safeBlockHash: head.hash,
    finalizedBlockHash: head.hash,
  }
  await engine.forkchoiceUpdated(choice)
}

type Envelope = Awaited<ReturnType<DevChain['execution']['engine']['getPayload']>>
const payloads = new Map<Hex, Envelope>()

/** Remembers what a chain builds, so that it can be sent to another. */
function record({ execution: { engine } }: DevChain): void {
  const getPayload = engine.getPayload.bind(engine)
  engine.getPayload = async (id) => {
    const envelope = await getPayload(id)
    payloads.set(envelope.executionPayload.blockHash, envelope)
    return envelope
  }
}

interface ToldLog {
  removed: boolean
  topic: number
}

const logOf = ({ removed, topics }: { removed: boolean; topics: Hex[] }): ToldLog => ({
  removed,
  topic: Number(topics[0]),
})

/** Everything that subscriptions and a filter tell. */
async function listen(chain: DevChain) {
  const socket = new WebSocket(chain.rpc.webSocketUrl)
  await once(socket, 'open')
  const logs: ToldLog[] = []
  const heads: Hex[] = []
  const subscribed = new Promise<void>((resolve) => {
    socket.addEventListener('message', ({ data }) => {
      const { id, params } = JSON.parse(data)
      if (id === 2) resolve()
      if (params?.result.topics) logs.push(logOf(params.result))
      else if (params) heads.push(params.result.hash)
    })
  })
  for (const [index, params] of [['logs', {}], ['newHeads']].entries())
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: index + 1, method: 'eth_subscribe', params }))
  await subscribed
  const filter = (await chain.request('eth_newFilter', [{}])).result
  return {
    logs,
    heads,
    async changes(): Promise<ToldLog[]> {
      const { result } = await chain.request('eth_getFilterChanges', [filter])
      assert.ok(Array.isArray(result))
      return result.map(logOf)
    },
    [Symbol.dispose]: () => socket.close(),
  }
}

async function until(isDone: () => boolean): Promise<void> {
  for (let turn = 0; turn < 500 && !isDone(); turn++)
    await new Promise((resolve) => setTimeout(resolve, 10))
  assert.ok(isDone(), 'in five seconds')
}

const topicOf = (value: number) => numberToHex(value, { size: 32 })

describe('a reorganization, seen over JSON-RPC', () => {
  for (const depth of [1, 5, 40])
    it(`of ${depth} blocks moves state, receipts, logs and pool rightly`, async () => {
      await using chain = await openDevChain()
      await using other = await openDevChain()
      record(other)
      const contract = await openTwins([chain, other])
      const { reader } = viemClients(chain.url)
      const both: Call = { from: rich, nonce: 4, to: contract, data: topicOf(999) }
      const inBoth = await send(chain, both)
      const onLeft: Hex[] = []
      for (let i = 0; i < depth; i++) {
        onLeft.push(
          await send(chain, { from: left, nonce: i, to: contract, data: topicOf(100 + i) }),
        )
        await chain.mine()
      }
      assert.equal((await reader.getTransactionReceipt({ hash: inBoth })).blockNumber, 2n)
      using heard = await listen(chain)
      const inNeither = await send(chain, { from: idle, nonce: 0, to: contract })

      await other.mine({ secondsLater: 2 })
      await send(other, both)
      const onRight: Hex[] = []
      for (let i = 0; i < depth; i++) {
        onRight.push(
          await send(other, { from: right, nonce: i, to: contract, data: topicOf(200 + i) }),
        )
        await other.mine()
      }
      const oldHead = await reader.getBlock()
      await adopt(chain, other, 2)

      const head = await reader.getBlock()
      assert.equal(head.hash, (await viemClients(other.url).reader.getBlock()).hash)
      assert.equal(head.number, BigInt(depth + 2))
      const removed = onLeft.map((_, i) => ({ removed: true, topic: 100 + i }))
      const expected = [
        { removed: true, topic: 999 },
        ...removed,
        { removed: false, topic: 999 },
        ...onRight.map((_, i) => ({ removed: false, topic: 200 + i })),
      ]
      const byTopic = (a: { topic: number }, b: { topic: number }) => a.topic - b.topic
      const changes = await heard.changes()
      await until(() => heard.logs.length >= expected.length && heard.heads.length > depth)
      for (const told of [changes, heard.logs]) {
        assert.deepEqual(told.toSorted(byTopic), expected.toSorted(byTopic))
        const firstNew = told.findIndex((log) => !log.removed)
        assert.ok(told.slice(0, firstNew).length === depth + 1, 'what left comes first')
        assert.ok(told.slice(firstNew).every((log) => !log.removed))
        const leaving = told.slice(0, firstNew).filter(({ topic }) => topic !== 999)
        assert.deepEqual(leaving, removed.toReversed(), 'latest first')
      }
      const canonical: Hex[] = []
      for (let number = 2n; number <= head.number; number++)
        canonical.push((await reader.getBlock({ blockNumber: number })).hash)
      assert.deepEqual(heard.heads, canonical, 'newHeads has each new canonical block')

      const receipt = await reader.getTransactionReceipt({ hash: inBoth })
      assert.equal(receipt.blockHash, canonical[1])
      for (const hash of onRight)
        assert.ok(canonical.includes((await reader.getTransactionReceipt({ hash })).blockHash))
      for (const hash of onLeft) {
        assert.equal((await reader.getTransaction({ hash })).blockHash, null, 'it waits again')
        await assert.rejects(reader.getTransactionReceipt({ hash }), /could not be found/)
      }
      assert.equal((await reader.getTransaction({ hash: inNeither })).blockHash, null)
      assert.ok(left && right)
      const { address } = left
      assert.equal(await reader.getTransactionCount({ address }), 0)
      assert.equal(await reader.getTransactionCount({ address, blockTag: 'pending' }), depth)
      assert.equal(await reader.getTransactionCount({ address: right.address }), depth)
      assert.equal(await reader.getBalance({ address }), 10n ** 18n)
      assert.equal((await reader.getBlock({ blockHash: oldHead.hash })).number, oldHead.number)

      await chain.mine()
      for (const hash of [...onLeft, inNeither])
        assert.equal((await reader.getTransactionReceipt({ hash })).status, 'success')
      assert.equal(await reader.getTransactionCount({ address }), depth)
    })
})
