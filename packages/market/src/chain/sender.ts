import type { Hex } from '@quoin/kernel'
import {
  type Account,
  createWalletClient,
  type PublicClient,
  type TransactionReceipt,
  type Transport,
  type Chain as ViemChain,
  type WalletClient,
} from 'viem'
import { marketError } from '../errors.ts'

export interface Sender {
  readonly address: Hex
  /** Sends and waits for the block. @throws CodedError `TRANSACTION_FAILED` when it reverts. */
  send(transaction: { to: Hex; data: Hex }): Promise<TransactionReceipt>
}

/** Sends one transaction after another with nonces counted here, and waits for each one's receipt. */
export function createSender(shell: {
  client: PublicClient
  transport: Transport
  chain: ViemChain
  account: Account
}): Sender {
  const { client, account } = shell
  const wallet: WalletClient = createWalletClient(shell)
  let nonce: number | null = null
  let last: Promise<unknown> = Promise.resolve()

  const submit = async (transaction: { to: Hex; data: Hex }): Promise<Hex> => {
    const gas = await client.estimateGas({ account, ...transaction })
    nonce ??= await client.getTransactionCount({ address: account.address, blockTag: 'pending' })
    try {
      const hash = await wallet.sendTransaction({
        ...transaction,
        account,
        chain: shell.chain,
        nonce,
        gas: gas + gas / 4n,
      })
      nonce++
      return hash
    } catch (error) {
      nonce = null
      throw error
    }
  }

  return {
    address: account.address,
    send: async (transaction) => {
      const turn = last.then(() => submit(transaction))
      last = turn.catch(() => {})
      const hash = await turn
      const receipt = await client.waitForTransactionReceipt({ hash })
      if (receipt.status === 'success') return receipt
      throw marketError('TRANSACTION_FAILED', `Transaction ${hash} was reverted`)
    },
  }
}
