import type { Hex } from '@quoin/kernel'

/** The canonical addresses that stock x402 clients have built in, the same on every chain. */
export const x402Addresses = {
  settlement: '0x4020074e9df2ce1dee5a9c1b5c3f541d02a10003',
  erc3009Collector: '0x4020806089470a89826cb9fb1f4059150b550004',
  multicall3: '0xca11bde05977b3631167028862be2a173976ca11',
} as const satisfies Record<string, Hex>

/** A channel's withdrawDelay in seconds, as the settlement contract bounds it. */
export const withdrawDelayBounds = { min: 900, max: 2_592_000 } as const
