import { createGenesis, openChain } from '@quoin/chain'
import { genesisAlloc } from '@quoin/contracts'
import { privateKeyToAddress } from '@quoin/keys'
import {
  chainId,
  payers,
  provider,
  stockFacilitator,
  stockReceiver,
  validatorKey,
} from './setting.ts'

/** A fresh chain of ours with funded payers. */
export function openBenchChain(dataDir: string) {
  const accounts = [...payers, provider, stockFacilitator, stockReceiver].map(
    ({ address }) => address,
  )
  return openChain({
    dataDir,
    genesis: createGenesis({
      chainId,
      timestamp: Math.floor(Date.now() / 1000),
      validators: [{ address: privateKeyToAddress(validatorKey), power: 1n }],
      blockTimeMs: 100,
      alloc: genesisAlloc({
        creditOwner: provider.address,
        credits: accounts.map((address) => ({ address, amount: 10n ** 12n })),
        balances: accounts.map((address) => ({ address, wei: 10n ** 20n })),
      }),
    }),
    validatorKey,
    rpc: { host: '127.0.0.1', port: 0 },
  })
}
