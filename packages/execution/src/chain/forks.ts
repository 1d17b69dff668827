import { paramsBlock } from '@ethereumjs/block'
import { type Common, createCommonFromGethGenesis } from '@ethereumjs/common'
import { CodedError } from '@quoin/kernel'
import { keccak256, recoverPublicKey } from '@quoin/keys'
import { ceremonyKzg } from '../evm/ceremony-kzg.ts'
import { type Rules, rulesOf } from '../evm/rules.ts'
import type { GethGenesis } from './genesis-schema.ts'

const customCrypto = {
  keccak256,
  get kzg() {
    return ceremonyKzg()
  },
  ecrecover(hash: Uint8Array, v: bigint, r: Uint8Array, s: Uint8Array): Uint8Array {
    const compact = new Uint8Array(64)
    compact.set(r, 32 - r.length)
    compact.set(s, 64 - s.length)
    return recoverPublicKey(hash, compact, Number(v - 27n))
  },
  ecdsaRecover: (signature: Uint8Array, parity: number, hash: Uint8Array): Uint8Array =>
    Buffer.concat([Uint8Array.of(4), recoverPublicKey(hash, signature, parity)]),
}

/** Which hard fork a chain is on at a block, and what that means. */
export class ForkSchedule {
  readonly #common: Common
  readonly #rules = new Map<string, Rules>()
  readonly #equalTimestamps: boolean

  /** @throws CodedError INVALID_GENESIS when the configuration is one that the EVM does not support */
  constructor(genesis: GethGenesis) {
    const complete: unknown = {
      nonce: '0x0',
      difficulty: '0x0',
      timestamp: '0x0',
      extraData: '0x',
      ...genesis,
      alloc: {},
    }
    this.#equalTimestamps = hasEqualTimestamps(genesis.config)
    try {
      this.#common = createCommonFromGethGenesis(
        // The schema has checked what matters.
        complete as Parameters<typeof createCommonFromGethGenesis>[0],
        { chain: 'quoin', customCrypto },
      )
      this.#common.updateParams(paramsBlock)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new CodedError('INVALID_GENESIS', `The genesis configuration: ${reason}`, { cause })
    }
  }

  /** The name of the hard fork at a block. */
  forkAt(number: bigint, timestamp: bigint): string {
    return this.#common.getHardforkBy({ blockNumber: number, timestamp })
  }

  rulesAt(number: bigint, timestamp: bigint): Rules {
    const fork = this.forkAt(number, timestamp)
    let rules = this.#rules.get(fork)
    if (rules === undefined) {
      rules = rulesOf(this.commonFor(fork), { equalTimestamps: this.#equalTimestamps })
      this.#rules.set(fork, rules)
    }
    return rules
  }

  /** A fresh library configuration set to this hard fork. */
  commonFor(fork: string): Common {
    const common = this.#common.copy()
    common.setHardfork(fork)
    return common
  }
}

/** Our own option, `config.quoin.equalTimestamps`: for chains faster than a block a second. */
function hasEqualTimestamps({ quoin }: GethGenesis['config']): boolean {
  return (
    typeof quoin === 'object' &&
    quoin !== null &&
    'equalTimestamps' in quoin &&
    quoin.equalTimestamps === true
  )
}
