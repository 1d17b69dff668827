import { bytesToHex, type Hex, Scope, silentLogger } from '@quoin/kernel'
import { isPrivateKey, privateKeyToAddress } from '@quoin/keys'
import { createLedger, type Ledger } from '@quoin/ledger'
import { chainIdToNetwork } from '@quoin/protocol'
import { parseAbi } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { Background } from './background.ts'
import { createLedgerChain } from './chain/ledger-chain.ts'
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

const defaultPayments: PaymentOptions = {
  schemes: ['batch-settlement', 'exact'],
  withdrawDelay: 900,
  maxTimeoutSeconds: 300,
  depositCalls: 10n,
  minDepositAtomic: 10_000n,
  settleExactFirst: true,
  answersKeptMs: 24 * 3600 * 1000,
  answersKeptBytes: 1024 ** 3,
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
  const payments = { ...defaultPayments, ...options.payments }
  const ledger = options.ledger ?? scope.own(connect(options))
  const chain = createLedgerChain(ledger, { provider: address })
  const token = await readToken(ledger)
  const { chainId, addresses } = ledger
  const digests = createDigests({
    chainId,
    settlement: addresses.settlement,
    receipts: addresses.receipts,
    token,
  })
  const signer = { address, privateKey: providerKey }
  const store = scope.own(await Store.open(options.dataDir))
  const limits = { ...defaultLimits, ...options.limits }
  const channels = new Channels({ store, chain, limits, clock, logger })
  const terms = termsOf({ chainId, token, receiver, address, payments })
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
  const settler = new Settler({ ...context, receiver, token: token.address })
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
    payments,
    receipts: createReceiptStore(store, anchors),
    channels: createChannelReader(store, channels),
    facilitator: createFacilitator({
      digests,
      chain,
      clock,
      address,
      network: terms.network,
      asset: token.address,
      onlyReceiver: options.facilitateFor === 'own' ? receiver : null,
    }),
  }
}

function connect(options: MarketOptions): Ledger {
  const { rpcUrl, chainId, addresses, providerKey, logger } = options
  if (rpcUrl === undefined)
    throw marketError('INVALID_OPTIONS', 'A market needs a ledger, or an rpcUrl to open one with')
  return createLedger({
    rpcUrl,
    ...(chainId === undefined ? {} : { chainId }),
    ...(addresses === undefined ? {} : { addresses }),
    ...(logger === undefined ? {} : { logger }),
    account: privateKeyToAccount(bytesToHex(providerKey)),
  })
}

const tokenAbi = parseAbi([
  'function name() view returns (string)',
  'function version() view returns (string)',
])

interface Token {
  address: Hex
  name: string
  version: string
}

async function readToken({ client, addresses }: Ledger): Promise<Token> {
  const contract = { address: addresses.credit, abi: tokenAbi } as const
  try {
    const [name, version] = await Promise.all([
      client.readContract({ ...contract, functionName: 'name' }),
      client.readContract({ ...contract, functionName: 'version' }),
    ])
    return { address: lower(addresses.credit), name, version }
  } catch (cause) {
    throw marketError(
      'CHAIN_UNREACHABLE',
      `Cannot read the token at ${addresses.credit}; is the chain up, and is it the right one?`,
      { cause },
    )
  }
}

function termsOf(from: {
  chainId: number
  token: Token
  receiver: Hex
  address: Hex
  payments: PaymentOptions
}): OfferTerms {
  const { payments, token } = from
  return {
    network: chainIdToNetwork(from.chainId),
    asset: token.address,
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

function lower(hex: Hex): Hex {
  return `0x${hex.slice(2).toLowerCase()}`
}
