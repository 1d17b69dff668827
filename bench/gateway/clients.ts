import { payingFetch } from '@quoin/sdk'
import { toClientEvmSigner } from '@x402/evm'
import { BatchSettlementEvmScheme } from '@x402/evm/batch-settlement/client'
import { wrapFetchWithPayment, x402Client } from '@x402/fetch'
import { createPublicClient, http, type LocalAccount } from 'viem'
import { depositAtomic, network, payers, priceAtomic } from './setting.ts'

function payer(index: number): LocalAccount {
  const account = payers[index]
  if (!account) throw new Error(`There is no payer ${index}`)
  return account
}

export function ourClient(index: number): typeof fetch {
  const expiry = new Date(Date.now() + 3_600_000)
  return payingFetch(payer(index), { cap: depositAtomic, expiry })
}

export function stockClient(index: number, rpcUrl: string): typeof fetch {
  const reader = createPublicClient({ transport: http(rpcUrl) })
  const scheme = new BatchSettlementEvmScheme(toClientEvmSigner(payer(index), reader), {
    depositPolicy: { depositMultiplier: Number(depositAtomic / priceAtomic) },
  })
  const client = new x402Client().setSpendControls(false).register(network, scheme)
  return wrapFetchWithPayment(fetch, client)
}
