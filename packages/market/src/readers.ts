import type { Hex } from '@quoin/kernel'
import type { Channel } from './channel/channel.ts'
import type { Channels } from './channel/channels.ts'
import type { ChannelReader, ChannelView, ReceiptStore } from './interface.ts'
import type { Anchors } from './settle/anchors.ts'
import type { Store } from './store/store.ts'

const maxListed = 1000

export function createReceiptStore(store: Store, anchors: Anchors): ReceiptStore {
  return {
    get: async (id) => (await store.reads.receipt(lower(id)))?.signed ?? null,
    list: ({ channelId, payer, limit, before }) =>
      store.reads.receipts({
        ...(channelId === undefined ? {} : { channelId: lower(channelId) }),
        ...(payer === undefined ? {} : { payer: lower(payer) }),
        ...(before === undefined ? {} : { before }),
        limit: clampLimit(limit),
      }),
    proof: (id) => anchors.proof(lower(id)),
  }
}

export function createChannelReader(store: Store, channels: Channels): ChannelReader {
  const view = async (id: Hex): Promise<ChannelView | null> => {
    const channel = await channels.find(id)
    return channel ? viewOf(channel) : null
  }
  return {
    get: (id) => view(lower(id)),
    list: async ({ payer, limit }) => {
      const rows = await store.reads.channels({
        ...(payer === undefined ? {} : { payer: lower(payer) }),
        limit: clampLimit(limit),
      })
      const views = await Promise.all(rows.map((row) => view(lower(row.channel_id))))
      return views.filter((found) => found !== null)
    },
  }
}

function viewOf({ id, config, book, facts }: Channel): ChannelView {
  const { session, withdrawal } = facts
  return {
    channelId: id,
    payer: config.payer,
    payerAuthorizer: config.payerAuthorizer,
    receiver: config.receiver,
    token: config.token,
    balance: book.balance,
    totalClaimed: book.totalClaimed,
    charged: book.charged,
    reserved: book.reserved,
    withdrawRequestedAt: withdrawal.requestedAt,
    session: session && { capAtomic: session.capAtomic, expiresAt: session.expiresAt },
  }
}

function clampLimit(limit: number): number {
  return Math.max(1, Math.min(maxListed, Math.floor(limit)))
}

function lower(hex: string): Hex {
  return `0x${hex.slice(2).toLowerCase()}`
}
