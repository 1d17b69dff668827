import { licencesAbi } from '@quoin/contracts'
import type { Hex } from '@quoin/kernel'
import { encodeFunctionData } from 'viem'
import type { LedgerContext, Mined } from '../context.ts'
import { ledgerError } from '../errors.ts'
import type { SendOptions } from '../sender/interface.ts'
import { type LicenceRight, offerIdFrom, type Purpose, purposeBits, toRight } from './types.ts'

/** Who may do what with an artifact. */
export function createRights(context: LedgerContext) {
  const { client, addresses } = context
  const contract = { address: addresses.licences, abi: licencesAbi } as const

  const write = (doing: string, data: Hex, options?: SendOptions) =>
    context.write({ to: addresses.licences, data, doing }, options)

  /** Null where the account has none. */
  async function right(offerId: Hex, holder: Hex): Promise<LicenceRight | null> {
    const id = BigInt(offerId)
    const [balance, holding] = await context.read('read a right', () =>
      Promise.all([
        client.readContract({ ...contract, functionName: 'balanceOf', args: [holder, id] }),
        client.readContract({ ...contract, functionName: 'holding', args: [id, holder] }),
      ]),
    )
    if (balance === 0n && holding.expiresAt === 0) return null
    return toRight({ offerId, holder }, balance, holding)
  }

  return {
    /** Whether an account may do this with an artifact now. Its owner may do anything. */
    async hasRight(account: Hex, artifact: Hex, purpose: Purpose): Promise<boolean> {
      const args = [account, artifact, purposeBits([purpose])] as const
      return context.read('check a right', () =>
        client.readContract({ ...contract, functionName: 'hasRight', args }),
      )
    },

    right,

    /** An account's rights to an artifact, those that are over or wait for their key included. */
    async rights(account: Hex, artifact: Hex): Promise<LicenceRight[]> {
      const ids = await context.read('read an account’s rights', () =>
        client.readContract({ ...contract, functionName: 'rightsOf', args: [account, artifact] }),
      )
      const found = await Promise.all(ids.map((id) => right(offerIdFrom(id), account)))
      return found.filter((one) => one !== null)
    },

    /** Spends one use of this account's right for what `useId` names, as a job's declaration. */
    async spend(offerId: Hex, useId: Hex, options?: SendOptions): Promise<Mined> {
      const args = [BigInt(offerId), useId] as const
      const data = encodeFunctionData({ abi: licencesAbi, functionName: 'spend', args })
      return write('spend a use', data, options)
    },

    /** Whether an account spent a use of an artifact for what `useId` names. */
    async isSpent(account: Hex, artifact: Hex, useId: Hex): Promise<boolean> {
      const args = [account, artifact, useId] as const
      return context.read('read a use', () =>
        client.readContract({ ...contract, functionName: 'isSpent', args }),
      )
    },

    /** Gives this account's right, whole, to an account that has none of its kind. */
    async transfer(offerId: Hex, to: Hex, options?: SendOptions): Promise<Mined> {
      const { account } = context
      if (account === null)
        throw ledgerError('READ_ONLY', 'Give the ledger an account to transfer a right')
      const id = BigInt(offerId)
      const balance = (await right(offerId, account))?.balance ?? 0n
      const args = [account, to, id, balance, '0x'] as const
      const data = encodeFunctionData({ abi: licencesAbi, functionName: 'safeTransferFrom', args })
      return write('transfer a right', data, options)
    },

    /** Ends a right: this account's own, or any that is over. */
    async discard(offerId: Hex, holder: Hex, options?: SendOptions): Promise<Mined> {
      const args = [BigInt(offerId), holder] as const
      const data = encodeFunctionData({ abi: licencesAbi, functionName: 'discard', args })
      return write('discard a right', data, options)
    },

    /** Sets the key that this account's content keys are sealed to from now on. */
    async setPublicKey(offerId: Hex, publicKey: Hex, options?: SendOptions): Promise<Mined> {
      const args = [BigInt(offerId), publicKey] as const
      const data = encodeFunctionData({ abi: licencesAbi, functionName: 'setPublicKey', args })
      return write('set a public key', data, options)
    },
  }
}
