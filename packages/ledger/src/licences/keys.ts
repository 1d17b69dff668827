import { licencesAbi } from '@quoin/contracts'
import type { Hex } from '@quoin/kernel'
import { encodeFunctionData } from 'viem'
import type { LedgerContext, Mined } from '../context.ts'
import type { SendOptions } from '../sender/interface.ts'
import { offerIdFrom } from './types.ts'

/** A content key that was delivered, wrapped to its holder's public key. */
export interface KeyEnvelope {
  offerId: Hex
  holder: Hex
  /** How often the artifact's key had been changed. */
  version: number
  /** The owner or custodian that sent it. */
  sender: Hex
  envelope: Hex
  blockNumber: bigint
  transactionHash: Hex
}

/** Who keeps an artifact's content key, and what was delivered. */
export function createKeys(context: LedgerContext) {
  const { client, addresses } = context
  const contract = { address: addresses.licences, abi: licencesAbi } as const

  const write = (doing: string, data: Hex, options?: SendOptions) =>
    context.write({ to: addresses.licences, data, doing }, options)

  return {
    /** Names, as the owner, an account that delivers for it; or no longer. */
    async setCustodian(
      artifact: Hex,
      { custodian, isNamed }: { custodian: Hex; isNamed: boolean },
      options?: SendOptions,
    ): Promise<Mined> {
      const args = [artifact, custodian, isNamed] as const
      const data = encodeFunctionData({ abi: licencesAbi, functionName: 'setCustodian', args })
      return write('name a custodian', data, options)
    },

    /** The custodians that the owner named; the owner itself is not among them. */
    async custodians(artifact: Hex): Promise<readonly Hex[]> {
      return context.read('read the custodians', () =>
        client.readContract({ ...contract, functionName: 'custodiansOf', args: [artifact] }),
      )
    },

    /** Whether an account is the owner or a custodian. */
    async isCustodian(artifact: Hex, account: Hex): Promise<boolean> {
      const args = [artifact, account] as const
      return context.read('read a custodian', () =>
        client.readContract({ ...contract, functionName: 'isCustodian', args }),
      )
    },

    /** Says, as the owner, that the next versions have another key; `commitment` is its hash. */
    async rotateKey(artifact: Hex, commitment: Hex, options?: SendOptions): Promise<Mined> {
      const args = [artifact, commitment] as const
      const data = encodeFunctionData({ abi: licencesAbi, functionName: 'rotateKey', args })
      return write('rotate a content key', data, options)
    },

    async keyVersion(artifact: Hex): Promise<number> {
      return context.read('read a key’s version', () =>
        client.readContract({ ...contract, functionName: 'keyVersion', args: [artifact] }),
      )
    },

    /** Delivers a wrapped key of at most 1024 bytes, as the owner or a custodian; the first delivery releases the price. */
    async deliverKey(
      { offerId, holder, envelope }: Pick<KeyEnvelope, 'offerId' | 'holder' | 'envelope'>,
      options?: SendOptions,
    ): Promise<Mined> {
      const args = [BigInt(offerId), holder, envelope] as const
      const data = encodeFunctionData({ abi: licencesAbi, functionName: 'deliverKey', args })
      return write('deliver a content key', data, options)
    },

    /** What was delivered in a range of blocks, the oldest first. */
    async deliveries(
      filter: { offerId?: Hex; holder?: Hex; fromBlock?: bigint; toBlock?: bigint } = {},
    ): Promise<KeyEnvelope[]> {
      const { offerId, holder, fromBlock = 0n, toBlock } = filter
      const logs = await context.read('read the delivered keys', () =>
        client.getContractEvents({
          ...contract,
          eventName: 'KeyDelivered',
          args: { ...(offerId && { id: BigInt(offerId) }), ...(holder && { holder }) },
          fromBlock,
          toBlock: toBlock ?? 'latest',
          strict: true,
        }),
      )
      return logs.map(({ args: { id, ...delivered }, blockNumber, transactionHash }) => ({
        offerId: offerIdFrom(id),
        ...delivered,
        blockNumber,
        transactionHash,
      }))
    },
  }
}
