import type { Hex } from '@quoin/kernel'
import type { ChannelState, Ledger, Mined } from '@quoin/ledger'
import {
  batchScheme,
  type ChannelConfig,
  channelIdOf,
  networkToChainId,
  type SettlementResponse,
  x402Errors,
} from '@quoin/protocol'
import type { LocalAccount } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import type { ChannelRecord, ChannelStore } from './channel-store.ts'
import { sdkError } from './errors.ts'
import type { Demand } from './offers.ts'
import { type BatchTerms, chooseBatchTerms, parseDemand } from './offers.ts'
import { lowerCase } from './payer.ts'
import { paymentHeader, randomBytes32, signVoucher } from './payments.ts'
import { readSettlement } from './settlement-header.ts'

/** A channel that this payer has, as its own records and the chain know it. */
export interface OwnChannel {
  record: ChannelRecord
  state: ChannelState
}

export interface SessionTerms {
  /** Cumulative, atomic units. */
  capAtomic: bigint
  /** Seconds since 1970. */
  expiresAt: number
  /** A service id; any service of the receiver when absent. */
  scope?: Hex
}

export interface ChannelClient {
  /** A new channel to whoever sells at `url` (any paid route), funded with the payer's own transaction. */
  open(options: {
    url: string
    amount: bigint
    expiresAt: number
  }): Promise<Mined & { channel: ChannelRecord }>
  /** Limits the channel's session key on the chain, again with other limits when it was before. */
  authorize(channelId: Hex, session: SessionTerms): Promise<Mined>
  /** Ends the session: nothing more is served. */
  revoke(channelId: Hex): Promise<Mined>
  list(): Promise<OwnChannel[]>
  get(channelId: Hex): Promise<OwnChannel>
  /** Asks the provider to give back at once what is not spent. `url`: any paid route of its. */
  refund(channelId: Hex, url: string): Promise<{ transactionHash: Hex; amount: bigint }>
  /** Without the provider: starts the withdrawal of all that is not claimed. */
  requestWithdraw(channelId: Hex): Promise<Mined & { maturesAt: number }>
  /** The withdrawal's second step, after the channel's delay. */
  finalizeWithdraw(channelId: Hex): Promise<Mined>
}

export interface ChannelClientOptions {
  account: LocalAccount
  /** With the payer as its account. */
  ledger: Ledger
  store: ChannelStore
  fetch?: typeof fetch
}

/** Opens, limits and closes escrow channels from the payer's account. */
export function createChannelClient(options: ChannelClientOptions): ChannelClient {
  const { account, ledger, store } = options
  const transport = options.fetch ?? fetch

  async function find(channelId: Hex): Promise<ChannelRecord> {
    const wanted = channelId.toLowerCase()
    const record = (await store.list()).find((record) => record.channelId === wanted)
    if (record) return record
    throw sdkError('CHANNEL_UNKNOWN', `There is no channel ${channelId} in this payer's records`)
  }

  async function get(channelId: Hex): Promise<OwnChannel> {
    const record = await find(channelId)
    return { record, state: await ledger.channels.state(record.channelId) }
  }

  return {
    get,
    open: async ({ url, amount, expiresAt }) => {
      const terms = chooseBatchTerms(await probe(url, transport))
      const record = newRecord(account, ledger, terms, expiresAt)
      await store.save(record)
      const { config } = record
      const mined = await ledger.channels.open({ config, amount, payer: account })
      const channel = { ...record, deposited: amount }
      await store.save(channel)
      return { ...mined, channel }
    },
    authorize: async (channelId, { capAtomic, expiresAt, scope = anyService }) => {
      const record = await find(channelId)
      const mined = await ledger.sessions.authorize(record.config, { capAtomic, expiresAt, scope })
      await store.save({ ...record, session: { capAtomic, expiresAt }, expiresAt })
      return mined
    },
    revoke: async (channelId) => {
      const record = await find(channelId)
      const mined = await ledger.sessions.revoke(record.config)
      const expiresAt = nowSeconds()
      const session = record.session && { ...record.session, expiresAt }
      await store.save({ ...record, session, expiresAt })
      return mined
    },
    list: async () => {
      const records = await store.list()
      return Promise.all(
        records.map(async (record) => ({
          record,
          state: await ledger.channels.state(record.channelId),
        })),
      )
    },
    refund: async (channelId, url) => {
      const settlement = await askRefund(await find(channelId), url, transport)
      const record = await find(channelId)
      const { balance } = await ledger.channels.state(record.channelId)
      // Closed: later calls open a new channel, with limits of their own.
      await store.save({ ...record, deposited: balance, expiresAt: nowSeconds() })
      const { transaction, amount } = settlement
      return { transactionHash: `0x${transaction.slice(2)}`, amount: BigInt(amount ?? 0) }
    },
    requestWithdraw: async (channelId) => {
      const { record, state } = await get(channelId)
      const rest = state.balance - state.totalClaimed
      if (rest === 0n)
        throw sdkError('CHANNEL_STATE', `Nothing is left on channel ${channelId} to withdraw`)
      const mined = await ledger.channels.requestWithdraw(record.config, rest)
      const after = await ledger.channels.state(record.channelId)
      return { ...mined, maturesAt: after.withdrawal.requestedAt + record.config.withdrawDelay }
    },
    finalizeWithdraw: async (channelId) => {
      const record = await find(channelId)
      const mined = await ledger.channels.finalizeWithdraw(record.config)
      const { balance } = await ledger.channels.state(record.channelId)
      await store.save({ ...record, deposited: balance })
      return mined
    },
  }
}

const nowSeconds = (): number => Math.floor(Date.now() / 1000)
const anyService: Hex = `0x${'0'.repeat(64)}`

/** What a paid route asks for, learnt without calling it. */
async function probe(url: string, transport: typeof fetch): Promise<Demand> {
  const response = await transport(url, { method: 'GET' })
  await response.body?.cancel()
  if (response.status === 402) return parseDemand(response)
  throw sdkError(
    'PROTOCOL_VIOLATION',
    `${url} answered ${response.status} instead of 402: not a paid route`,
  )
}

function newRecord(
  account: LocalAccount,
  ledger: Ledger,
  { terms, extra }: BatchTerms,
  expiresAt: number,
): ChannelRecord {
  const chainId = networkToChainId(terms.network)
  if (chainId !== ledger.chainId)
    throw sdkError(
      'CONFIGURATION',
      `The provider is on chain ${chainId}, and the RPC URL leads to chain ${ledger.chainId}`,
    )
  const sessionKey = generatePrivateKey()
  const config: ChannelConfig = {
    payer: lowerCase(account.address),
    payerAuthorizer: lowerCase(privateKeyToAccount(sessionKey).address),
    receiver: terms.payTo,
    receiverAuthorizer: extra.receiverAuthorizer,
    token: terms.asset,
    withdrawDelay: extra.withdrawDelay,
    salt: randomBytes32(),
  }
  return {
    channelId: channelIdOf(config, chainId),
    chainId,
    config,
    sessionKey,
    session: null,
    expiresAt,
    deposited: 0n,
    charged: 0n,
    signed: 0n,
    used: [],
    lastReceipt: null,
  }
}

/** x402's cooperative refund: a voucher for exactly what was charged, corrected once when we know less. */
async function askRefund(
  record: ChannelRecord,
  url: string,
  transport: typeof fetch,
): Promise<SettlementResponse> {
  let demand = await probe(url, transport)
  let charged = record.charged
  for (let attempt = 0; attempt < 2; attempt++) {
    const { channelId, chainId, config } = record
    const sessionKey = privateKeyToAccount(record.sessionKey)
    const voucher = await signVoucher(sessionKey, {
      channelId,
      maxClaimableAmount: charged,
      chainId,
    })
    const offer = { scheme: batchScheme, ...chooseBatchTerms(demand) } as const
    const payload = { type: 'refund', channelConfig: config, voucher } as const
    const header = paymentHeader(offer, demand, payload)
    const response = await transport(url, { headers: { 'PAYMENT-SIGNATURE': header } })
    await response.body?.cancel()
    const settlement = readSettlement(response)
    if (response.ok && settlement?.success) return settlement
    if (response.status !== 402) throw refused(url, `HTTP ${response.status}`)
    demand = parseDemand(response)
    if (demand.error !== x402Errors.cumulativeMismatch) throw refused(url, demand.error)
    charged = correctedTotal(demand, record)
  }
  throw refused(url, demand.error)
}

function correctedTotal(demand: Demand, record: ChannelRecord): bigint {
  const state = chooseBatchTerms(demand).extra.channelState
  const charged = BigInt(state?.chargedCumulativeAmount ?? 0)
  if (state?.channelId === record.channelId && charged <= record.signed) return charged
  throw sdkError(
    'PROTOCOL_VIOLATION',
    `The provider says that ${charged} was charged on channel ${record.channelId}, and ${record.signed} was signed`,
  )
}

function refused(url: string, reason: string | null) {
  return sdkError(
    'PAYMENT_REFUSED',
    `${url} did not refund the channel: ${(reason ?? 'no reason given').replaceAll('_', ' ')}. It can be withdrawn without the provider`,
    { detail: { reason } },
  )
}
