import { createLedger, type Ledger } from '@quoin/ledger'
import type { LocalAccount } from 'viem'
import { cliError } from '../exit-codes.ts'

/**
 * The chain that a JSON-RPC leads to, whichever it is; writes come from the account.
 * @throws CodedError `NOT_REACHABLE`
 */
export async function openLedger(rpcUrl: string, account?: LocalAccount): Promise<Ledger> {
  await using any = createLedger({ rpcUrl })
  let chainId: number
  try {
    chainId = await any.client.getChainId()
  } catch (cause) {
    throw cliError('NOT_REACHABLE', `No chain answers at ${rpcUrl}`, { cause })
  }
  return createLedger({ rpcUrl, chainId, ...(account && { account }) })
}
