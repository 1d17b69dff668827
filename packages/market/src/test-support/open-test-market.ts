import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hexToBytes } from '@quoin/kernel'
import { privateKeyToAddress } from '@quoin/keys'
import type { Market } from '../interface.ts'
import { openMarket } from '../open.ts'
import type { MarketOptions } from '../options.ts'
import type { TestChain } from './anvil.ts'

export const providerKey = hexToBytes(`0x${'42'.repeat(32)}`)

/** Options for a market on a test chain that does nothing by itself, its provider funded for gas. */
async function testOptions(
  chain: TestChain,
  dataDir: string,
  more: Partial<MarketOptions> = {},
): Promise<MarketOptions> {
  await chain.control.setBalance({
    address: privateKeyToAddress(providerKey),
    value: 10n ** 21n,
  })
  return {
    dataDir,
    rpcUrl: chain.rpcUrl,
    chainId: chain.chainId,
    providerKey,
    ...more,
    settlement: { intervalMs: 0, anchorIntervalMs: 0, followMs: 100, ...more.settlement },
  }
}

/** A folder that is removed when disposed. */
export async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'quoin-market-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

export async function openTestMarket(
  chain: TestChain,
  dataDir: string,
  more: Partial<MarketOptions> = {},
): Promise<Market> {
  return openMarket(await testOptions(chain, dataDir, more))
}
