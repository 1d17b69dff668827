import { creditAbi, multicall3Abi } from '@quoin/contracts'
import type { Hex } from '@quoin/kernel'
import { encodeFunctionData, parseEventLogs } from 'viem'
import type { LedgerContext, Mined } from '../context.ts'
import type { SendOptions } from '../sender/interface.ts'

/** A signed EIP-3009 transfer. Times in seconds. */
export interface TransferAuthorization {
  from: Hex
  to: Hex
  value: bigint
  validAfter: bigint
  validBefore: bigint
  nonce: Hex
  signature: Hex
}

export type Credit = ReturnType<typeof createCredit>

/** The token: Credit on a Quoin chain, any EIP-3009 token elsewhere. Amounts are atomic units. */
export function createCredit(context: LedgerContext) {
  const { client, addresses } = context
  const token = { address: addresses.credit, abi: creditAbi } as const

  return {
    async balanceOf(account: Hex): Promise<bigint> {
      const args = [account] as const
      return context.read('read a Credit balance', () =>
        client.readContract({ ...token, functionName: 'balanceOf', args }),
      )
    },

    /** Whether an EIP-3009 nonce was used or cancelled. */
    async isAuthorizationUsed(authorizer: Hex, nonce: Hex): Promise<boolean> {
      const args = [authorizer, nonce] as const
      return context.read('read an authorization’s state', () =>
        client.readContract({ ...token, functionName: 'authorizationState', args }),
      )
    },

    /**
     * The transaction that made this very transfer, whoever sent it. Null where there was none in the last
     * 50,000 blocks: a nonce is used up by a cancellation too, and by a transfer to someone else.
     */
    async findTransfer(wanted: Omit<TransferAuthorization, 'signature'>): Promise<Hex | null> {
      const used = await findUse(context, wanted.from, wanted.nonce)
      if (!used) return null
      const { transactionHash: hash, logIndex } = used
      const { logs } = await context.read('read a transfer', () =>
        client.getTransactionReceipt({ hash }),
      )
      const moved = parseEventLogs({ abi: creditAbi, eventName: 'Transfer', logs }).some(
        (log) =>
          log.address.toLowerCase() === addresses.credit.toLowerCase() &&
          log.logIndex === logIndex + 1 &&
          log.args.from.toLowerCase() === wanted.from.toLowerCase() &&
          log.args.to.toLowerCase() === wanted.to.toLowerCase() &&
          log.args.value === wanted.value,
      )
      return moved ? hash : null
    },

    async transfer(to: Hex, amount: bigint, options?: SendOptions): Promise<Mined> {
      const data = encodeFunctionData({
        abi: creditAbi,
        functionName: 'transfer',
        args: [to, amount],
      })
      return context.write({ to: addresses.credit, data, doing: 'transfer Credit' }, options)
    },

    async approve(spender: Hex, amount: bigint, options?: SendOptions): Promise<Mined> {
      const args = [spender, amount] as const
      const data = encodeFunctionData({ abi: creditAbi, functionName: 'approve', args })
      return context.write({ to: addresses.credit, data, doing: 'approve a spender' }, options)
    },

    /** Only the Credit's owner may. */
    async mint(to: Hex, amount: bigint, options?: SendOptions): Promise<Mined> {
      const data = encodeFunctionData({ abi: creditAbi, functionName: 'mint', args: [to, amount] })
      return context.write({ to: addresses.credit, data, doing: 'mint Credit' }, options)
    },

    /**
     * Sends several holders' signed transfers in one transaction. One that fails does not stop the
     * others: `settled[i]` says whether the i-th went through in this transaction.
     */
    async transferAll(
      transfers: readonly TransferAuthorization[],
      options?: SendOptions,
    ): Promise<Mined & { settled: boolean[] }> {
      const calls = transfers.map((transfer) => ({
        target: addresses.credit,
        allowFailure: true,
        callData: encodeTransfer(transfer),
      }))
      const data = encodeFunctionData({
        abi: multicall3Abi,
        functionName: 'aggregate3',
        args: [calls],
      })
      const doing = `settle ${transfers.length} signed transfers`
      const mined = await context.write({ to: addresses.multicall3, data, doing }, options)
      const used = new Set(
        parseEventLogs({ abi: creditAbi, eventName: 'AuthorizationUsed', logs: [...mined.logs] })
          .filter((log) => log.address.toLowerCase() === addresses.credit.toLowerCase())
          .map(({ args }) => authorizationKey(args.authorizer, args.nonce)),
      )
      const settled = transfers.map(({ from, nonce }) => used.has(authorizationKey(from, nonce)))
      return { ...mined, settled }
    },
  }
}

/** Blocks asked for at once, and how often: a node bounds the range of a query. */
const window = 2000n
const maxWindows = 25

/** The logs of an authorization's use, looked for from the head backwards. */
async function findUse({ client, addresses, read }: LedgerContext, authorizer: Hex, nonce: Hex) {
  const event = {
    address: addresses.credit,
    abi: creditAbi,
    eventName: 'AuthorizationUsed',
  } as const
  let toBlock = await read('read the block number', () => client.getBlockNumber())
  for (let asked = 0; asked < maxWindows && toBlock >= 0n; asked++, toBlock -= window) {
    const fromBlock = toBlock >= window ? toBlock - window + 1n : 0n
    const range = { args: { authorizer, nonce }, fromBlock, toBlock }
    const [log] = await read('look for a transfer', () =>
      client.getContractEvents({ ...event, ...range }),
    )
    if (log) return log
  }
  return null
}

function encodeTransfer(transfer: TransferAuthorization): Hex {
  const { from, to, value, validAfter, validBefore, nonce, signature } = transfer
  return encodeFunctionData({
    abi: creditAbi,
    functionName: 'transferWithAuthorization',
    args: [from, to, value, validAfter, validBefore, nonce, signature],
  })
}

function authorizationKey(authorizer: Hex, nonce: Hex): string {
  return `${authorizer}:${nonce}`.toLowerCase()
}
