import type { Hex } from '@quoin/kernel'
import type { ChannelConfig } from '@quoin/protocol'

/** The few things that a payer asks of the chain while it pays. */
export interface ChainAccess {
  readonly chainId: number
  /** What the settlement contract says of a channel. */
  readChannel(channelId: Hex): Promise<{ deposited: bigint; claimed: bigint }>
  balanceOf(token: Hex, owner: Hex): Promise<bigint>
  /** Sends the payer's transaction that limits the channel's session key, and waits until it is in a block. */
  authorizeSession(
    config: ChannelConfig,
    session: { capAtomic: bigint; expiresAt: number },
  ): Promise<Hex>
}
