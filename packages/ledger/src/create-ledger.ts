import { type Hex, type Logger, silentLogger } from '@quoin/kernel'
import {
  createPublicClient,
  http,
  type LocalAccount,
  type PublicClient,
  type TransactionReceipt,
  type Transport,
  webSocket,
} from 'viem'
import { type LedgerAddresses, quoinAddresses } from './addresses.ts'
import { defaultChainId, quoinChain } from './chain.ts'
import type { LedgerContext, Mined } from './context.ts'
import { type Channels, createChannels } from './contracts/channels.ts'
import { type Credit, createCredit } from './contracts/credit.ts'
import { createEarnings, type Earnings } from './contracts/earnings.ts'
import { createLicences, type Licences } from './contracts/licences.ts'
import { createLineage, type Lineage } from './contracts/lineage.ts'
import { createReceipts, type Receipts } from './contracts/receipts.ts'
import { createRegistry, type Registry } from './contracts/registry.ts'
import { createSessions, type Sessions } from './contracts/sessions.ts'
import { createSplits, type Splits } from './contracts/splits.ts'
import { ledgerError } from './errors.ts'
import { toLedgerError } from './rpc-error.ts'
import { createSender, type SenderOptions } from './sender/create-sender.ts'
import type { Sender } from './sender/interface.ts'

export interface LedgerOptions {
  /** http(s):// or ws(s)://; or give a viem transport. */
  rpcUrl?: string
  transport?: Transport
  chainId?: number
  /** Where other networks have the contracts; default: the predeploys. */
  addresses?: Partial<LedgerAddresses>
  /** Who writes. Without it the ledger only reads. */
  account?: LocalAccount
  logger?: Logger
  /** How the sender of `account` behaves. */
  sending?: Pick<
    SenderOptions,
    'pollMs' | 'resendAfterMs' | 'bumpAfterMs' | 'giveUpAfterMs' | 'maxInFlight'
  >
}

/** The chain as the cloud sees it, over JSON-RPC. Close it with `await using`. */
export interface Ledger extends AsyncDisposable {
  readonly chainId: number
  readonly addresses: LedgerAddresses
  /** The account that writes, or null. */
  readonly account: Hex | null
  readonly credit: Credit
  readonly channels: Channels
  readonly sessions: Sessions
  readonly registry: Registry
  readonly receipts: Receipts
  readonly splits: Splits
  readonly licences: Licences
  readonly earnings: Earnings
  readonly lineage: Lineage
  /** For what has no word here. */
  readonly client: PublicClient
  /** @throws CodedError `READ_ONLY` */
  readonly sender: Sender
  blockNumber(): Promise<bigint>
  /** Native coins, in wei. */
  nativeBalanceOf(account: Hex): Promise<bigint>
  transferNative(to: Hex, wei: bigint): Promise<Mined>
  /** @throws CodedError `WRONG_CHAIN` or `RPC_UNREACHABLE` */
  checkChain(): Promise<void>
}

/** Opens the chain at an RPC address. Nothing is sent until the first call. */
export function createLedger(options: LedgerOptions): Ledger {
  const { chainId = defaultChainId, account, logger = silentLogger } = options
  const client = createPublicClient({
    chain: quoinChain({ chainId }),
    transport: options.transport ?? transportOf(options.rpcUrl),
    pollingInterval: 100,
    cacheTime: 0,
  })
  const addresses = { ...quoinAddresses, ...options.addresses }
  const sending = { client, chainId, logger: logger.child({ module: 'sender' }) }
  const sender = account ? createSender({ ...options.sending, ...sending, account }) : null
  const context: LedgerContext = {
    client,
    chainId,
    addresses,
    account: account?.address ?? null,
    read,
    write: async (order, sendOptions) =>
      toMined(await requireSender(sender).send(order, sendOptions)),
  }
  return {
    chainId,
    addresses,
    account: context.account,
    credit: createCredit(context),
    channels: createChannels(context),
    sessions: createSessions(context),
    registry: createRegistry(context),
    receipts: createReceipts(context),
    splits: createSplits(context),
    licences: createLicences(context),
    earnings: createEarnings(context),
    lineage: createLineage(context),
    client,
    get sender() {
      return requireSender(sender)
    },
    blockNumber: () => read('read the block number', () => client.getBlockNumber()),
    nativeBalanceOf: (address) => read('read a balance', () => client.getBalance({ address })),
    transferNative: (to, value) =>
      context.write({ to, value, data: '0x', doing: 'transfer native coins' }),
    checkChain: () => checkChain(client, chainId),
    async [Symbol.asyncDispose]() {
      await sender?.[Symbol.asyncDispose]()
      if (!options.transport) await closeSocket(client)
    },
  }
}

async function read<T>(doing: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw toLedgerError(error, doing)
  }
}

async function checkChain(client: PublicClient, expected: number): Promise<void> {
  const actual = await read('ask for its chain id', () => client.getChainId())
  if (actual === expected) return
  throw ledgerError(
    'WRONG_CHAIN',
    `The node is on chain ${actual}, and chain ${expected} was expected: check the RPC address`,
    { detail: { expected, actual } },
  )
}

function transportOf(rpcUrl = 'http://127.0.0.1:8545'): Transport {
  if (/^wss?:/.test(rpcUrl)) return webSocket(rpcUrl, { keepAlive: true, reconnect: true })
  return http(rpcUrl, { batch: true, timeout: 10_000 })
}

/** HTTP has nothing to close; a socket would keep the process alive, and reconnect for ever. */
async function closeSocket(client: PublicClient): Promise<void> {
  if (client.transport.type !== 'webSocket') return
  const { getRpcClient } = client.transport
  const socket = await getRpcClient().catch(() => null)
  socket?.close()
}

function requireSender(sender: Sender | null): Sender {
  if (sender) return sender
  throw ledgerError('READ_ONLY', 'This ledger only reads: give it an account to write')
}

function toMined(receipt: TransactionReceipt): Mined {
  const { transactionHash, blockNumber, gasUsed, effectiveGasPrice, logs } = receipt
  return { transactionHash, blockNumber, gasUsed, feeWei: gasUsed * effectiveGasPrice, logs }
}
