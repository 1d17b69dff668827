import { bytesToHex, type Hex, Scope, silentLogger } from '@quoin/kernel'
import { isPrivateKey, privateKeyToAddress } from '@quoin/keys'
import { chainIdToNetwork, x402Addresses } from '@quoin/protocol'
import { createPublicClient, defineChain, http } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { Background } from './background.ts'
import { tokenAbi } from './chain/abi.ts'
import { createSender } from './chain/sender.ts'
import { type MarketAddresses, ViemChain } from './chain/viem-chain.ts'
import type { ChannelLimits } from './channel/channel.ts'
import { Channels } from './channel/channels.ts'
import { createDigests } from './digest.ts'
import { marketError } from './errors.ts'
import { createFacilitator } from './facilitator/facilitator.ts'
import type { Market } from './interface.ts'
import { type MarketParts, QuoinMarket } from './market.ts'
import type { MarketOptions, PaymentOptions, SettlementOptions } from './options.ts'
import { Answers } from './pay/answers.ts'
import type { PayContext } from './pay/context.ts'
import type { OfferTerms } from './pay/offers.ts'
import { createChannelReader, createReceiptStore } from './readers.ts'
import { Anchors } from './settle/anchors.ts'
import { ExactSettler } from './settle/exact-settler.ts'
import { Settler } from './settle/settlement.ts'
import { Store } from './store/store.ts'

const predeploys: MarketAddresses = {
  settlement: x402Addresses.settlement,
  collector: x402Addresses.erc3009Collector,
  multicall: x402Addresses.multicall3,
  token: '0x51756f696e000000000000000000000000000001',
  receipts: '0x51756f696e000000000000000000000000000003',
  sessionKeys: '0x51756f696e000000000000000000000000000005',
}

const defaultPayments: PaymentOptions = {
  schemes: ['batch-settlement', 'exact'],
  withdrawDelay: 900,
  maxTimeoutSeconds: 300,
  depositCalls: 10n,
  minDepositAtomic: 10_000n,
  settleExactFirst: false,
  answersKeptMs: 24 * 3600 * 1000,
}

const defaultSettlement: SettlementOptions = {
  intervalMs: 60_000,
  thresholdAtomic: 10_000_000n,
  anchorIntervalMs: 60_000,
  followMs: 1000,
}

const defaultLimits: ChannelLimits = { maxWaiting: 512, waitMs: 30_000, turnMs: 3000 }

/**
 * Opens the market on its folder and chain, and takes up what an earlier run left undone.
 * @throws CodedError `INVALID_OPTIONS`, `STORE_FAILED`, `CHAIN_UNREACHABLE`
 */
export async function openMarket(options: MarketOptions): Promise<Market> {
  if (!isPrivateKey(options.providerKey))
    throw marketError('INVALID_OPTIONS', 'providerKey is not a 32-byte secp256k1 private key')
  const scope = new Scope()
  try {
    const parts = await assemble(options, scope)
    return new QuoinMarket(parts, scope)
  } catch (error) {
    await scope[Symbol.asyncDispose]()
    throw error
  }
}

async function assemble(options: MarketOptions, scope: Scope): Promise<MarketParts> {
  const logger = (options.logger ?? silentLogger).child({ module: 'market' })
  const clock = options.clock ?? Date.now
  const { providerKey } = options
  const address = privateKeyToAddress(providerKey)
  const receiver = lower(options.receiver ?? address)
  const addresses = lowerAll({ ...predeploys, ...options.addresses })
  const payments = { ...defaultPayments, ...options.payments }
  const { chain, client } = connect(options, addresses, receiver)
  const token = await readToken(client, addresses.token)
  const { chainId } = options
  const digests = createDigests({
    chainId,
    settlement: addresses.settlement,
    receipts: addresses.receipts,
    token: { address: addresses.token, ...token },
  })
  const signer = { address, privateKey: providerKey }
  const store = scope.own(await Store.open(options.dataDir))
  const limits = { ...defaultLimits, ...options.limits }
  const channels = new Channels({ store, chain, limits, clock, logger })
  const terms = termsOf({ chainId, addresses, token, receiver, address, payments })
  const isImmediate = payments.settleExactFirst
  const exact = new ExactSettler({ store, chain, logger, isImmediate })
  const answers = new Answers(store)
  const context: PayContext = {
    terms,
    digests,
    signer,
    store,
    chain,
    channels,
    answers,
    exact,
    clock,
    logger,
  }
  const settler = new Settler({ ...context, receiver, token: addresses.token })
  const anchors = new Anchors({ store, chain, provider: address, logger })
  const settlement = { ...defaultSettlement, ...options.settlement }
  const background = new Background({
    chain,
    channels,
    settler,
    anchors,
    options: settlement,
    clock,
    logger,
  })
  await exact.resume()
  background.start()
  return {
    context,
    settler,
    anchors,
    background,
    answersKeptMs: payments.answersKeptMs,
    receipts: createReceiptStore(store, anchors),
    channels: createChannelReader(store, channels),
    facilitator: createFacilitator({
      digests,
      chain,
      clock,
      address,
      network: terms.network,
      asset: addresses.token,
    }),
  }
}

function connect(options: MarketOptions, addresses: MarketAddresses, receiver: Hex) {
  const { rpcUrl, chainId, providerKey } = options
  const viemChain = defineChain({
    id: chainId,
    name: 'Quoin',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  })
  const transport = http(rpcUrl, { batch: { wait: 0 }, retryCount: 2 })
  const client = createPublicClient({ chain: viemChain, transport, pollingInterval: 100 })
  const account = privateKeyToAccount(bytesToHex(providerKey))
  const sender = createSender({ client, transport, chain: viemChain, account })
  return { client, chain: new ViemChain({ client, sender, addresses, receiver }) }
}

async function readToken(
  client: ReturnType<typeof connect>['client'],
  token: Hex,
): Promise<{ name: string; version: string }> {
  const contract = { address: token, abi: tokenAbi } as const
  try {
    const [name, version] = await Promise.all([
      client.readContract({ ...contract, functionName: 'name' }),
      client.readContract({ ...contract, functionName: 'version' }),
    ])
    return { name, version }
  } catch (cause) {
    throw marketError(
      'CHAIN_UNREACHABLE',
      `Cannot read the token at ${token}; is the chain up, and is it the right one?`,
      { cause },
    )
  }
}

function termsOf(from: {
  chainId: number
  addresses: MarketAddresses
  token: { name: string; version: string }
  receiver: Hex
  address: Hex
  payments: PaymentOptions
}): OfferTerms {
  const { payments, token } = from
  return {
    network: chainIdToNetwork(from.chainId),
    asset: from.addresses.token,
    tokenName: token.name,
    tokenVersion: token.version,
    payTo: from.receiver,
    receiverAuthorizer: from.address,
    withdrawDelay: payments.withdrawDelay,
    maxTimeoutSeconds: payments.maxTimeoutSeconds,
    depositCalls: payments.depositCalls,
    minDepositAtomic: payments.minDepositAtomic,
    schemes: payments.schemes,
  }
}

function lowerAll(addresses: MarketAddresses): MarketAddresses {
  return {
    settlement: lower(addresses.settlement),
    collector: lower(addresses.collector),
    multicall: lower(addresses.multicall),
    token: lower(addresses.token),
    receipts: lower(addresses.receipts),
    sessionKeys: addresses.sessionKeys === null ? null : lower(addresses.sessionKeys),
  }
}

function lower(hex: Hex): Hex {
  return `0x${hex.slice(2).toLowerCase()}`
}
