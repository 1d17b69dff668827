import type { Hex } from '@quoin/kernel'
import type { ChannelConfig } from '@quoin/protocol'

/** What a payer keeps of a channel from one run to the next. */
export interface ChannelRecord {
  channelId: Hex
  chainId: number
  config: ChannelConfig
  /** The session key's private key: whoever has it can spend what is in escrow, within the session's limits. */
  sessionKey: Hex
  /** The limits recorded on the chain for the session key; null when none were. */
  session: { capAtomic: bigint; expiresAt: number } | null
  /** Seconds since 1970: the key is not used from then on. */
  expiresAt: number
  deposited: bigint
  charged: bigint
  signed: bigint
  /** Voucher values above `charged` that were signed already. */
  used: bigint[]
  /** The newest receipt's sequence and total, by which the next ones are checked. */
  lastReceipt: { sequence: bigint; cumulative: bigint } | null
}

/**
 * Where channels are kept. A record is saved before its first deposit is sent, so that no crash can lose the
 * key that spends it. An implementation must keep `sessionKey` secret.
 */
export interface ChannelStore {
  list(): Promise<ChannelRecord[]>
  save(record: ChannelRecord): Promise<void>
  remove(channelId: Hex): Promise<void>
}

/** Keeps channels for as long as the program runs; what is left in escrow then needs a withdrawal by the payer. */
export function memoryChannelStore(): ChannelStore {
  const records = new Map<Hex, ChannelRecord>()
  return {
    list: async () => [...records.values()],
    save: async (record) => {
      records.set(record.channelId, record)
    },
    remove: async (channelId) => {
      records.delete(channelId)
    },
  }
}
