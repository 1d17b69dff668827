import type { Hex } from '@quoin/kernel'
import type { TrustedPoint } from '../chain/verify-header.ts'
import { lightError } from '../errors.ts'
import { type ProvenAccount, readAccount, readCode } from '../execution/account.ts'
import {
  type ProvenBlock,
  readBlock,
  readExecutionHeader,
  readReceipts,
} from '../execution/block.ts'
import type { ExecutionHeader } from '../execution/execution-header.ts'
import type { ProvenReceipt } from '../execution/receipt.ts'
import type { LightClient } from '../light-client.ts'
import { firstThatAnswers } from '../provider/first-that-answers.ts'
import type { LightProvider } from '../provider/interface.ts'
import { parseObject, parseQuantity } from '../provider/parse.ts'
import { boundedCache } from './bounded-cache.ts'

/** A height, or the newest block that is proven (brought up to date when it is older than `headMs`). */
export type At = number | 'newest'

type Options = { signal?: AbortSignal }

export interface VerifiedChainOptions {
  client: LightClient
  /** For how long a newest block is taken for the newest, in milliseconds. */
  headMs?: number
  nowMs?: () => number
}

/**
 * State, blocks and receipts of a chain, each checked by proof against a certified header. All methods throw
 * CodedErrors: `SERVER_LIED` names the server and the lie; the others are those of the light client.
 */
export interface VerifiedChain {
  readonly client: LightClient
  point(at: At, options?: Options): Promise<TrustedPoint>
  /** Null when the server shows no such block: that there is none cannot be proven. */
  pointOfHash(hash: Hex, options?: Options): Promise<TrustedPoint | null>
  header(at: At, options?: Options): Promise<ExecutionHeader>
  account(address: Hex, options?: Options & { at?: At; slots?: bigint[] }): Promise<ProvenAccount>
  code(address: Hex, options?: Options & { at?: At }): Promise<Hex>
  block(at: At, options?: Options): Promise<ProvenBlock>
  receipts(at: At, options?: Options): Promise<ProvenReceipt[]>
  /** Where a transaction is. Null when the server shows none: that there is none cannot be proven. */
  locate(hash: Hex, options?: Options): Promise<{ block: ProvenBlock; index: number } | null>
}

export function createVerifiedChain(options: VerifiedChainOptions): VerifiedChain {
  const { client, headMs = 1000, nowMs = Date.now } = options
  const headers = boundedCache<ExecutionHeader>(256)
  const blocks = boundedCache<ProvenBlock>(16)
  const receiptLists = boundedCache<ProvenReceipt[]>(16)
  let updatedMs = Number.NEGATIVE_INFINITY
  let updating: Promise<TrustedPoint> | null = null

  const signalOf = ({ signal }: Options = {}) => signal ?? new AbortController().signal
  const ask = <T>(read: (provider: LightProvider) => Promise<T>) =>
    firstThatAnswers(client.providers, read)

  async function point(at: At, options: Options = {}): Promise<TrustedPoint> {
    if (at !== 'newest') {
      if (at > client.newest.height) await newest(options)
      return client.at(at, options)
    }
    return newest(options)
  }

  async function newest(options: Options): Promise<TrustedPoint> {
    if (nowMs() - updatedMs < headMs && !client.fork) return client.newest
    updating ??= client.update(options).finally(() => {
      updating = null
    })
    const head = await updating
    updatedMs = nowMs()
    return head
  }

  const requestOf = ({ height, payloadHash }: TrustedPoint, options: Options) => ({
    number: BigInt(height),
    hash: payloadHash,
    signal: signalOf(options),
  })

  function headerOf(trusted: TrustedPoint, options: Options): Promise<ExecutionHeader> {
    return headers(trusted.payloadHash, async () => {
      const header = await ask((provider) =>
        readExecutionHeader({ provider, ...requestOf(trusted, options) }),
      )
      if (header.number !== BigInt(trusted.height))
        throw lightError('SERVER_LIED', `Block ${trusted.height} holds number ${header.number}`)
      return header
    })
  }

  function blockOf(trusted: TrustedPoint, options: Options): Promise<ProvenBlock> {
    return blocks(trusted.payloadHash, () =>
      ask((provider) => readBlock({ provider, ...requestOf(trusted, options) })),
    )
  }

  async function account(address: Hex, options: Options & { at?: At; slots?: bigint[] } = {}) {
    const header = await headerOf(await point(options.at ?? 'newest', options), options)
    const signal = signalOf(options)
    return ask((provider) =>
      readAccount({ provider, at: header, signal }, address, options.slots ?? []),
    )
  }

  return {
    client,
    point,
    account,
    header: async (at, options = {}) => headerOf(await point(at, options), options),
    block: async (at, options = {}) => blockOf(await point(at, options), options),
    async code(address, options = {}) {
      const trusted = await point(options.at ?? 'newest', options)
      const header = await headerOf(trusted, options)
      const proven = await account(address, { ...options, at: trusted.height })
      const signal = signalOf(options)
      return ask((provider) => readCode({ provider, at: header, signal }, proven))
    },
    async receipts(at, options = {}) {
      const trusted = await point(at, options)
      return receiptLists(trusted.payloadHash, async () => {
        const header = await headerOf(trusted, options)
        const request = requestOf(trusted, options)
        return ask((provider) => readReceipts({ provider, ...request }, header))
      })
    },
    async pointOfHash(hash, options = {}) {
      const number = await hintedNumber('eth_getBlockByHash', [hash, false], options)
      if (number === null) return null
      const trusted = await point(number, options)
      if (trusted.payloadHash === hash) return trusted
      throw lightError('SERVER_LIED', `Block ${hash} is not the block ${number} of this chain`)
    },
    async locate(hash, options = {}) {
      const number = await hintedNumber('eth_getTransactionByHash', [hash], options)
      if (number === null) return null
      const block = await blockOf(await point(number, options), options)
      const index = block.transactions.findIndex((transaction) => transaction.hash === hash)
      if (index >= 0) return { block, index }
      throw lightError(
        'SERVER_LIED',
        `Transaction ${hash} is said to be in block ${number}, which does not hold it`,
      )
    },
  }

  /** The number that a server gives for a hash: where to look, no more. */
  async function hintedNumber(method: string, params: unknown[], options: Options) {
    const answer = await ask((provider) =>
      provider.request(method, params, { signal: signalOf(options) }),
    )
    if (answer === null) return null
    const { blockNumber, number = blockNumber } = parseObject(answer, 'a block or transaction')
    return number === null ? null : Number(parseQuantity(number, 'a block number'))
  }
}
