import type { Hex } from '@quoin/kernel'
import { batchScheme, type SignedReceipt } from '@quoin/protocol'
import type { LocalAccount } from 'viem'
import { payFromChannel } from './batch-payment.ts'
import type { ChainAccess } from './chain-access.ts'
import { type ChannelStore, memoryChannelStore } from './channel-store.ts'
import { sdkError } from './errors.ts'
import { payExactly } from './exact-payment.ts'
import { assertNotExpired, type SpendingLimits } from './limits.ts'
import { type AllowedAsset, type QuoinNetwork, quoinNetwork, receiptsAddress } from './networks.ts'
import { chooseOffer, type Demand, parseDemand } from './offers.ts'
import { LostCalls, type OutgoingCall, readCall, sendCall } from './outgoing-call.ts'
import { Payer } from './payer.ts'
import type { Payment } from './payment.ts'

export interface PayingFetchOptions {
  /** The most that all calls together may cost, in atomic units; on the chain, the session key's cap. */
  cap: bigint
  /** When the session key ends: a Date, or seconds since 1970. */
  expiry: Date | number
  /** A chain made by Quoin to pay on, with its Credit; the default one (chain id 31402) when absent. */
  network?: QuoinNetwork
  /** Tokens that may be paid with, instead of the network's own. */
  allowedAssets?: readonly AllowedAsset[]
  allowedReceivers?: readonly Hex[]
  /** The most that one call may cost, in atomic units. */
  maxPerCall?: bigint
  /** The longest delay of a withdrawal without the provider, in seconds; one day when absent. */
  maxWithdrawDelay?: number
  /**
   * The chain, to record the session's limits there and to check balances; see `connectChain`. Without it the
   * limits are kept by this program alone.
   */
  chain?: ChainAccess
  /** Where channels and session keys are kept between runs; in memory when absent. */
  store?: ChannelStore
  /** Pay from this channel of the store and from no other; absent: from the one with most left, or a new one. */
  channelId?: Hex
  /** Refuse answers that were paid for and carry no receipt. Default true. */
  requireReceipts?: boolean
  onReceipt?: (receipt: SignedReceipt) => void
  /** Told of a wrong receipt; without it the call fails with `RECEIPT_WRONG`. */
  onViolation?: (violation: Error) => void
  /** The transport. */
  fetch?: typeof fetch
}

/**
 * A `fetch` that pays: give it to an unmodified client and its calls are paid by x402 version 2.
 *
 * ```ts
 * const fetch = payingFetch(account, { cap: parseMoney('5'), expiry: new Date(Date.now() + 3_600_000) })
 * const openai = new OpenAI({ baseURL: 'http://127.0.0.1:8402/v1', apiKey: 'none', fetch })
 * ```
 *
 * The first call learns the price from the 402 and opens an escrow channel with a fresh session key; later
 * ones pay in one round trip, many at once on the one channel. Every receipt is checked against the call.
 *
 * @throws CodedError with an SdkErrorCode, from each call
 */
export function payingFetch(account: LocalAccount, options: PayingFetchOptions): typeof fetch {
  const network = options.network ?? quoinNetwork()
  const limits = toLimits(options, network)
  const clock = (): number => Date.now()
  const payer = new Payer({
    account,
    limits,
    store: options.store ?? memoryChannelStore(),
    channelId: options.channelId ?? null,
    chain: options.chain ?? null,
    receipts: (chainId) => ({ chainId, receipts: receiptsAddress }),
    requireReceipts: options.requireReceipts ?? true,
    onReceipt: options.onReceipt ?? (() => {}),
    onViolation: options.onViolation ?? null,
    clock,
  })
  const transport = options.fetch ?? fetch
  const prices = new Map<string, Promise<Demand | null>>()
  const lost = new LostCalls()
  return async (input, init) => {
    assertNotExpired(limits, clock())
    const call = await readCall(input, init, lost)
    const known = prices.get(call.priceKey)
    if (known) {
      const demand = await known
      if (demand) return pay({ payer, call, transport, prices, lost }, demand)
    }
    return discover({ payer, call, transport, prices, lost })
  }
}

function toLimits(options: PayingFetchOptions, network: QuoinNetwork): SpendingLimits {
  const { cap, expiry, maxPerCall, allowedReceivers } = options
  const expiresAt = typeof expiry === 'number' ? expiry : Math.floor(expiry.getTime() / 1000)
  if (cap <= 0n || !Number.isSafeInteger(expiresAt))
    throw sdkError('CONFIGURATION', 'payingFetch needs a positive cap and an expiry in seconds')
  return {
    cap,
    expiresAt,
    allowedAssets: options.allowedAssets ?? network.assets,
    maxWithdrawDelay: options.maxWithdrawDelay ?? 86_400,
    ...(maxPerCall !== undefined && { maxPerCall }),
    ...(allowedReceivers && { allowedReceivers }),
  }
}

interface Journey {
  payer: Payer
  call: OutgoingCall
  transport: typeof fetch
  /** By price key; null for what turned out to be free. */
  prices: Map<string, Promise<Demand | null>>
  lost: LostCalls
}

/** Sends the call unpaid to learn its price. Calls of the same price wait for the first one's answer. */
async function discover(journey: Journey): Promise<Response> {
  const { call, transport, prices } = journey
  const { promise, resolve } = Promise.withResolvers<Demand | null>()
  const isFirst = !prices.has(call.priceKey)
  if (isFirst) prices.set(call.priceKey, promise)
  try {
    const response = await sendCall(call, transport, null)
    if (response.status !== 402) {
      resolve(null)
      return response
    }
    const demand = parseDemand(response)
    chooseOffer(demand, journey.payer.setup.limits)
    await response.body?.cancel()
    resolve(demand)
    if (!isFirst) prices.set(call.priceKey, Promise.resolve(demand))
    return await pay(journey, demand)
  } catch (error) {
    if (isFirst && prices.get(call.priceKey) === promise) prices.delete(call.priceKey)
    resolve(null)
    throw error
  }
}

const maxAttempts = 5

async function pay(journey: Journey, known: Demand): Promise<Response> {
  const { payer, call, prices } = journey
  let demand = known
  let floor = 0n
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    assertNotExpired(payer.setup.limits, payer.setup.clock())
    const payment = await prepare(journey, demand, floor)
    const response = await deliver(journey, payment)
    if (response.status !== 402) return payment.answered(response)
    const refusal = parseDemand(response)
    await response.body?.cancel()
    floor = await payment.refused(refusal)
    demand = refusal
    prices.set(call.priceKey, Promise.resolve(nextGuess(known, refusal, payer.setup.limits)))
  }
  throw sdkError(
    'PAYMENT_REFUSED',
    `${call.url} asked for a corrected payment ${maxAttempts} times: ${demand.error ?? 'no reason given'}`,
  )
}

function prepare({ payer, call }: Journey, demand: Demand, floor: bigint): Promise<Payment> {
  const offer = chooseOffer(demand, payer.setup.limits)
  payer.assertTrusted(offer.terms.payTo)
  return offer.scheme === 'exact'
    ? payExactly(payer, call, offer, demand)
    : payFromChannel(payer, call, offer, demand, floor)
}

async function deliver({ call, transport, lost }: Journey, payment: Payment): Promise<Response> {
  try {
    return await sendCall(call, transport, payment.header)
  } catch (error) {
    if (!call.signal.aborted) lost.add(call)
    await payment.lost(error)
    throw error
  }
}

/**
 * What to offer for the next call of this kind. Where the price turned out to differ from call to call, a
 * half is added to the highest: a voucher for more than is charged costs nothing, a correction a round trip.
 */
function nextGuess(known: Demand, refusal: Demand, limits: SpendingLimits): Demand {
  const [high, low] = [known, refusal].map(highestAmount).sort((a, b) => Number(b - a))
  if (high === undefined || high === low) return refusal
  const ceiling = limits.maxPerCall ?? limits.cap
  const guess = (high * 3n) / 2n
  const amount = `${guess < ceiling ? guess : ceiling}`
  const offers = refusal.offers.map((offer) =>
    offer.scheme === batchScheme ? { ...offer, amount } : offer,
  )
  return { ...refusal, offers }
}

function highestAmount(demand: Demand): bigint {
  return demand.offers.reduce((high, { amount }) => {
    const value = BigInt(amount)
    return value > high ? value : high
  }, 0n)
}
