import { licencesAbi, settlementAbi } from '@quoin/contracts'
import type { Hex } from '@quoin/kernel'
import { encodeFunctionData } from 'viem'
import type { TypedDataSigner } from '../authorizations.ts'
import { type ChannelConfig, channelIdOf } from '../channel.ts'
import type { LedgerContext, Mined } from '../context.ts'
import { ledgerError } from '../errors.ts'
import type { SendOptions } from '../sender/interface.ts'
import {
  type ChannelOrder,
  type SignedOrder,
  signChannelOrder,
  signLicenceOrder,
} from './sign-orders.ts'
import { type LicenceOrder, toChainOrder, toOffer } from './types.ts'

export type Purchases = ReturnType<typeof createPurchases>

/** Money for rights: a purchase happens whole, or not at all. */
export function createPurchases(context: LedgerContext) {
  const { client, addresses, chainId } = context
  const place = { chainId, addresses }

  const write = (doing: string, data: Hex, options?: SendOptions) =>
    context.write({ to: addresses.licences, data, doing }, options)

  async function priceOf({ offerId, quantity }: LicenceOrder) {
    const { licences: address } = addresses
    const args = [BigInt(offerId)] as const
    const found = await context.read('read an offer', () =>
      client.readContract({ address, abi: licencesAbi, functionName: 'offer', args }),
    )
    const offer = toOffer(offerId, found)
    if (!offer) throw ledgerError('NOT_FOUND', `There is no offer ${offerId}`)
    const { token, priceAtomic } = offer.terms
    return { token, priceAtomic: priceAtomic * BigInt(quantity) }
  }

  return {
    /** From the holder's account, which let the Licences have the price (`credit.approve`). */
    async buy(order: LicenceOrder, options?: SendOptions): Promise<Mined> {
      const args = [toChainOrder(order)] as const
      const data = encodeFunctionData({ abi: licencesAbi, functionName: 'buy', args })
      return write('buy a right', data, options)
    },

    /** Signs as the holder what `buySigned` sends: it needs no gas, and the owner may be away. */
    async signOrder(holder: TypedDataSigner, order: LicenceOrder): Promise<SignedOrder> {
      return signLicenceOrder(holder, { order, ...(await priceOf(order)) }, place)
    },

    /** From any account. */
    async buySigned({ order, authorization }: SignedOrder, options?: SendOptions): Promise<Mined> {
      const args = [toChainOrder(order), authorization] as const
      const data = encodeFunctionData({
        abi: licencesAbi,
        functionName: 'buyWithAuthorization',
        args,
      })
      return write('buy a right', data, options)
    },

    /** Signs with a channel's voucher key what `buyFromChannel` sends. The channel's receiver and receiverAuthorizer are the Licences. */
    async signChannelOrder(
      voucherKey: TypedDataSigner,
      { order, config }: { order: LicenceOrder; config: ChannelConfig },
    ): Promise<ChannelOrder> {
      const { settlement: address } = addresses
      const args = [channelIdOf(config, { chainId, settlement: address })] as const
      const [, claimed] = await context.read('read a channel', () =>
        client.readContract({ address, abi: settlementAbi, functionName: 'channels', args }),
      )
      const cumulative = claimed + (await priceOf(order)).priceAtomic
      return signChannelOrder(voucherKey, { order, config, cumulative }, place)
    },

    /** From any account. */
    async buyFromChannel(signed: ChannelOrder, options?: SendOptions): Promise<Mined> {
      const { order, config, cumulative, voucherSignature, orderSignature } = signed
      const args = [
        toChainOrder(order),
        config,
        cumulative,
        voucherSignature,
        orderSignature,
      ] as const
      const data = encodeFunctionData({ abi: licencesAbi, functionName: 'buyFromChannel', args })
      return write('buy a right from a channel', data, options)
    },

    /** Gives the channel's payer, who sends it, what is left in it. */
    async refundChannel(config: ChannelConfig, options?: SendOptions): Promise<Mined> {
      const args = [config] as const
      const data = encodeFunctionData({ abi: licencesAbi, functionName: 'refundChannel', args })
      return write('refund a channel of licences', data, options)
    },

    /** Gives the price back for a right whose key did not come in time. From any account. */
    async reclaim(offerId: Hex, holder: Hex, options?: SendOptions): Promise<Mined> {
      const args = [BigInt(offerId), holder] as const
      const data = encodeFunctionData({ abi: licencesAbi, functionName: 'reclaim', args })
      return write('reclaim a price', data, options)
    },

    /** Takes a right back, as the artifact's owner, where its terms allow it; pays for the unused part from an allowance to the Licences. */
    async revoke(offerId: Hex, holder: Hex, options?: SendOptions): Promise<Mined> {
      const args = [BigInt(offerId), holder] as const
      const data = encodeFunctionData({ abi: licencesAbi, functionName: 'revoke', args })
      return write('revoke a right', data, options)
    },
  }
}
