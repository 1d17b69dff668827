import { bigintToBytes, bigintToHex, bytesToHex, CodedError, hexToBytes } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys/hash'
import { lightError } from '../errors.ts'
import type { LightClient } from '../light-client.ts'
import { firstThatAnswers } from '../provider/first-that-answers.ts'
import { blockToJson, receiptToJson, transactionToJson } from './format.ts'
import { queryLogs } from './logs.ts'
import { readAt, readBytes, readHex, readLogQuery, readQuantity } from './params.ts'
import { createVerifiedChain, type VerifiedChain } from './verified-chain.ts'

/** EIP-1193's provider, as viem (`custom(provider)`), ethers and wallets take it. */
export interface VerifiedProvider {
  request(request: { method: string; params?: unknown }): Promise<unknown>
}

/** An error of the provider: `code` as EIP-1193 and EIP-1474 number them, `data.code` a LightErrorCode. */
export class ProviderError extends Error {
  readonly code: number
  readonly data: { code: string }

  constructor(error: CodedError) {
    super(error.message, { cause: error })
    this.name = 'ProviderError'
    this.code = numbers[error.code] ?? -32002
    this.data = { code: error.code }
  }
}

const numbers: Readonly<Record<string, number>> = {
  INVALID_PARAMS: -32602,
  NOT_VERIFIABLE: 4200,
  NOT_AVAILABLE: -32001,
  SERVER_FAILED: 4900,
}

/**
 * Answers what can be proven, from proofs; refuses everything else. Nothing is passed through but
 * `eth_sendRawTransaction`, whose hash is computed here.
 */
export function createVerifiedProvider(source: LightClient | VerifiedChain): VerifiedProvider {
  const chain = 'client' in source ? source : createVerifiedChain({ client: source })
  return {
    async request({ method, params }) {
      const run = Object.hasOwn(methods, method) ? methods[method] : undefined
      try {
        if (!run) throw notVerifiable(method)
        return await run(Array.isArray(params) ? params : [], chain)
      } catch (error) {
        throw error instanceof CodedError ? new ProviderError(error) : error
      }
    },
  }
}

type Method = (params: readonly unknown[], chain: VerifiedChain) => Promise<unknown>

const methods: Readonly<Record<string, Method>> = {
  eth_chainId: async (_, { client }) => bigintToHex(client.chainId),
  net_version: async (_, { client }) => client.chainId.toString(),
  eth_blockNumber: async (_, chain) => bigintToHex(BigInt((await chain.point('newest')).height)),
  eth_getBalance: async (params, chain) => bigintToHex((await accountOf(params, chain)).balance),
  eth_getTransactionCount: async (params, chain) =>
    bigintToHex((await accountOf(params, chain)).nonce),
  eth_getCode: async ([address, at], chain) =>
    chain.code(readHex(address, 'an address', 20), { at: await readAt(at, chain) }),
  eth_getStorageAt: async ([address, slot, at], chain) => {
    const { slots } = await chain.account(readHex(address, 'an address', 20), {
      at: await readAt(at, chain),
      slots: [readQuantity(slot, 'a slot')],
    })
    return bytesToHex(bigintToBytes(slots[0]?.value ?? 0n, 32))
  },
  eth_getBlockByNumber: async ([at, isFull], chain) =>
    blockToJson(await chain.block(await readAt(at, chain)), isFull === true),
  eth_getBlockByHash: async ([hash, isFull], chain) => {
    const point = await chain.pointOfHash(readHex(hash, 'a block hash', 32))
    return point && blockToJson(await chain.block(point.height), isFull === true)
  },
  eth_getTransactionByHash: async ([hash], chain) => {
    const found = await chain.locate(readHex(hash, 'a transaction hash', 32))
    const transaction = found?.block.transactions[found.index]
    if (!found || !transaction) return null
    return transactionToJson(transaction, { header: found.block.header, index: found.index })
  },
  eth_getTransactionReceipt: async ([hash], chain) => {
    const found = await chain.locate(readHex(hash, 'a transaction hash', 32))
    if (!found) return null
    const receipts = await chain.receipts(Number(found.block.header.number))
    return receiptToJson(found.block, receipts, found.index)
  },
  eth_getLogs: async ([filter], chain) => queryLogs(chain, await readLogQuery(filter, chain), {}),
  eth_sendRawTransaction: async ([raw], { client }) => {
    const bytes = hexToBytes(readBytes(raw, 'a transaction'))
    const { signal } = new AbortController()
    await firstThatAnswers(client.providers, (provider) =>
      provider.request('eth_sendRawTransaction', [raw], { signal }),
    )
    return bytesToHex(keccak256(bytes))
  },
}

async function accountOf([address, at]: readonly unknown[], chain: VerifiedChain) {
  return chain.account(readHex(address, 'an address', 20), { at: await readAt(at, chain) })
}

function notVerifiable(method: string) {
  return lightError(
    'NOT_VERIFIABLE',
    `${method.slice(0, 60)} has no answer that could be proven: ask a node that you trust`,
  )
}
