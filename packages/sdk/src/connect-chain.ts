import type { Hex } from '@quoin/kernel'
import { createLedger, type Ledger } from '@quoin/ledger'
import type { LocalAccount } from 'viem'
import type { ChainAccess } from './chain-access.ts'

/** The chain for a payer, over JSON-RPC. Close it with `await using` when the program ends. */
export function connectChain(options: {
  rpcUrl: string
  chainId?: number
  /** The payer: it sends (and pays the gas of) the transactions that limit its session keys. */
  account: LocalAccount
}): ChainAccess & AsyncDisposable {
  const ledger = createLedger(options)
  return Object.assign(chainAccessOf(ledger), {
    [Symbol.asyncDispose]: () => ledger[Symbol.asyncDispose](),
  })
}

/** The same on a ledger that is there already. */
export function chainAccessOf(ledger: Ledger): ChainAccess {
  return {
    chainId: ledger.chainId,
    readChannel: async (channelId) => {
      const { balance, totalClaimed } = await ledger.channels.state(channelId)
      return { deposited: balance, claimed: totalClaimed }
    },
    balanceOf: (_token: Hex, owner: Hex) => ledger.credit.balanceOf(owner),
    authorizeSession: async (config, { capAtomic, expiresAt }) => {
      const limits = { capAtomic, expiresAt, scope: anyService }
      return (await ledger.sessions.authorize(config, limits)).transactionHash
    },
  }
}

const anyService: Hex = `0x${'0'.repeat(64)}`
