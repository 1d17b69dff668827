import { sessionKeysAbi, settlementAbi } from '@quoin/contracts'
import type { Hex } from '@quoin/kernel'
import { encodeAbiParameters, encodeFunctionData, parseEventLogs } from 'viem'
import { type DepositAuthorization, signDeposit, type TypedDataSigner } from '../authorizations.ts'
import {
  type ChannelConfig,
  type ChannelState,
  channelIdOf,
  type VoucherClaim,
} from '../channel.ts'
import type { LedgerContext, Mined } from '../context.ts'
import type { SendOptions } from '../sender/interface.ts'
import { readChanges } from './channel-changes.ts'
import { toSession } from './sessions.ts'

/** A deposit that the payer signed. Amounts are atomic units. */
export interface DepositOrder {
  config: ChannelConfig
  amount: bigint
  authorization: DepositAuthorization
}

/** A refund that the receiverAuthorizer signed, after an optional claim in the same transaction. */
export interface RefundOrder {
  config: ChannelConfig
  /** The most to give back; what is claimed stays. */
  amount: bigint
  nonce: bigint
  signature: Hex
  claims?: { rows: readonly VoucherClaim[]; signature: Hex }
}

export type Channels = ReturnType<typeof createChannels>

/** x402 batch settlement: escrow channels, claims, settlement, refunds, withdrawals. */
export function createChannels(context: LedgerContext) {
  const { client, addresses, chainId } = context
  const { settlement } = addresses

  const write = (doing: string, data: Hex, options?: SendOptions) =>
    context.write({ to: settlement, data, doing }, options)

  async function deposit(order: DepositOrder, options?: SendOptions): Promise<Mined> {
    return write(
      'deposit into a channel',
      encodeDeposit(order, addresses.eip3009Collector),
      options,
    )
  }

  return {
    channelIdOf: (config: ChannelConfig): Hex => channelIdOf(config, { chainId, settlement }),

    /** All that the chain knows of a channel, in one call and of one block. */
    async state(channelId: Hex): Promise<ChannelState> {
      const args = [channelId] as const
      const target = { address: settlement, abi: settlementAbi, args } as const
      const [channel, pending, refundNonce, session] = await context.read('read a channel', () =>
        client.multicall({
          allowFailure: false,
          multicallAddress: addresses.multicall3,
          contracts: [
            { ...target, functionName: 'channels' },
            { ...target, functionName: 'pendingWithdrawals' },
            { ...target, functionName: 'refundNonce' },
            {
              address: addresses.sessionKeys,
              abi: sessionKeysAbi,
              functionName: 'sessions',
              args,
            },
          ],
        }),
      )
      return {
        balance: channel[0],
        totalClaimed: channel[1],
        withdrawal: { amount: pending[0], requestedAt: pending[1] },
        refundNonce,
        session: toSession(session),
      }
    },

    /** What was claimed for a receiver in a token, and what of it was paid out. */
    async receiver(receiver: Hex, token: Hex): Promise<{ claimed: bigint; settled: bigint }> {
      const args = [receiver, token] as const
      const [claimed, settled] = await context.read('read a receiver', () =>
        client.readContract({
          address: settlement,
          abi: settlementAbi,
          functionName: 'receivers',
          args,
        }),
      )
      return { claimed, settled }
    },

    /** The channels that any event of the settlement or the session keys names in these blocks. */
    changed: (fromBlock: bigint, toBlock: bigint) => readChanges(context, { fromBlock, toBlock }),

    deposit,

    /** Signs a deposit as the payer and sends it from this ledger's account. */
    async open(
      order: { config: ChannelConfig; amount: bigint; payer: TypedDataSigner },
      options?: SendOptions,
    ): Promise<Mined & { channelId: Hex }> {
      const authorization = await signDeposit(order.payer, order, { chainId, addresses })
      const mined = await deposit({ ...order, authorization }, options)
      return { ...mined, channelId: channelIdOf(order.config, { chainId, settlement }) }
    },

    /** Claims; from a receiver's or receiverAuthorizer's account, or with the latter's signature. */
    async claim(
      rows: readonly VoucherClaim[],
      authorizerSignature: Hex | null,
      options?: SendOptions,
    ): Promise<Mined> {
      const data = encodeClaim(rows, authorizerSignature)
      return write(`claim on ${rows.length} channels`, data, options)
    },

    /** Pays a receiver everything claimed; `amount` is what moved. */
    async settle(
      receiver: Hex,
      token: Hex,
      options?: SendOptions,
    ): Promise<Mined & { amount: bigint }> {
      const args = [receiver, token] as const
      const data = encodeFunctionData({ abi: settlementAbi, functionName: 'settle', args })
      const mined = await write('settle a receiver’s claims', data, options)
      const logs = [...mined.logs]
      const settled = parseEventLogs({ abi: settlementAbi, eventName: 'Settled', logs })
      return { ...mined, amount: settled.reduce((sum, { args }) => sum + args.amount, 0n) }
    },

    /** Gives unclaimed escrow back, from the receiver's or receiverAuthorizer's account. */
    async refund(config: ChannelConfig, amount: bigint, options?: SendOptions): Promise<Mined> {
      const args = [config, amount] as const
      const data = encodeFunctionData({ abi: settlementAbi, functionName: 'refund', args })
      return write('refund a channel', data, options)
    },

    /** Gives unclaimed escrow back with the receiverAuthorizer's signature. */
    async refundWithSignature(order: RefundOrder, options?: SendOptions): Promise<Mined> {
      return write('refund a channel', encodeRefund(order), options)
    },

    /** From the payer's account: starts the withdrawDelay. */
    async requestWithdraw(
      config: ChannelConfig,
      amount: bigint,
      options?: SendOptions,
    ): Promise<Mined> {
      const args = [config, amount] as const
      const data = encodeFunctionData({
        abi: settlementAbi,
        functionName: 'initiateWithdraw',
        args,
      })
      return write('request a withdrawal', data, options)
    },

    /** From the payer's account, once the withdrawDelay has passed. */
    async finalizeWithdraw(config: ChannelConfig, options?: SendOptions): Promise<Mined> {
      const args = [config] as const
      const data = encodeFunctionData({
        abi: settlementAbi,
        functionName: 'finalizeWithdraw',
        args,
      })
      return write('finalize a withdrawal', data, options)
    },
  }
}

function encodeDeposit({ config, amount, authorization }: DepositOrder, collector: Hex): Hex {
  const { validAfter, validBefore, salt, signature } = authorization
  const proof = encodeAbiParameters(
    [{ type: 'uint256' }, { type: 'uint256' }, { type: 'uint256' }, { type: 'bytes' }],
    [validAfter, validBefore, BigInt(salt), signature],
  )
  const args = [config, amount, collector, proof] as const
  return encodeFunctionData({ abi: settlementAbi, functionName: 'deposit', args })
}

function encodeClaim(rows: readonly VoucherClaim[], authorizerSignature: Hex | null): Hex {
  const claims = rows.map(({ config, maxClaimable, signature, totalClaimed }) => ({
    voucher: { channel: config, maxClaimableAmount: maxClaimable },
    signature,
    totalClaimed,
  }))
  if (authorizerSignature === null)
    return encodeFunctionData({ abi: settlementAbi, functionName: 'claim', args: [claims] })
  const args = [claims, authorizerSignature] as const
  return encodeFunctionData({ abi: settlementAbi, functionName: 'claimWithSignature', args })
}

function encodeRefund({ config, amount, nonce, signature, claims }: RefundOrder): Hex {
  const refund = encodeFunctionData({
    abi: settlementAbi,
    functionName: 'refundWithSignature',
    args: [config, amount, nonce, signature],
  })
  if (!claims) return refund
  const calls = [encodeClaim(claims.rows, claims.signature), refund]
  return encodeFunctionData({ abi: settlementAbi, functionName: 'multicall', args: [calls] })
}
