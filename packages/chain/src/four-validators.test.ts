import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import {
  createBftEngine,
  createLocalSigner,
  decodeMessage,
  defaultTimerDurations,
  encodeMessage,
  type Message,
  openBlockStore,
  openRecordFile,
  openSignGuard,
  systemClock,
  type Transport,
} from '@quoin/consensus'
import { openExecution } from '@quoin/execution'
import { createValidatorSet, genesisId } from '@quoin/headers'
import { bigintToHex, hexToBytes, Scope, silentLogger } from '@quoin/kernel'
import { chainId, createTestGenesis, senders, sinks } from '../scripts/kill-test/test-genesis.ts'

const signers = [1, 2, 3, 4].map((fill) => createLocalSigner(new Uint8Array(32).fill(fill)))
const validators = createValidatorSet(
  signers.map(({ address, blsPublicKey }) => ({ address, power: 1n, blsPublicKey })),
)

/** Every validator with an execution client, files and pool of its own; only messages between them. */
async function openValidator(folder: string, index: number, transport: Transport, scope: Scope) {
  const signer = signers[index]
  if (!signer) throw new RangeError(`No validator ${index}`)
  const path = join(folder, `validator-${index}`)
  const genesis = createTestGenesis()
  const execution = scope.own(await openExecution({ dataDir: path, genesis }))
  const { blocks, engine: api, pool } = execution
  const { hash: executionGenesis } = blocks.genesis
  const domain = {
    chainId: BigInt(chainId),
    genesisId: genesisId(BigInt(chainId), executionGenesis, validators),
  }
  const store = scope.own(await openBlockStore(join(path, 'blocks')))
  const engine = scope.own(
    createBftEngine({
      rules: {
        domain,
        executionGenesis,
        genesisTimeMs: Number(genesis.timestamp) * 1000,
        equalTimestamps: true,
        validatorsAt: () => validators,
        advance: async () => {},
        epochBlocks: 0,
        blockRewardGwei: 0n,
        rewardAddressOf: () => null,
      },
      signer,
      feeRecipient: signer.address,
      execution: {
        forkchoiceUpdated: (...args) => api.forkchoiceUpdated(...args),
        getPayload: (id) => api.getPayload(id),
        newPayload: (...args) => api.newPayload(...args),
        call: () => Promise.reject(new Error('This test asks no contract')),
        pendingTransactions: (options) => execution.pendingTransactions(options),
        head: async () => ({
          hash: blocks.head.hash,
          number: bigintToHex(blocks.head.number),
          timestamp: bigintToHex(blocks.head.timestamp),
          genesisHash: executionGenesis,
        }),
        async [Symbol.asyncDispose]() {},
      },
      store,
      wal: scope.own(await openRecordFile(join(path, 'wal'))),
      guard: scope.own(await openSignGuard(await openRecordFile(join(path, 'sign-guard')))),
      transport,
      clock: systemClock,
      pace: { blockTimeMs: 20, heartbeatMs: 15_000 },
      timers: defaultTimerDurations,
      logger: silentLogger,
    }),
  )
  return { engine, execution, pool, store }
}

function createBus(size: number): Transport[] {
  const listeners = new Map<number, (message: Message, from: string) => void>()
  const servers = new Map<string, Parameters<Transport['serveBlocks']>[0]>()
  return Array.from({ length: size }, (_, self) => {
    const others = [...Array(size).keys()].filter((index) => index !== self)
    const carry = (to: number, bytes: Uint8Array) =>
      setTimeout(() => listeners.get(to)?.(decodeMessage(bytes), String(self)), 2)
    return {
      peers: () => others.map(String),
      broadcast(message) {
        const bytes = encodeMessage(message)
        for (const to of others) carry(to, bytes)
      },
      send: (peer, message) => void carry(Number(peer), encodeMessage(message)),
      onMessage(listener) {
        listeners.set(self, listener)
        return () => listeners.delete(self)
      },
      onPeer: () => () => {},
      requestBlocks: async (peer, range) => (await servers.get(peer)?.(range)) ?? [],
      serveBlocks(handler) {
        servers.set(String(self), handler)
        return () => servers.delete(String(self))
      },
      report() {},
    }
  })
}

type Validator = Awaited<ReturnType<typeof openValidator>>

/** Ten transfers of each sender, known to every pool. */
async function sendTransfers(nodes: readonly Validator[]): Promise<number> {
  let count = 0
  for (const [index, sender] of senders.entries())
    for (let nonce = 0; nonce < 10; nonce++, count++) {
      const raw = await sender.signTransaction({
        type: 'eip1559',
        chainId,
        nonce,
        to: sinks[index] ?? null,
        value: 1n,
        gas: 21_000n,
        maxFeePerGas: 3_000_000_000n,
      })
      for (const { pool } of nodes) await pool.add(hexToBytes(raw))
    }
  return count
}

async function waitForTransactions({ engine, store }: Validator, count: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const check = async () => {
    let found = 0
    for (let height = 1; height <= store.height; height++)
      found += (await store.byHeight(height))?.block.payload.transactions.length ?? 0
    if (found >= count) resolve()
  }
  const stops = [
    engine.onDecided(() => void check().catch(reject)),
    engine.onFailure((failure) => reject(failure)),
  ]
  await check()
  await promise
  for (const stop of stops) stop()
}

it('four validators with executions of their own come to the same states', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'quoin-four-'))
  {
    await using scope = new Scope()
    const nodes = await Promise.all(
      createBus(signers.length).map((transport, index) =>
        openValidator(folder, index, transport, scope),
      ),
    )
    for (const { engine } of nodes) await engine.start()
    const count = await sendTransfers(nodes)
    for (const node of nodes) await waitForTransactions(node, count)
    const height = Math.min(...nodes.map(({ store }) => store.height))
    for (let number = 1; number <= height; number++) {
      const decided = await Promise.all(nodes.map(({ store }) => store.byHeight(number)))
      assert.equal(new Set(decided.map((block) => block?.id)).size, 1, `height ${number}`)
      const headers = await Promise.all(
        nodes.map(({ execution }) => execution.blocks.headerByNumber(BigInt(number))),
      )
      assert.equal(new Set(headers.map((header) => header?.stateRoot)).size, 1)
    }
    for (const { engine } of nodes) assert.equal(engine.status.failure, null)
  }
  await rm(folder, { recursive: true })
})
