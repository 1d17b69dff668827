import type { Hex } from '@quoin/kernel'
import type { Ledger } from '@quoin/ledger'

/** Credits in atomic units, the chain's own coins in wei. */
export interface AccountBalances {
  credits: bigint
  coins: bigint
}

export async function readBalances(ledger: Ledger, address: Hex): Promise<AccountBalances> {
  const [credits, coins] = await Promise.all([
    ledger.credit.balanceOf(address),
    ledger.nativeBalanceOf(address),
  ])
  return { credits, coins }
}
