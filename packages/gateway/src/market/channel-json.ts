import type { ChannelView } from '@quoin/market'
import { Address, AtomicAmount, Bytes32 } from '@quoin/protocol'
import { z } from 'zod'

/** A channel over HTTP: amounts in atomic units as decimal text. */
export const ChannelJson = z
  .object({
    channelId: Bytes32,
    payer: Address,
    payerAuthorizer: Address,
    receiver: Address,
    token: Address,
    balance: AtomicAmount,
    totalClaimed: AtomicAmount,
    charged: AtomicAmount,
    reserved: AtomicAmount,
    withdrawRequestedAt: z.number(),
    session: z.object({ capAtomic: AtomicAmount, expiresAt: z.number() }).nullable(),
  })
  .meta({ id: 'Channel' })

export function channelToJson(channel: ChannelView): z.input<typeof ChannelJson> {
  const { session } = channel
  return {
    channelId: channel.channelId,
    payer: channel.payer,
    payerAuthorizer: channel.payerAuthorizer,
    receiver: channel.receiver,
    token: channel.token,
    balance: String(channel.balance),
    totalClaimed: String(channel.totalClaimed),
    charged: String(channel.charged),
    reserved: String(channel.reserved),
    withdrawRequestedAt: channel.withdrawRequestedAt,
    session: session && { capAtomic: String(session.capAtomic), expiresAt: session.expiresAt },
  }
}
