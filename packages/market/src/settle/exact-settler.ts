import type { Hex, Logger } from '@quoin/kernel'
import { ExactPayload } from '@quoin/protocol'
import type { Chain } from '../chain/interface.ts'
import type { AuthorizationRow } from '../store/reads.ts'
import type { Store } from '../store/store.ts'
import { Serial } from './serial.ts'

/** EIP-3009 transfers in one transaction. */
const transfersPerTransaction = 40
/** A payer that is short for a moment is asked again, for about a minute. */
const maxTries = 12
const retryMs = 5000

/**
 * Brings the `exact` authorizations of served calls onto the chain, in batches, and remembers what each
 * payer still owes so that it cannot promise the same money twice.
 */
export class ExactSettler {
  readonly #store: Store
  readonly #chain: Chain
  readonly #logger: Logger
  readonly #serial = new Serial()
  /** Served and not settled yet, by payer. */
  readonly #owed = new Map<Hex, bigint>()
  readonly #tries = new Map<string, number>()
  /** Whether a payment is settled before its call is answered. */
  readonly isImmediate: boolean
  #scheduled = false
  #closed = false

  constructor(shell: { store: Store; chain: Chain; logger: Logger; isImmediate: boolean }) {
    this.isImmediate = shell.isImmediate
    this.#store = shell.store
    this.#chain = shell.chain
    this.#logger = shell.logger
  }

  /** Takes up what an earlier run left. */
  async resume(): Promise<void> {
    const rows = await this.#store.reads.pendingAuthorizations(100_000)
    for (const row of rows) this.promise(asHex(row.payer), BigInt(row.value))
    if (rows.length > 0) this.schedule()
  }

  owedBy(payer: Hex): bigint {
    return this.#owed.get(payer) ?? 0n
  }

  promise(payer: Hex, value: bigint): void {
    this.#owed.set(payer, this.owedBy(payer) + value)
  }

  forget(payer: Hex, value: bigint): void {
    const rest = this.owedBy(payer) - value
    if (rest > 0n) this.#owed.set(payer, rest)
    else this.#owed.delete(payer)
  }

  /** Settles soon, together with what comes until then. */
  schedule(delayMs = 200): void {
    if (this.#scheduled || this.#closed) return
    this.#scheduled = true
    const timer = setTimeout(() => {
      this.#scheduled = false
      this.settleAll().catch((error: unknown) => {
        this.#logger.warn({ error: String(error) }, 'settling exact payments failed')
        this.schedule(5000)
      })
    }, delayMs)
    timer.unref()
  }

  /** Tries each that is pending once; what cannot be had now follows later. @returns hashes of the transactions */
  settleAll(): Promise<Hex[]> {
    return this.#serial.run(async () => {
      const hashes: Hex[] = []
      const tried = new Set<string>()
      for (;;) {
        const limit = transfersPerTransaction + tried.size
        const pending = await this.#store.reads.pendingAuthorizations(limit)
        const rows = pending.filter((row) => !tried.has(nameOf(row)))
        if (rows.length === 0) {
          if (pending.length > 0) this.schedule(retryMs)
          return hashes
        }
        const some = rows.slice(0, transfersPerTransaction)
        for (const row of some) tried.add(nameOf(row))
        const hash = await this.#settleSome(some)
        if (hash) hashes.push(hash)
      }
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#serial.idle()
  }

  async #settleSome(rows: AuthorizationRow[]): Promise<Hex | null> {
    const open: AuthorizationRow[] = []
    for (const row of rows) if (!(await this.#isOver(row))) open.push(row)
    if (open.length === 0) return null
    const { transactionHash, settled } = await this.#chain.transferAll(open.map(transferOf))
    for (const [index, row] of open.entries()) {
      if (settled[index] === true) await this.#end(row, 'settled', transactionHash)
      else await this.#failed(row, transactionHash)
    }
    return transactionHash
  }

  /**
   * Whether there is nothing to send for it now. A used nonce is no payment yet: the payer may have cancelled
   * it, or spent it on another transfer. Without the funds a transfer would cost gas for nothing.
   */
  async #isOver(row: AuthorizationRow): Promise<boolean> {
    const state = await this.#chain.readAuthorization(asHex(row.payer), asHex(row.nonce))
    if (!state.used && state.payerBalance >= BigInt(row.value)) return false
    if (!state.used) {
      await this.#failed(row, null)
      return true
    }
    const transaction = await this.#chain.findTransfer(transferOf(row))
    if (transaction !== null) await this.#end(row, 'settled', transaction)
    else await this.#giveUp(row, null)
    return true
  }

  /** A call that is answered only when it is paid is not answered now, so its payment is not tried again. */
  async #failed(row: AuthorizationRow, transactionHash: Hex | null): Promise<void> {
    const name = nameOf(row)
    const tries = (this.#tries.get(name) ?? 0) + 1
    this.#tries.set(name, tries)
    if (tries < maxTries && !this.isImmediate) return
    this.#tries.delete(name)
    await this.#giveUp(row, transactionHash)
  }

  async #giveUp(row: AuthorizationRow, transactionHash: Hex | null): Promise<void> {
    const { payer, nonce, value } = row
    this.#logger.warn({ payer, nonce, value }, 'an exact payment could not be collected')
    await this.#end(row, 'failed', transactionHash)
  }

  async #end(row: AuthorizationRow, state: 'settled' | 'failed', hash: Hex | null): Promise<void> {
    await this.#store.write(row.nonce, [['setAuthorization', state, hash, row.payer, row.nonce]])
    if (state === 'settled') this.forget(asHex(row.payer), BigInt(row.value))
  }
}

function nameOf({ payer, nonce }: AuthorizationRow): string {
  return `${payer} ${nonce}`
}

function transferOf({ payload }: AuthorizationRow): ExactPayload {
  return ExactPayload.parse(JSON.parse(payload))
}

function asHex(text: string): Hex {
  return `0x${text.slice(2)}`
}
