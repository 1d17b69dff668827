import { createGenesis, type Genesis, validatorOf } from '@quoin/chain'
import type { Hex } from '@quoin/kernel'
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'

export const chainId = 31_407

export const validatorKeyOf = (index: number) => new Uint8Array(32).fill(index + 1)
export const networkKeyOf = (index: number) => new Uint8Array(32).fill(0x41 + index)

export interface Sender {
  readonly account: PrivateKeyAccount
  readonly sink: Hex
}

/** Accounts that send all the while, and where each sends to. */
export const senders = Array.from(
  { length: 4 },
  (_, index): Sender => ({
    account: privateKeyToAccount(`0x${(0xfa017 + index).toString(16).padStart(64, '0')}`),
    sink: `0x${(0x51d0 + index).toString(16).padStart(40, '0')}`,
  }),
)

/** Epochs are short, so that sets are read and new nodes begin at snapshots while faults last. */
export const epochBlocks = 16

export function createFaultsGenesis(validators: number): Genesis {
  const balance: Hex = `0x${(10n ** 21n).toString(16)}`
  const members = Array.from({ length: validators }, (_, index) =>
    validatorOf(validatorKeyOf(index)),
  )
  const rich = [...senders.map(({ account }) => account), ...members]
  return createGenesis({
    chainId,
    timestamp: 1_700_000_000,
    alloc: Object.fromEntries(rich.map(({ address }) => [address, { balance }])),
    policy: 'authority',
    validators: members,
    epochBlocks,
    blockTimeMs: 100,
    heartbeatMs: 1_000,
  })
}

/** Logs nothing at all, once for each call; where senders of a proof-of-work network send to. */
const logger: Hex = '0x5f5fa0'

/** Blocks come five times a second once the difficulty has found the miners' speed. */
export function createPowGenesis(): Genesis {
  const balance: Hex = `0x${(10n ** 21n).toString(16)}`
  return createGenesis({
    chainId,
    timestamp: 1_700_000_000,
    alloc: Object.fromEntries(
      senders.flatMap(({ account, sink }) => [
        [account.address, { balance }],
        [sink, { balance: '0x0', code: logger }],
      ]),
    ),
    engine: 'pow',
    // The first come in milliseconds; then slower and slower, so that even a long time apart is not final.
    targetBlockMs: 2_000,
    initialDifficulty: 50_000n,
    halfLifeBlocks: 16,
    safeDepth: powDepths.safe,
    finalizedDepth: powDepths.finalized,
  })
}

/** Deeper than the partition of the test, and than what two miners find alone before they have met. */
export const powDepths = { safe: 50, finalized: 60 }
