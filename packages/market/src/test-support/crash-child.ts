import { bytesToHex, type Hex, hexToBytes } from '@quoin/kernel'
import { signatureToBytes, signHash } from '@quoin/keys'
import type { ChannelConfig } from '@quoin/protocol'
import { z } from 'zod'
import { createDigests } from '../digest.ts'
import type { Market } from '../interface.ts'
import { openMarket } from '../open.ts'
import { providerKey } from './open-test-market.ts'
import { callRequest, finish } from './voucher-payer.ts'

/**
 * A market under load in a process of its own, to be killed at any moment. Tells its parent each call
 * before it is made and each answer after it is durable; calls that an earlier process left open come again
 * with the same idempotency key.
 */
const Orders = z.object({
  dataDir: z.string(),
  rpcUrl: z.string(),
  chainId: z.number(),
  configs: z.array(z.custom<ChannelConfig>()),
  sessionKey: z.string(),
  retries: z.array(z.object({ key: z.string(), channel: z.number() })),
  firstKey: z.number(),
})
export type CrashOrders = z.infer<typeof Orders>
export type CrashReport =
  | { kind: 'sent'; key: string; channel: number }
  | { kind: 'acked'; key: string; receiptId: Hex; cumulative: string }

const inFlight = 8
const price = 10n

const orders = Orders.parse(JSON.parse(process.argv[2] ?? ''))
const { dataDir, rpcUrl, chainId } = orders
const market = await openMarket({
  dataDir,
  rpcUrl,
  chainId,
  providerKey,
  settlement: { intervalMs: 0, anchorIntervalMs: 0, followMs: 60_000 },
})
const digests = createDigests({
  chainId,
  settlement: '0x4020074e9df2ce1dee5a9c1b5c3f541d02a10003',
  receipts: '0x51756f696e000000000000000000000000000003',
  token: { address: '0x51756f696e000000000000000000000000000001', name: '', version: '' },
})
const sessionKey = hexToBytes(orders.sessionKey)
const retries = [...orders.retries]
let nextKey = orders.firstKey

await Promise.all(orders.configs.flatMap((config, channel) => load(market, config, channel)))

async function load(from: Market, config: ChannelConfig, channel: number): Promise<void> {
  const id = digests.channelId(config)
  let signed = (await from.channels.get(id))?.charged ?? 0n
  const payer = async (): Promise<void> => {
    for (;;) {
      const again = retries.findIndex((call) => call.channel === channel)
      const key = again < 0 ? `key-${nextKey++}` : retries.splice(again, 1)[0]?.key
      if (key === undefined) continue
      report({ kind: 'sent', key, channel })
      signed += price
      await pay(from, { config, id, max: signed, key })
    }
  }
  await Promise.all(Array.from({ length: inFlight }, payer))
}

async function pay(
  from: Market,
  call: { config: ChannelConfig; id: Hex; max: bigint; key: string },
): Promise<void> {
  const { config, id, max, key } = call
  const signature = signatureToBytes(signHash(digests.voucher(id, max), sessionKey))
  const payment = {
    x402Version: 2,
    accepted: {
      scheme: 'batch-settlement',
      network: `eip155:${chainId}`,
      amount: `${price}`,
      asset: config.token,
      payTo: config.receiver,
      maxTimeoutSeconds: 60,
    },
    payload: {
      type: 'voucher',
      channelConfig: config,
      voucher: { channelId: id, maxClaimableAmount: `${max}`, signature: bytesToHex(signature) },
    },
  }
  const header = Buffer.from(JSON.stringify(payment)).toString('base64')
  const admission = await from.admit(callRequest({ body: key, header, key, ceiling: price }))
  if (admission.kind === 'refused') throw new Error(JSON.stringify(admission.body))
  if (admission.kind === 'replayed') return
  const { receipt } = await finish(admission.call, `answer to ${key}`, price)
  const cumulative = `${receipt.receipt.cumulative}`
  report({ kind: 'acked', key, receiptId: receipt.id, cumulative })
}

function report(message: CrashReport): void {
  process.send?.(message)
}
