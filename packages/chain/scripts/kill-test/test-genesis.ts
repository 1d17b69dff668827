import { type Hex, hexToBytes } from '@quoin/kernel'
import { privateKeyToAccount } from 'viem/accounts'
import { createGenesis, type Genesis, validatorOf } from '../../src/index.ts'

export const validatorKey: Hex = `0x${'11'.repeat(32)}`
export const chainId = 31402

/** Accounts that send; each has a thousand coins. */
export const senders = Array.from({ length: 6 }, (_, index) =>
  privateKeyToAccount(`0x${(0xa11ce + index).toString(16).padStart(64, '0')}`),
)
export const fortune = 10n ** 21n

/** Where transfers go. */
export const sinks = senders.map(
  (_, index): Hex => `0x${(0x51d0 + index).toString(16).padStart(40, '0')}`,
)

/** Counts its calls in slot 0: PUSH0 SLOAD PUSH1 1 ADD PUSH0 SSTORE STOP. */
export const counter: Hex = `0x${'c0'.repeat(20)}`

export function createTestGenesis(): Genesis {
  const fortunes = senders.map(({ address }) => [address, { balance: `0x${fortune.toString(16)}` }])
  return createGenesis({
    chainId,
    timestamp: 1_700_000_000,
    alloc: {
      ...Object.fromEntries(fortunes),
      [counter]: { balance: '0x0', nonce: '0x1', code: '0x5f546001015f5500' },
    },
    validators: [validatorOf(hexToBytes(validatorKey))],
  })
}
