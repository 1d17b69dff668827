// A light client on a real chain, through a proxy that lies.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { type Chain, createGenesis, openChain, validatorOf } from '@quoin/chain'
import { genesisAlloc, predeployAddresses } from '@quoin/contracts'
import { hexToBytes } from '@quoin/kernel'
import { createLedger } from '@quoin/ledger'
import { createLightClient, createVerifiedProvider, httpProvider } from '@quoin/light'
import { launchChromium } from '@quoin/testing'
import { createPublicClient, createWalletClient, custom, defineChain, type Hex, http } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { serveModules } from './browser-modules.ts'
import { type LyingProxy, startLyingProxy } from './lying-proxy.ts'

const account = privateKeyToAccount(generatePrivateKey())
const validatorKey = hexToBytes(generatePrivateKey())
const sink = '0x00000000000000000000000000000000000000aa'
const chainId = 31402

let dataDir: string
let chain: Chain
let proxy: LyingProxy
let genesisId: Hex
let transfer: Hex
let creation: Hex

const network = (rpcUrl: string) =>
  defineChain({
    id: chainId,
    name: 'test',
    nativeCurrency: { name: 'coin', symbol: 'C', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  })

before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'quoin-light-'))
  const genesis = createGenesis({
    chainId,
    timestamp: Math.floor(Date.now() / 1000) - 60,
    alloc: genesisAlloc({
      creditOwner: account.address,
      credits: [{ address: account.address, amount: 1_000n }],
      balances: [{ address: account.address, wei: 10n ** 21n }],
    }),
    validators: [validatorOf(validatorKey)],
    blockTimeMs: 20,
    heartbeatMs: 100,
  })
  chain = await openChain({ dataDir, genesis, validatorKey, rpc: { host: '127.0.0.1', port: 0 } })
  proxy = await startLyingProxy(chain.rpcUrl)
  const status = await httpProvider(chain.rpcUrl).request('quoin_status', [], {
    signal: AbortSignal.timeout(5000),
  })
  genesisId = (status as { genesisId: Hex }).genesisId
  await using ledger = createLedger({ rpcUrl: chain.rpcUrl, chainId, account })
  transfer = (await ledger.credit.transfer(sink, 5n)).transactionHash
  const wallet = createWalletClient({
    account,
    chain: network(chain.rpcUrl),
    transport: http(chain.rpcUrl),
  })
  // PUSH1 42 PUSH0 SSTORE, and returns the one byte of code that it leaves: STOP.
  creation = await wallet.deployContract({ abi: [], bytecode: '0x602a5f5560015ff3' })
  await honestReader().waitForTransactionReceipt({ hash: creation })
})

after(async () => {
  await proxy[Symbol.asyncDispose]()
  await chain[Symbol.asyncDispose]()
  await rm(dataDir, { recursive: true })
})

beforeEach(() => proxy.tell({}))

function honestReader() {
  const { rpcUrl } = chain
  return createPublicClient({
    chain: network(rpcUrl),
    transport: http(rpcUrl),
    pollingInterval: 20,
  })
}

/** viem over a fresh light client over the proxy. */
async function verifiedReader() {
  const client = await createLightClient({
    providers: [httpProvider(proxy.url)],
    root: { genesisId },
  })
  const provider = createVerifiedProvider(client)
  return createPublicClient({
    chain: network(proxy.url),
    transport: custom(provider),
    cacheTime: 0,
  })
}

describe('viem over a light client', () => {
  it('gets what an honest node says, proven', async () => {
    const [verified, honest] = [await verifiedReader(), honestReader()]
    const blockNumber = await honest.getBlockNumber()
    const address = account.address
    const credit = predeployAddresses.credit
    assert.equal(await verified.getChainId(), chainId)
    for (const who of [address, sink, credit] as const) {
      const at: { address: Hex; blockNumber: bigint } = { address: who, blockNumber }
      assert.equal(await verified.getBalance(at), await honest.getBalance(at))
      assert.equal(await verified.getTransactionCount(at), await honest.getTransactionCount(at))
      assert.equal(await verified.getCode(at), await honest.getCode(at))
    }
    const receipt = await honest.getTransactionReceipt({ hash: creation })
    const created: Hex | null | undefined = receipt.contractAddress
    assert.ok(created)
    for (const slot of ['0x0', '0x1'] as const) {
      const at: { address: Hex; slot: Hex; blockNumber: bigint } = {
        address: created,
        slot,
        blockNumber,
      }
      assert.equal(await verified.getStorageAt(at), await honest.getStorageAt(at))
    }
    for (const hash of [transfer, creation]) {
      assert.deepEqual(
        await verified.getTransactionReceipt({ hash }),
        await honest.getTransactionReceipt({ hash }),
      )
      assert.deepEqual(
        await verified.getTransaction({ hash }),
        await honest.getTransaction({ hash }),
      )
    }
    const number = { blockNumber: receipt.blockNumber }
    for (const includeTransactions of [false, true]) {
      const [mine, theirs] = await Promise.all([
        verified.getBlock({ ...number, includeTransactions }),
        honest.getBlock({ ...number, includeTransactions }),
      ])
      assert.deepEqual(mine, theirs)
    }
    const byHash = await verified.getBlock({ blockHash: receipt.blockHash })
    assert.equal(byHash.number, receipt.blockNumber)
    const range = { address: credit, fromBlock: 1n, toBlock: blockNumber } as const
    const logs = await verified.getLogs(range)
    assert.ok(logs.length > 0)
    assert.deepEqual(logs, await honest.getLogs(range))
    assert.deepEqual(await verified.getLogs({ ...range, address: sink }), [])
  })

  it('refuses what has no proof, and says so', async () => {
    const verified = await verifiedReader()
    await assert.rejects(verified.call({ to: sink }), /could be proven/)
    await assert.rejects(verified.getGasPrice(), /could be proven/)
    const unknown = `0x${'77'.repeat(32)}` as const
    await assert.rejects(verified.getTransactionReceipt({ hash: unknown }), /could not be found/)
  })

  const json = <T extends object = Record<string, unknown>>(value: unknown) =>
    structuredClone(value) as T
  const balanceOf = async () => (await verifiedReader()).getBalance({ address: account.address })
  const receiptOf = async () => (await verifiedReader()).getTransactionReceipt({ hash: transfer })

  it('catches another balance beside the proof, and another proof', async () => {
    proxy.tell({ eth_getProof: (honest) => ({ ...json(honest), balance: '0x1' }) })
    await assert.rejects(balanceOf(), /balance of .* is said to be 1, the proof says/)
    proxy.tell({
      eth_getProof: (honest) => {
        const answer = json<{ accountProof: string[] }>(honest)
        const last = answer.accountProof.pop() ?? ''
        return { ...answer, accountProof: [...answer.accountProof, `${last.slice(0, -2)}00`] }
      },
    })
    await assert.rejects(balanceOf(), /is missing or was changed/)
  })

  it('catches a proof that was cut off, is of another block, or of another account', async () => {
    proxy.tell({
      eth_getProof: (honest) => {
        const answer = json<{ accountProof: string[] }>(honest)
        return { ...answer, accountProof: answer.accountProof.slice(0, -1) }
      },
    })
    await assert.rejects(balanceOf(), /is missing or was changed/)
    const old = await ask('eth_getProof', [account.address, [], '0x0'])
    proxy.tell({ eth_getProof: () => old })
    await assert.rejects(balanceOf(), /is missing or was changed/)
    proxy.tell({ eth_getProof: () => ({ accountProof: [], storageProof: [] }) })
    await assert.rejects(balanceOf(), /is missing or was changed/)
  })

  it('catches another value in storage, and another code', async () => {
    const credit = predeployAddresses.credit
    const slot = `0x${'0'.repeat(63)}2` as const
    const read = async () => (await verifiedReader()).getStorageAt({ address: credit, slot })
    await read()
    proxy.tell({
      eth_getProof: (honest) => {
        const answer = json<{ storageProof: { value: string }[] }>(honest)
        return {
          ...answer,
          storageProof: answer.storageProof.map((one) => ({ ...one, value: '0x99' })),
        }
      },
    })
    await assert.rejects(read(), /slot .* is said to be 153, the proof says/)
    proxy.tell({ eth_getCode: () => '0x00' })
    const code = async () => (await verifiedReader()).getCode({ address: credit })
    await assert.rejects(code(), /another code/)
  })

  it('catches changed receipts, hidden logs and transactions that are elsewhere', async () => {
    proxy.tell({
      debug_getRawReceipts: (honest) => (honest as string[]).map((raw) => raw.replace(/01$/, '02')),
    })
    const changed = ['debug_getRawReceipts', 'debug_getRawBlock', 'debug_getRawHeader']
    for (const method of changed) {
      proxy.tell({ [method]: (honest) => flipLastByte(honest) })
      await assert.rejects(receiptOf(), /lied|signed/, method)
    }
    proxy.tell({ debug_getRawReceipts: () => [] })
    const logs = async () =>
      (await verifiedReader()).getLogs({ address: predeployAddresses.credit, fromBlock: 1n })
    await assert.rejects(logs(), /receipts of block/)
    proxy.tell({ eth_getTransactionByHash: (honest) => ({ ...json(honest), blockNumber: '0x1' }) })
    await assert.rejects(receiptOf(), /does not hold it/)
  })

  it('catches a forged certificate, a header that was changed, and an old head', async () => {
    for (const field of ['certificate', 'header'] as const) {
      proxy.tell({
        quoin_getLightBlock: (honest) => ({
          ...json(honest),
          [field]: flipLastByte(json(honest)[field]),
        }),
      })
      await assert.rejects(balanceOf(), /not proven|belong together|is none/, field)
    }
    const first = await ask('quoin_getLightBlock', [1])
    proxy.tell({ quoin_getLightBlock: () => first })
    const client = await createLightClient({
      providers: [httpProvider(proxy.url)],
      root: { genesisId },
      maxHeadAgeMs: 500,
      nowMs: () => Date.now() + 1000,
    })
    await assert.rejects(client.update(), { code: 'HEAD_STALE' })
  })

  it('catches another chain, and a genesis that was changed', async () => {
    const open = () =>
      createLightClient({ providers: [httpProvider(proxy.url)], root: { genesisId } })
    proxy.tell({ quoin_status: (honest) => ({ ...json(honest), executionGenesis: genesisId }) })
    await assert.rejects(open(), { code: 'SERVER_LIED' })
    proxy.tell({ debug_getRawHeader: flipLastByte })
    await assert.rejects(open(), { code: 'SERVER_LIED' })
    proxy.tell({ quoin_status: () => null })
    await assert.rejects(open(), { code: 'SERVER_LIED' })
  })
})

describe('a page in a browser', () => {
  it('follows the chain and verifies a balance', { timeout: 60_000 }, async () => {
    await using modules = await serveModules()
    const browser = await launchChromium()
    try {
      const page = await browser.newPage()
      await page.goto(modules.url)
      const options = { rpcUrl: proxy.url, genesisId, address: account.address }
      // The page is of another origin than the node: the proxy sends no CORS headers, the node does.
      const seen = await page.evaluate(followInPage, { ...options, rpcUrl: chain.rpcUrl })
      assert.ok(seen.height > 0)
      const balance = await honestReader().getBalance({ address: account.address })
      assert.equal(BigInt(seen.balance), balance)
      assert.equal(seen.keptHeight, seen.height, 'the state is kept in the page')
      console.log(`followed and verified in ${Math.round(seen.ms)} ms in Chromium`)
    } finally {
      await browser.close()
    }
  })
})

/** Runs in the page. */
async function followInPage(options: { rpcUrl: string; genesisId: Hex; address: Hex }) {
  const load = (path: string) => import(path)
  const light = await load('/packages/light/src/index.ts')
  const store = light.webLightStore(localStorage, 'light')
  const started = performance.now()
  const client = await light.createLightClient({
    providers: [light.httpProvider(options.rpcUrl)],
    root: { genesisId: options.genesisId },
    store,
  })
  const chain = light.createVerifiedChain({ client })
  const { balance } = await chain.account(options.address)
  const ms = performance.now() - started
  const again = await light.createLightClient({
    providers: [light.httpProvider(options.rpcUrl)],
    store,
  })
  return {
    height: client.newest.height as number,
    keptHeight: again.newest.height as number,
    balance: `${balance}`,
    ms,
  }
}

async function ask(method: string, params: unknown[]): Promise<unknown> {
  return httpProvider(chain.rpcUrl).request(method, params, { signal: AbortSignal.timeout(5000) })
}

/** Of a hexadecimal text, or of each in a list. */
function flipLastByte(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(flipLastByte)
  if (typeof value !== 'string') return value
  const last = Number.parseInt(value.slice(-2), 16) ^ 1
  return value.slice(0, -2) + last.toString(16).padStart(2, '0')
}
