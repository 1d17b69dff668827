import type { Hex } from '@quoin/kernel'
import type { PrivateKeyAccount } from 'viem'
import type { TestNetwork } from './test-network.ts'

export const fillerAddress: Hex = `0x${'f1'.repeat(20)}`
export const slotsPerCall = 512

/**
 * A contract that at each call writes k into the slot k for the next 512 numbers from 1 on, and how far it has
 * come into slot 0: state that is not in the genesis, which a new node computes by itself.
 */
export const filler: { balance: Hex; code: Hex } = {
  balance: '0x0',
  // i = slot 0; end = i + 512; do { i += 1; slot i = i } while (i < end); slot 0 = i
  code: '0x5f548061020001905b6001018080558181106008575f5500',
}

/** Calls it so many times. */
export async function fillState(
  network: TestNetwork,
  account: PrivateKeyAccount,
  calls: number,
): Promise<void> {
  const [node] = network.nodes
  if (!node) throw new RangeError('A network has nodes')
  const { wallet, reader } = network.clients(node, account)
  let hash: Hex | null = null
  for (let call = 0; call < calls; call++)
    hash = await wallet.sendTransaction({ to: fillerAddress, gas: 13_000_000n })
  if (hash) await reader.waitForTransactionReceipt({ hash })
}
