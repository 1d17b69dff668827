import { sessionKeysAbi } from '@quoin/contracts'
import type { Hex } from '@quoin/kernel'
import { encodeFunctionData } from 'viem'
import { signSession, type TypedDataSigner } from '../authorizations.ts'
import { type ChannelConfig, channelIdOf, type SessionLimits } from '../channel.ts'
import type { LedgerContext, Mined } from '../context.ts'
import type { SendOptions } from '../sender/interface.ts'

/** A session that the payer signed, for someone else to send. */
export interface SessionOrder {
  config: ChannelConfig
  limits: SessionLimits
  /** Seconds; the signature is void after it. */
  deadline: bigint
  signature: Hex
}

export type Sessions = ReturnType<typeof createSessions>

/** Session keys: limits on what a channel's voucher key may spend. */
export function createSessions(context: LedgerContext) {
  const { client, addresses, chainId } = context
  const contract = { address: addresses.sessionKeys, abi: sessionKeysAbi } as const

  const write = (doing: string, data: Hex, options?: SendOptions) =>
    context.write({ to: addresses.sessionKeys, data, doing }, options)

  async function nonce(channelId: Hex): Promise<bigint> {
    const args = [channelId] as const
    return context.read('read a session’s nonce', () =>
      client.readContract({ ...contract, functionName: 'nonces', args }),
    )
  }

  return {
    nonce,

    /** Null where the channel has none: it is a stock x402 channel. */
    async get(channelId: Hex): Promise<SessionLimits | null> {
      const args = [channelId] as const
      const session = await context.read('read a session', () =>
        client.readContract({ ...contract, functionName: 'sessions', args }),
      )
      return toSession(session)
    },

    /** From the payer's account. */
    async authorize(
      config: ChannelConfig,
      { capAtomic, expiresAt, scope }: SessionLimits,
      options?: SendOptions,
    ): Promise<Mined> {
      const args = [config, capAtomic, expiresAt, scope] as const
      const data = encodeFunctionData({ abi: sessionKeysAbi, functionName: 'authorize', args })
      return write('authorize a session', data, options)
    },

    /** Signs as the payer what `authorizeSigned` sends: a payer needs no gas. */
    async sign(
      payer: TypedDataSigner,
      session: { config: ChannelConfig; limits: SessionLimits; validForSeconds?: number },
    ): Promise<SessionOrder> {
      const { config, limits, validForSeconds = 3600 } = session
      const id = channelIdOf(config, { chainId, settlement: addresses.settlement })
      const deadline = BigInt(Math.floor(Date.now() / 1000) + validForSeconds)
      const order = { config, limits, deadline }
      const place = { chainId, addresses }
      const signature = await signSession(payer, { ...order, nonce: await nonce(id) }, place)
      return { ...order, signature }
    },

    /** From any account. */
    async authorizeSigned(order: SessionOrder, options?: SendOptions): Promise<Mined> {
      const { capAtomic, expiresAt, scope } = order.limits
      const data = encodeFunctionData({
        abi: sessionKeysAbi,
        functionName: 'authorizeWithSignature',
        args: [order.config, capAtomic, expiresAt, scope, order.deadline, order.signature],
      })
      return write('authorize a session', data, options)
    },

    /** From the payer's account: nothing more is served; claims stay possible for a withdrawDelay. */
    async revoke(config: ChannelConfig, options?: SendOptions): Promise<Mined> {
      const data = encodeFunctionData({
        abi: sessionKeysAbi,
        functionName: 'revoke',
        args: [config],
      })
      return write('revoke a session', data, options)
    },
  }
}

/** The contract's answer as limits. */
export function toSession([exists, capAtomic, expiresAt, scope]: readonly [
  boolean,
  bigint,
  number,
  Hex,
]): SessionLimits | null {
  return exists ? { capAtomic, expiresAt, scope } : null
}
