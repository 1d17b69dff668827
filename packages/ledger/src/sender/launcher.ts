import type { Hex } from '@quoin/kernel'
import type { PublicClient } from 'viem'
import { keccak256 } from 'viem'
import { ledgerError } from '../errors.ts'
import { toLedgerError } from '../rpc-error.ts'
import { broadcast, type Verdict } from './broadcast.ts'
import type { Fees } from './fees.ts'
import type { Flight } from './flight.ts'
import type { CallOrder } from './interface.ts'
import { pause } from './pause.ts'
import type { Watcher } from './watcher.ts'

export interface Signer {
  sign(order: CallOrder, nonce: number, gas: bigint, fees: Fees): Promise<Hex>
}

interface LauncherOptions {
  client: PublicClient
  account: { address: Hex }
  readFees: () => Promise<Fees>
  signer: Signer
  watcher: Watcher
  signal: AbortSignal
  pollMs?: number
  maxInFlight?: number
}

export interface Launcher {
  /** Gives the call the next nonce and hands it to the node. */
  launch(order: CallOrder, gas: bigint, stop: AbortSignal): Promise<Flight>
}

/** How often a nonce that others took, or fees that were too low, are chosen again. */
const maxAttempts = 16

/**
 * Gives out nonces, one launch at a time: a nonce counts as used only once the node has the transaction
 * or may have it, so refusals leave no gap.
 */
export function createLauncher(options: LauncherOptions): Launcher {
  const { client, account, watcher, readFees, signer, pollMs = 60, maxInFlight = 64 } = options
  let turn: Promise<unknown> = Promise.resolve()
  let next: number | null = null

  function launch(order: CallOrder, gas: bigint, stop: AbortSignal): Promise<Flight> {
    const signal = AbortSignal.any([options.signal, stop])
    const launched = turn.then(() => launchNow(order, gas, signal))
    turn = launched.catch(() => {})
    return launched
  }

  async function launchNow(order: CallOrder, gas: bigint, signal: AbortSignal): Promise<Flight> {
    for (let attempt = 0; attempt < maxAttempts; ) {
      while (watcher.inFlight >= maxInFlight) await pause(pollMs, signal)
      throwIfStopped(order, signal)
      const nonce = await nextNonce(order)
      const flight = await prepare(order, nonce, gas)
      const verdict = await broadcast(client, flight.raw, order.doing)
      if (verdict.kind === 'accepted' || verdict.kind === 'unknown') {
        next = nonce + 1
        watcher.watch(flight)
        return flight
      }
      if (verdict.kind === 'busy') await pause(pollMs, signal)
      else attempt++
      await recover(verdict, nonce, order)
    }
    const message = `The chain did not take the transaction to ${order.doing} in ${maxAttempts} attempts: does another program use ${account.address}?`
    throw ledgerError('RPC_REFUSED', message, { detail: { account: account.address } })
  }

  async function prepare(order: CallOrder, nonce: number, gas: bigint): Promise<Flight> {
    const fees = await readFees().catch((error) => {
      throw toLedgerError(error, order.doing)
    })
    const raw = await signer.sign(order, nonce, gas, fees)
    const now = performance.now()
    return {
      order,
      nonce,
      gas,
      fees,
      raw,
      hashes: [keccak256(raw)],
      startedAt: now,
      sentAt: now,
      bumpedAt: now,
      bumps: 0,
      missingSince: null,
      outcome: Promise.withResolvers(),
    }
  }

  /** After a refusal: what the next attempt's nonce is. */
  async function recover(verdict: Verdict, nonce: number, order: CallOrder): Promise<void> {
    if (verdict.kind === 'refused') throw verdict.error
    if (verdict.kind === 'nonce-used') next = Math.max(nonce + 1, await readNonce(order))
    // Bytes that we send for the first time are known: another sender of the account made the same ones.
    if (verdict.kind === 'nonce-taken' || verdict.kind === 'known') next = nonce + 1
  }

  async function nextNonce(order: CallOrder): Promise<number> {
    if (next === null || watcher.inFlight === 0) next = await readNonce(order)
    return next
  }

  async function readNonce(order: CallOrder): Promise<number> {
    try {
      const { address } = account
      return await client.getTransactionCount({ address, blockTag: 'pending' })
    } catch (error) {
      throw toLedgerError(error, order.doing)
    }
  }

  return { launch }
}

function throwIfStopped(order: CallOrder, signal: AbortSignal): void {
  if (!signal.aborted) return
  const message = `Stopped before the transaction to ${order.doing} was sent`
  throw ledgerError('SENDER_CLOSED', message, { cause: signal.reason })
}
