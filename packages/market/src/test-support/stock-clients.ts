import { toClientEvmSigner } from '@x402/evm'
import { BatchSettlementEvmScheme } from '@x402/evm/batch-settlement/client'
import { ExactEvmScheme } from '@x402/evm/exact/client'
import { wrapFetchWithPayment, x402Client } from '@x402/fetch'
import { payerAccount, type TestChain } from './anvil.ts'

/** The stock batch-settlement client from npm, as its documentation sets it up. */
export function stockBatchClient(chain: TestChain, payer: number) {
  const scheme = new BatchSettlementEvmScheme(toClientEvmSigner(payerAccount(payer), chain.client))
  const client = new x402Client()
    .setSpendControls(false)
    .register(`eip155:${chain.chainId}`, scheme)
  return { fetch: wrapFetchWithPayment(fetch, client), scheme, client }
}

export function stockExactClient(chain: TestChain, payer: number) {
  const scheme = new ExactEvmScheme(toClientEvmSigner(payerAccount(payer), chain.client))
  const client = new x402Client()
    .setSpendControls(false)
    .register(`eip155:${chain.chainId}`, scheme)
  return { fetch: wrapFetchWithPayment(fetch, client), scheme, client }
}
