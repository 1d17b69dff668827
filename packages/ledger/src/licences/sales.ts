import { licencesAbi } from '@quoin/contracts'
import type { Hex } from '@quoin/kernel'
import type { LedgerContext } from '../context.ts'
import { offerIdFrom } from './types.ts'

/** A right that was bought. */
export interface LicenceSale {
  offerId: Hex
  artifact: Hex
  holder: Hex
  quantity: number
  paidAtomic: bigint
  /** Until then the key must come; null: none is awaited. */
  keyDueAt: number | null
  publicKey: Hex
  blockNumber: bigint
  transactionHash: Hex
}

/** A use that was spent: a line of the artifact's access log. */
export interface LicenceUse {
  offerId: Hex
  artifact: Hex
  holder: Hex
  useId: Hex
  blockNumber: bigint
  transactionHash: Hex
}

/** A range of blocks; default: all. */
export interface BlockRange {
  fromBlock?: bigint
  toBlock?: bigint
}

/** What was sold and used, from the events. */
export function createSales(context: LedgerContext) {
  const { client, addresses } = context
  const contract = { address: addresses.licences, abi: licencesAbi, strict: true } as const

  return {
    /** What was bought, the oldest first. */
    async sales(
      filter: { artifact?: Hex; holder?: Hex } & BlockRange = {},
    ): Promise<LicenceSale[]> {
      const { artifact, holder, fromBlock = 0n, toBlock } = filter
      const logs = await context.read('read the sales', () =>
        client.getContractEvents({
          ...contract,
          eventName: 'RightBought',
          args: { ...(artifact && { artifact }), ...(holder && { holder }) },
          fromBlock,
          toBlock: toBlock ?? 'latest',
        }),
      )
      return logs.map(({ args, blockNumber, transactionHash }) => ({
        offerId: offerIdFrom(args.id),
        artifact: args.artifact,
        holder: args.holder,
        quantity: args.quantity,
        paidAtomic: args.paid,
        keyDueAt: args.keyDueAt === 0 ? null : args.keyDueAt,
        publicKey: args.publicKey,
        blockNumber,
        transactionHash,
      }))
    },

    /** The uses that were spent under an offer, the oldest first. */
    async uses(filter: { offerId?: Hex; holder?: Hex } & BlockRange = {}): Promise<LicenceUse[]> {
      const { offerId, holder, fromBlock = 0n, toBlock } = filter
      const logs = await context.read('read the uses', () =>
        client.getContractEvents({
          ...contract,
          eventName: 'Used',
          args: { ...(offerId && { id: BigInt(offerId) }), ...(holder && { holder }) },
          fromBlock,
          toBlock: toBlock ?? 'latest',
        }),
      )
      return logs.map(({ args: { id, ...used }, blockNumber, transactionHash }) => ({
        offerId: offerIdFrom(id),
        ...used,
        blockNumber,
        transactionHash,
      }))
    },
  }
}
