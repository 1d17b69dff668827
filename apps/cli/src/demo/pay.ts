import { createChannelClient } from '@quoin/sdk'
import { paidRoute } from '../commands/channel.ts'
import { formatCredit } from '../output/amounts.ts'
import { shortHex } from '../output/text.ts'
import type { Deed, Stage } from './stage.ts'

/** What the demo freezes, and what the session key may spend of it. */
const frozen = 2_000_000n
export const cap = 1_000_000n
const lifetimeSeconds = 3600

function channelsOf({ consumer }: Stage) {
  const { account, ledger, channels: store } = consumer
  return createChannelClient({ account, ledger, store })
}

/** Locks Credits in an escrow channel to the provider. */
export async function freeze(stage: Stage): Promise<Deed> {
  const expiresAt = Math.floor(Date.now() / 1000) + lifetimeSeconds
  const url = paidRoute(stage.consumer)
  const { channel, transactionHash } = await channelsOf(stage).open({
    url,
    amount: frozen,
    expiresAt,
  })
  stage.channelId = channel.channelId
  return {
    summary: `${formatCredit(frozen)} are locked in escrow before anything is used`,
    transactions: [{ doing: 'deposit', hash: transactionHash }],
    creditsSpent: 0n,
    detail: { channelId: channel.channelId, amount: frozen, config: channel.config },
  }
}

/** Limits the session key that will sign the vouchers. */
export async function authorize(stage: Stage): Promise<Deed> {
  const channelId = requireChannel(stage)
  const client = channelsOf(stage)
  const { record } = await client.get(channelId)
  const session = { capAtomic: cap, expiresAt: record.expiresAt }
  const { transactionHash } = await client.authorize(channelId, session)
  const sessionKey = record.config.payerAuthorizer
  return {
    summary: `The key ${shortHex(sessionKey)} may spend ${formatCredit(cap)} of it for one hour`,
    transactions: [{ doing: 'authorize', hash: transactionHash }],
    creditsSpent: 0n,
    detail: { sessionKey, ...session },
  }
}

/** The provider claims what was used and is paid; then the payer gets the rest back. */
export async function settle(stage: Stage): Promise<Deed> {
  const { consumer, token } = stage
  const channelId = requireChannel(stage)
  const settlement = await consumer.node.settle(token)
  const { totalClaimed } = await consumer.ledger.channels.state(channelId)
  const refund = await channelsOf(stage).refund(channelId, paidRoute(consumer))
  const transactions = settlement.transactions.map((hash, at) => ({
    doing: at === settlement.transactions.length - 1 ? 'settle' : 'claim',
    hash,
  }))
  return {
    summary: `The provider was paid ${formatCredit(totalClaimed)}, and ${formatCredit(refund.amount)} came back`,
    transactions: [...transactions, { doing: 'refund', hash: refund.transactionHash }],
    creditsSpent: totalClaimed,
    detail: {
      claimed: totalClaimed,
      paidToProvider: settlement.paidAtomic,
      channelsClaimed: settlement.claims.length,
      refund: { amount: refund.amount, transactionHash: refund.transactionHash },
    },
  }
}

export function requireChannel({ channelId }: Stage): NonNullable<Stage['channelId']> {
  if (channelId) return channelId
  throw new Error('The channel is opened before it is used')
}
