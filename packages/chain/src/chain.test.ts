import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { genesisId, verifyCertificate } from '@quoin/headers'
import { CodedError, type Hex, hexToBytes } from '@quoin/kernel'
import {
  createPublicClient,
  createWalletClient,
  defineChain,
  http,
  keccak256,
  type PublicClient,
  parseEther,
} from 'viem'
import {
  chainId,
  createTestGenesis,
  senders,
  sinks,
  validatorKey,
} from '../scripts/kill-test/test-genesis.ts'
import {
  type BftChain,
  type ChainOptions,
  createGenesis,
  genesisValidators,
  openChain,
} from './index.ts'

const [sender] = senders
const [sink] = sinks
if (!sender || !sink) throw new Error('The test genesis has accounts')

let root: string
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'quoin-chain-'))
})
after(() => rm(root, { recursive: true }))

async function open(name: string, options: Partial<ChainOptions> = {}): Promise<BftChain> {
  const chain = await openChain({
    dataDir: join(root, name),
    genesis: createTestGenesis(),
    validatorKey: hexToBytes(validatorKey),
    rpc: { host: '127.0.0.1', port: 0 },
    ...options,
  })
  assert.ok(chain.engine === 'bft')
  return chain
}

function clients({ rpcUrl }: BftChain) {
  const chain = defineChain({
    id: chainId,
    name: 'test',
    nativeCurrency: { name: 'Coin', symbol: 'C', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  })
  const transport = http(rpcUrl)
  return {
    reader: createPublicClient({ chain, transport, pollingInterval: 5, cacheTime: 0 }),
    wallet: createWalletClient({ chain, transport, account: sender as NonNullable<typeof sender> }),
  }
}

async function nextDecided({ consensus }: BftChain) {
  const { promise, resolve } = Promise.withResolvers<void>()
  const stop = consensus.onDecided(() => resolve())
  await promise
  stop()
}

describe('a chain of one validator', () => {
  it('finalizes a transaction soon after it is sent, and keeps it over a restart', async () => {
    const amount = parseEther('3')
    let hash: Hex
    {
      await using chain = await open('restart')
      const { reader, wallet } = clients(chain)
      hash = await wallet.sendTransaction({ to: sink, value: amount })
      const receipt = await reader.waitForTransactionReceipt({ hash })
      assert.equal(receipt.status, 'success')
      const final = await reader.getBlock({ blockTag: 'finalized' })
      assert.ok(final.number >= receipt.blockNumber, 'a receipt that is seen is final')
    }
    await using chain = await open('restart')
    const { reader } = clients(chain)
    assert.equal((await reader.getTransactionReceipt({ hash })).status, 'success')
    assert.equal(await reader.getBalance({ address: sink }), amount)
  })

  it('makes blocks faster than one a second, with timestamps that never run ahead', async () => {
    await using chain = await open('fast', { blockTimeMs: 50, heartbeatMs: 50 })
    const { reader } = clients(chain)
    while (chain.blocks.height < 30) await nextDecided(chain)
    const blocks = await allBlocks(reader, 30n)
    for (const [index, block] of blocks.entries()) {
      const previous = blocks[index - 1]
      assert.ok(block.timestamp <= BigInt(Math.ceil(Date.now() / 1000)), 'not in the future')
      if (previous) assert.ok(block.timestamp >= previous.timestamp)
    }
    const times = await Promise.all(
      blocks
        .slice(1)
        .map(async (_, index) => (await chain.blocks.byHeight(index + 1))?.block.header.timeMs),
    )
    for (const [index, timeMs] of times.entries()) {
      const previous = times[index - 1]
      if (previous && timeMs)
        assert.ok(timeMs - previous >= 50, `block ${index} keeps the block time`)
    }
    const seconds = new Set(blocks.map(({ timestamp }) => timestamp))
    assert.ok(seconds.size < blocks.length, 'some blocks share a second')
  })

  it('keeps to Ethereum’s own rule of later timestamps when its genesis says so', async () => {
    const genesis = createTestGenesis()
    genesis.config.quoin.equalTimestamps = false
    await using chain = await open('standard', { genesis, blockTimeMs: 50, heartbeatMs: 50 })
    while (chain.blocks.height < 3) await nextDecided(chain)
    const [, ...blocks] = await allBlocks(clients(chain).reader, 4n)
    for (const [index, { timestamp }] of blocks.entries()) {
      assert.ok(timestamp > (blocks[index - 1]?.timestamp ?? 0n))
      assert.ok(timestamp <= BigInt(Math.ceil(Date.now() / 1000)), 'not in the future')
    }
  })

  it('puts the parent block id and the randomness where contracts find them', async () => {
    await using chain = await open('anchored', { blockTimeMs: 20, heartbeatMs: 20 })
    const { reader } = clients(chain)
    while (chain.blocks.height < 3) await nextDecided(chain)
    const [second, third] = [await chain.blocks.byHeight(2), await chain.blocks.byHeight(3)]
    assert.ok(second && third)
    const block = await reader.getBlock({ blockNumber: 3n })
    assert.equal(block.parentBeaconBlockRoot, second.id)
    assert.equal(block.mixHash, third.block.payload.prevRandao)
    assert.notEqual(second.block.payload.prevRandao, third.block.payload.prevRandao)
    const { genesis } = chain
    const { consensus } = genesis.config.quoin
    assert.ok(consensus.engine === 'bft')
    const validators = genesisValidators(consensus)
    const { hash } = await reader.getBlock({ blockNumber: 0n })
    const domain = {
      chainId: BigInt(chainId),
      genesisId: genesisId(BigInt(chainId), hash, validators),
    }
    assert.equal(verifyCertificate(third.certificate, validators, domain), 1n)
  })

  it('serves the contracts that every Prague chain has', async () => {
    await using chain = await open('system')
    const { reader } = clients(chain)
    const code = await reader.getCode({ address: '0x4e59b44847b379578588920cA78FbF26c0B4956C' })
    assert.equal(
      keccak256(code ?? '0x'),
      '0x2fa86add0aed31f33a762c9d88e807c475bd51d0f52bd0955754b2608f7e4989',
    )
    const { hash } = await reader.getBlock({ blockNumber: 0n })
    await reader.waitForTransactionReceipt({
      hash: await clients(chain).wallet.sendTransaction({ to: sink, value: 1n }),
    })
    const { data } = await reader.call({
      to: '0x0000F90827F1C53a10cb7A02335B175320002935',
      data: `0x${'0'.repeat(64)}`,
    })
    assert.equal(data, hash, 'EIP-2935 knows the genesis')
  })

  it('executes its blocks anew when the execution folder is gone', async () => {
    const name = 'replayed'
    {
      await using chain = await open(name, { blockTimeMs: 20, heartbeatMs: 20 })
      while (chain.blocks.height < 10) await nextDecided(chain)
    }
    await rm(join(root, name, 'execution'), { recursive: true })
    await using chain = await open(name)
    const head = await clients(chain).reader.getBlock()
    assert.ok(head.number >= 10n)
  })
})

describe('opening a chain', () => {
  it('is refused on a folder that is in use, naming the process', async () => {
    await using _chain = await open('taken')
    await assert.rejects(open('taken'), (error) => {
      assert.ok(error instanceof CodedError)
      assert.equal(error.code, 'DATA_FOLDER_IN_USE')
      assert.equal(error.detail.pid, process.pid)
      assert.match(error.message, new RegExp(`process ${process.pid}`))
      return true
    })
  })

  it('takes a folder over whose holder is gone', async () => {
    await (await open('stale'))[Symbol.asyncDispose]()
    await writeFile(join(root, 'stale', 'node.pid'), '1\n')
    await using _chain = await open('stale')
    assert.equal(await readFile(join(root, 'stale', 'node.pid'), 'utf8'), `${process.pid}\n`)
  })

  it('is refused when the port is in use, and leaves the folder free', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : 0
    await assert.rejects(open('port', { rpc: { host: '127.0.0.1', port } }), {
      code: 'PORT_IN_USE',
    })
    server.close()
    await using _chain = await open('port')
  })

  it('needs a genesis once, and the same one later', async () => {
    const rest = {
      dataDir: join(root, 'genesis'),
      validatorKey: hexToBytes(validatorKey),
      rpc: { host: '127.0.0.1', port: 0 },
    }
    await assert.rejects(openChain(rest), { code: 'GENESIS_MISSING' })
    await (await open('genesis'))[Symbol.asyncDispose]()
    await (await openChain(rest))[Symbol.asyncDispose]()
    const other = { ...createTestGenesis(), gasLimit: '0x1c9c380' } as const
    await assert.rejects(open('genesis', { genesis: other }), { code: 'GENESIS_MISMATCH' })
  })

  it('is refused with a key that could never make a block', async () => {
    const validatorKey = new Uint8Array(32).fill(3)
    await assert.rejects(open('stranger', { validatorKey }), { code: 'NOT_A_VALIDATOR' })
  })
})

describe('a genesis', () => {
  it('names what is wrong with it', () => {
    const options = { chainId, timestamp: 0, alloc: {}, validators: [] }
    assert.throws(() => createGenesis(options), { code: 'GENESIS_INVALID', message: /validators/ })
  })
})

async function allBlocks(reader: PublicClient, count: bigint) {
  const numbers = Array.from({ length: Number(count) }, (_, index) => BigInt(index))
  return Promise.all(numbers.map((blockNumber) => reader.getBlock({ blockNumber })))
}
