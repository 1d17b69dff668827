import type { Hex, Logger } from '@quoin/kernel'
import { keccak256, type PublicClient, type TransactionReceipt } from 'viem'
import { ledgerError } from '../errors.ts'
import { broadcast } from './broadcast.ts'
import { bumpFees, type Fees } from './fees.ts'
import type { Flight } from './flight.ts'
import { findReceipt, judge } from './landing.ts'
import type { Signer } from './launcher.ts'
import { pause } from './pause.ts'

interface WatcherOptions {
  client: PublicClient
  account: { address: Hex }
  logger: Logger
  readFees: () => Promise<Fees>
  signer: Signer
  signal: AbortSignal
  pollMs?: number
  resendAfterMs?: number
  bumpAfterMs?: number
}

export interface Watcher {
  watch(flight: Flight): void
  /** The receipt, once the flight is in a block. */
  landing(flight: Flight, stop: AbortSignal): Promise<TransactionReceipt>
  readonly inFlight: number
  readonly closed: Promise<void>
}

/** How long a used nonce may be without a receipt of ours before we call it taken. */
const foreignAfterMs = 5_000
const slowestPollMs = 1_000

/**
 * Brings flights into blocks: one look at the account's nonce per poll tells which of them landed; those
 * that stay out are sent again, the first of them with higher fees.
 */
export function createWatcher(options: WatcherOptions): Watcher {
  const { client, account, logger, readFees, signer, signal } = options
  const { pollMs = 60, resendAfterMs = 2_000, bumpAfterMs = 8_000 } = options
  const flights = new Map<number, Flight>()
  let loop: Promise<void> | null = null

  function watch(flight: Flight): void {
    flights.set(flight.nonce, flight)
    flight.outcome.promise.catch(() => {})
    loop ??= run()
  }

  async function run(): Promise<void> {
    let wait = pollMs
    while (flights.size > 0 && !signal.aborted) {
      await pause(wait, signal)
      try {
        await look()
        if (wait > pollMs) resendAll()
        wait = pollMs
      } catch (error) {
        if (wait === pollMs) logger.warn({ error: String(error) }, 'Cannot follow transactions')
        wait = Math.min(wait * 2, slowestPollMs)
      }
    }
    for (const flight of flights.values()) flight.outcome.reject(signal.reason)
    flights.clear()
    // Here, and not when the promise is done: a flight may come in between.
    loop = null
  }

  /** One poll. */
  async function look(): Promise<void> {
    const { address } = account
    const used = await client.getTransactionCount({ address, blockTag: 'latest' })
    const landed = [...flights.values()].filter((flight) => flight.nonce < used)
    await Promise.all(landed.map(land))
    const [first] = [...flights.values()].sort((a, b) => a.nonce - b.nonce)
    const now = performance.now()
    if (first && first.nonce >= used && now - first.bumpedAt > bumpAfterMs * 2 ** first.bumps)
      await raiseFees(first)
    for (const flight of flights.values())
      if (flight.nonce >= used && now - flight.sentAt > resendAfterMs) await resend(flight)
  }

  async function land(flight: Flight): Promise<void> {
    const receipt = await findReceipt(client, flight.hashes)
    if (receipt === null) return missing(flight)
    const failure = await judge(client, account.address, flight.order, receipt)
    flights.delete(flight.nonce)
    if (failure) flight.outcome.reject(failure)
    else flight.outcome.resolve(receipt)
  }

  function missing(flight: Flight): void {
    flight.missingSince ??= performance.now()
    if (performance.now() - flight.missingSince < foreignAfterMs) return
    flights.delete(flight.nonce)
    const message = `Another transaction of ${account.address} took nonce ${flight.nonce}, so the one to ${flight.order.doing} is void: use an account that nothing else sends from, and try again`
    flight.outcome.reject(
      ledgerError('TRANSACTION_REPLACED', message, { detail: { nonce: flight.nonce } }),
    )
  }

  function resendAll(): void {
    for (const flight of flights.values()) flight.sentAt = Number.NEGATIVE_INFINITY
    logger.info({ inFlight: flights.size }, 'The chain answers again')
  }

  async function resend(flight: Flight): Promise<void> {
    flight.sentAt = performance.now()
    const verdict = await broadcast(client, flight.raw, flight.order.doing)
    const fields = { nonce: flight.nonce, verdict: verdict.kind }
    if (verdict.kind === 'refused')
      logger.warn({ ...fields, error: verdict.error.message }, 'The chain refuses a transaction')
    else logger.debug(fields, 'Sent a transaction again')
  }

  async function raiseFees(flight: Flight): Promise<void> {
    const fees = bumpFees(flight.fees, await readFees())
    const raw = await signer.sign(flight.order, flight.nonce, flight.gas, fees)
    // Known before it is sent: once it left, it may be the one that is mined.
    flight.hashes.push(keccak256(raw))
    Object.assign(flight, { fees, raw, bumpedAt: performance.now(), bumps: flight.bumps + 1 })
    logger.warn({ nonce: flight.nonce, bumps: flight.bumps }, 'Raised the fees of a transaction')
    await resend(flight)
  }

  async function landing(flight: Flight, stop: AbortSignal): Promise<TransactionReceipt> {
    const stopped = Promise.withResolvers<never>()
    const giveUp = () => stopped.reject(stillPending(flight, stop.reason))
    stop.addEventListener('abort', giveUp)
    if (stop.aborted) giveUp()
    try {
      return await Promise.race([flight.outcome.promise, stopped.promise])
    } finally {
      stop.removeEventListener('abort', giveUp)
    }
  }

  return {
    watch,
    landing,
    get inFlight() {
      return flights.size
    },
    get closed() {
      return loop ?? Promise.resolve()
    },
  }
}

function stillPending(flight: Flight, cause: unknown) {
  const hash = flight.hashes.at(-1) ?? null
  const message = `The transaction to ${flight.order.doing} was sent and is in no block yet: look for ${hash}`
  return ledgerError('TRANSACTION_PENDING', message, { detail: { transaction: hash }, cause })
}
