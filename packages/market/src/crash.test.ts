import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { bytesToHex, type Hex } from '@quoin/kernel'
import { createPrivateKey, privateKeyToAddress } from '@quoin/keys'
import { createLedger } from '@quoin/ledger'
import type { ChannelConfig } from '@quoin/protocol'
import { payerAccount, startAnvil, type TestChain } from './test-support/anvil.ts'
import type { CrashOrders, CrashReport } from './test-support/crash-child.ts'
import { openTestMarket, providerKey, temporaryFolder } from './test-support/open-test-market.ts'

const stack = new AsyncDisposableStack()
after(() => stack.disposeAsync())
const kills = 20

test('killed at any moment under load, a market loses no answered call and charges none twice', async () => {
  const folder = stack.use(await temporaryFolder()).path
  const chain = stack.use(await startAnvil())
  const sessionKey = createPrivateKey()
  const configs = await openChannels(chain, privateKeyToAddress(sessionKey))
  const sent = new Map<string, number>()
  const acked = new Map<string, { receiptId: Hex; cumulative: string }>()

  for (let round = 0; round < kills; round++) {
    const retries = [...sent].filter(([key]) => !acked.has(key))
    await runAndKill(
      {
        dataDir: folder,
        rpcUrl: chain.rpcUrl,
        chainId: chain.chainId,
        configs,
        sessionKey: bytesToHex(sessionKey),
        retries: retries.map(([key, channel]) => ({ key, channel })),
        firstKey: sent.size,
      },
      Math.random() * 150,
      (report) => {
        if (report.kind === 'sent') sent.set(report.key, report.channel)
        else acked.set(report.key, report)
      },
    )
  }

  assert.ok(acked.size > kills, `only ${acked.size} calls were answered`)
  const market = stack.use(await openTestMarket(chain, folder))
  for (const { receiptId } of acked.values())
    assert.ok(await market.receipts.get(receiptId), 'every answered call has its receipt')
  checkRecords(folder, sent.size)
  const before = sumOf((await market.channels.list({ limit: 10 })).map(({ charged }) => charged))
  const settlement = await market.settleNow()
  assert.equal(settlement.paidAtomic, before)
})

/** Sequences without gaps or repeats, sums that match, each key charged at most once. */
function checkRecords(folder: string, keys: number): void {
  const db = new DatabaseSync(join(folder, 'market.sqlite'), { readOnly: true })
  const channels = db.prepare('select channel_id, charged, sequence from channels').all()
  const receipts = db.prepare(
    'select sequence, json from receipts where channel_id = ? order by sequence',
  )
  const charged = new Set<string>()
  for (const channel of channels) {
    const rows = receipts.all(String(channel.channel_id))
    assert.equal(rows.length, channel.sequence)
    rows.forEach((row, index) => {
      const { receipt } = JSON.parse(String(row.json))
      assert.equal(row.sequence, index + 1)
      assert.equal(receipt.cumulative, `${(index + 1) * 10}`)
      assert.ok(!charged.has(receipt.idempotencyKeyHash), 'a key is charged once')
      charged.add(receipt.idempotencyKeyHash)
    })
    assert.equal(channel.charged, `${rows.length * 10}`)
  }
  assert.ok(charged.size <= keys)
  db.close()
}

async function runAndKill(
  orders: CrashOrders,
  delayMs: number,
  onReport: (report: CrashReport) => void,
): Promise<void> {
  const child = fork(
    new URL('./test-support/crash-child.ts', import.meta.url),
    [JSON.stringify(orders)],
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  )
  child.on('message', onReport)
  const exited = once(child, 'exit')
  const started = await Promise.race([once(child, 'message'), exited.then(() => null)])
  assert.ok(started, 'the market started')
  const timer = setTimeout(() => child.kill('SIGKILL'), delayMs)
  await exited
  clearTimeout(timer)
  assert.equal(child.signalCode, 'SIGKILL')
}

async function openChannels(chain: TestChain, session: Hex): Promise<ChannelConfig[]> {
  const configs: ChannelConfig[] = []
  const receiver = privateKeyToAddress(providerKey)
  for (const index of [1, 2]) {
    const account = payerAccount(index)
    const config: ChannelConfig = {
      payer: `0x${account.address.slice(2).toLowerCase()}`,
      payerAuthorizer: session,
      receiver,
      receiverAuthorizer: receiver,
      token: '0x51756f696e000000000000000000000000000001',
      withdrawDelay: 900,
      salt: bytesToHex(createPrivateKey()),
    }
    await using ledger = createLedger({ rpcUrl: chain.rpcUrl, chainId: chain.chainId, account })
    await ledger.channels.open({ config, amount: 10n ** 9n, payer: account })
    configs.push(config)
  }
  return configs
}

function sumOf(amounts: bigint[]): bigint {
  return amounts.reduce((sum, amount) => sum + amount, 0n)
}
