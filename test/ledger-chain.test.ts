// The ledger's sender on our own chain, through a restart of the node.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Chain, createGenesis, openChain, validatorOf } from '@quoin/chain'
import { genesisAlloc } from '@quoin/contracts'
import { hexToBytes } from '@quoin/kernel'
import { createLedger } from '@quoin/ledger'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'

const account = privateKeyToAccount(generatePrivateKey())
const validatorKey = hexToBytes(generatePrivateKey())
const to = '0x00000000000000000000000000000000000000aa'

const genesis = createGenesis({
  chainId: 31402,
  timestamp: Math.floor(Date.now() / 1000),
  alloc: genesisAlloc({
    creditOwner: account.address,
    credits: [{ address: account.address, amount: 1_000n }],
    balances: [{ address: account.address, wei: 10n ** 21n }],
  }),
  validators: [validatorOf(validatorKey)],
  blockTimeMs: 200,
})

test('128 transfers at once land in a row on our chain, through a restart of the node', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'quoin-ledger-chain-'))
  const open = (port: number): Promise<Chain> =>
    openChain({ dataDir, genesis, validatorKey, rpc: { host: '127.0.0.1', port } })
  let chain = await open(0)
  const { rpcUrl } = chain
  try {
    await using ledger = createLedger({ rpcUrl, account, sending: { resendAfterMs: 500 } })
    const startedAt = performance.now()
    await Promise.all(Array.from({ length: 64 }, () => ledger.credit.transfer(to, 1n)))
    console.log(`64 transfers in ${Math.round(performance.now() - startedAt)} ms`)
    const gas = 100_000n
    const data = '0x' as const
    const sends = Array.from({ length: 64 }, () =>
      ledger.sender.send({ to, value: 1n, data, gas, doing: 'transfer a coin' }),
    )
    sends.forEach((send) => void send.catch(() => {}))
    while (ledger.sender.inFlight === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    await chain[Symbol.asyncDispose]()
    chain = await open(Number(new URL(rpcUrl).port))
    const outcomes = await Promise.allSettled(sends)
    const landed = outcomes.filter(({ status }) => status === 'fulfilled').length
    const used = await ledger.client.getTransactionCount({ address: account.address })
    assert.equal(used, 64 + landed)
    assert.equal(await ledger.nativeBalanceOf(to), BigInt(landed))
    assert(landed > 0, 'those that had left arrived')
    await ledger.credit.transfer(to, 1n)
    assert.equal(await ledger.credit.balanceOf(to), 65n)
    console.log(`${landed} of 64 landed through the restart`)
  } finally {
    await chain[Symbol.asyncDispose]()
    await rm(dataDir, { recursive: true, force: true })
  }
})
