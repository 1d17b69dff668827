import { licencesAbi } from '@quoin/contracts'
import type { Hex } from '@quoin/kernel'
import { encodeFunctionData, parseEventLogs } from 'viem'
import type { LedgerContext, Mined } from '../context.ts'
import { ledgerError } from '../errors.ts'
import type { SendOptions } from '../sender/interface.ts'
import {
  type LicenceOffer,
  type LicenceTerms,
  offerIdFrom,
  offerIdOf,
  toChainTerms,
  toOffer,
} from './types.ts'

/** What owners offer, under which terms. */
export function createOffers(context: LedgerContext) {
  const { client, addresses } = context
  const contract = { address: addresses.licences, abi: licencesAbi } as const

  const write = (doing: string, data: Hex, options?: SendOptions) =>
    context.write({ to: addresses.licences, data, doing }, options)

  async function offer(id: Hex): Promise<LicenceOffer | null> {
    const args = [BigInt(id)] as const
    const found = await context.read('read an offer', () =>
      client.readContract({ ...contract, functionName: 'offer', args }),
    )
    return toOffer(id, found)
  }

  return {
    /** Offers an artifact of this ledger's account; several offers can be open at once. */
    async openOffer(
      artifact: Hex,
      terms: LicenceTerms,
      options?: SendOptions,
    ): Promise<Mined & { offerId: Hex }> {
      const args = [artifact, toChainTerms(terms)] as const
      const data = encodeFunctionData({ abi: licencesAbi, functionName: 'openOffer', args })
      const mined = await write('open an offer', data, options)
      const logs = [...mined.logs]
      const [opened] = parseEventLogs({ abi: licencesAbi, eventName: 'OfferOpened', logs })
      if (!opened) throw ledgerError('NOT_FOUND', 'The offer was opened without an event')
      return { ...mined, offerId: offerIdFrom(opened.args.id) }
    },

    /** Sells no more under it; what was sold stays. */
    async closeOffer(id: Hex, options?: SendOptions): Promise<Mined> {
      const args = [BigInt(id)] as const
      const data = encodeFunctionData({ abi: licencesAbi, functionName: 'closeOffer', args })
      return write('close an offer', data, options)
    },

    /** Says whether an account may buy under an offer that is not for all. */
    async listBuyer(
      id: Hex,
      { account, isListed }: { account: Hex; isListed: boolean },
      options?: SendOptions,
    ): Promise<Mined> {
      const args = [BigInt(id), account, isListed] as const
      const data = encodeFunctionData({ abi: licencesAbi, functionName: 'listBuyer', args })
      return write('list a buyer', data, options)
    },

    offer,

    /** All offers of an artifact, the oldest first. */
    async offers(artifact: Hex): Promise<LicenceOffer[]> {
      const count = await context.read('count the offers', () =>
        client.readContract({ ...contract, functionName: 'offerCount', args: [artifact] }),
      )
      const versions = Array.from({ length: Number(count) }, (_, index) => BigInt(index + 1))
      const found = await Promise.all(
        versions.map((version) => offer(offerIdOf(artifact, version))),
      )
      return found.filter((one) => one !== null)
    },

    async mayBuy(id: Hex, account: Hex): Promise<boolean> {
      const found = await offer(id)
      if (!found?.isOpen) return false
      if (!found.terms.isListed) return true
      const args = [BigInt(id), account] as const
      return context.read('read a list of buyers', () =>
        client.readContract({ ...contract, functionName: 'isListed', args }),
      )
    },
  }
}
