import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createPublicClient, createWalletClient, defineChain, http } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { createGenesis, richKey } from '../testing/genesis.ts'
import { miner, openRealNode, reached } from '../testing/real-node.ts'

function clientsOf(url: string) {
  const chain = defineChain({
    id: 31403,
    name: 'test',
    nativeCurrency: { name: 'coin', symbol: 'C', decimals: 18 },
    rpcUrls: { default: { http: [url] } },
  })
  const settings = { chain, pollingInterval: 20, cacheTime: 0, transport: http(url) }
  return {
    reader: createPublicClient(settings),
    wallet: createWalletClient({ ...settings, account: privateKeyToAccount(richKey) }),
  }
}

describe('a miner alone', () => {
  it('mines transactions with real work on the real execution layer, and is paid for it', async () => {
    const genesis = createGenesis(Math.floor(Date.now() / 1000) - 60)
    await using node = await openRealNode({ genesis })
    await node.engine.start()
    const { reader, wallet } = clientsOf(node.execution.rpcUrl)
    const hash = await wallet.sendTransaction({
      to: '0x00000000000000000000000000000000000000b0',
      value: 7n,
      maxPriorityFeePerGas: 0n,
    })
    const receipt = await reader.waitForTransactionReceipt({ hash })
    assert.equal(receipt.status, 'success')
    await reached(node.engine, () => node.engine.status.height >= 12)
    const { status } = node.engine
    assert.equal(status.failure, null)
    assert.ok(status.mining && status.mining.hashesPerSecond > 0)
    const height = 12n
    const block = await reader.getBlock({ blockNumber: height })
    const parent = node.engine.blockAt(11)
    assert.equal(block.parentBeaconBlockRoot, parent?.id)
    assert.equal(block.miner, miner)
    const reward = 2_000_000_000n * 1_000_000_000n
    assert.equal(await reader.getBalance({ address: miner, blockNumber: height }), 12n * reward)
    for (let number = 1; number <= 12; number++) {
      const mined = node.engine.blockAt(number)
      assert.ok(mined && BigInt(mined.id) <= mined.header.target, `block ${number} has its work`)
    }
  })

  it('calls blocks safe and finalized by their depth, and finds them so after a restart', async (t) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'quoin-pow-depth-'))
    t.after(() => rm(dataDir, { recursive: true, force: true }))
    const genesis = createGenesis(Math.floor(Date.now() / 1000) - 60)
    const settings = { safeDepth: 3, finalizedDepth: 8 }
    const depths = { safe: 3n, finalized: 8n }
    let finalized = 0n
    for (const least of [12, 15]) {
      await using node = await openRealNode({ genesis, dataDir, settings })
      await node.engine.start()
      await reached(node.engine, () => node.engine.status.height >= least)
      const { reader } = clientsOf(node.execution.rpcUrl)
      for (const blockTag of ['safe', 'finalized'] as const) {
        const before = await reader.getBlockNumber()
        const { number, hash } = await reader.getBlock({ blockTag })
        const after = await reader.getBlockNumber()
        const depth = depths[blockTag]
        assert.ok(before - depth <= number && number <= after - depth, `${blockTag} is ${number}`)
        assert.equal(hash, node.engine.blockAt(Number(number))?.header.payloadHash)
        if (blockTag === 'safe') continue
        assert.ok(number >= finalized, 'what was finalized stays so')
        finalized = number
      }
    }
  })
})
