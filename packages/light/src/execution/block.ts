import { decodeRlp, encodeRlp, type RlpItem, toBigint, toHex, toList } from '@quoin/headers'
import { bytesToHex, type Hex, hexToBytes } from '@quoin/kernel'
import { refuseOthers } from '../chain/light-block.ts'
import { lightError } from '../errors.ts'
import type { LightProvider } from '../provider/interface.ts'
import { parseHex, parseList } from '../provider/parse.ts'
import { orderedRoot } from '../trie/ordered-root.ts'
import { underName } from './account.ts'
import { type ExecutionHeader, parseExecutionHeader } from './execution-header.ts'
import { type ProvenReceipt, parseReceipt } from './receipt.ts'
import { type ProvenTransaction, parseTransaction } from './transaction.ts'

/** An execution block whose header is the certified one, and whose lists have the header's roots. */
export interface ProvenBlock {
  header: ExecutionHeader
  transactions: ProvenTransaction[]
  withdrawals: { index: bigint; validatorIndex: bigint; address: Hex; amountGwei: bigint }[]
  sizeBytes: number
}

interface BlockRequest {
  provider: LightProvider
  number: bigint
  /** What the validators signed. */
  hash: Hex
  signal: AbortSignal
}

const mostReceipts = 100_000

const numberParam = (number: bigint) => [`0x${number.toString(16)}`]

export async function readExecutionHeader(request: BlockRequest): Promise<ExecutionHeader> {
  const { provider, number, hash, signal } = request
  const raw = await provider.request('debug_getRawHeader', numberParam(number), { signal })
  if (raw === null) throw missing(request)
  return underName(provider, () => parseExecutionHeader(parseHex(raw, 'a header'), hash))
}

/** Reads a block with its transactions by `debug_getRawBlock`. */
export async function readBlock(request: BlockRequest): Promise<ProvenBlock> {
  const { provider, number, signal } = request
  const raw = await provider.request('debug_getRawBlock', numberParam(number), { signal })
  if (raw === null) throw missing(request)
  return underName(provider, () => checkBlock(hexToBytes(parseHex(raw, 'a block')), request))
}

/** Reads all receipts of a block by `debug_getRawReceipts` and rebuilds their trie. */
export async function readReceipts(
  request: BlockRequest,
  header: ExecutionHeader,
): Promise<ProvenReceipt[]> {
  const { provider, number, signal } = request
  const answer = await provider.request('debug_getRawReceipts', numberParam(number), { signal })
  if (answer === null) throw missing(request)
  return underName(provider, () => {
    const raws = parseList(answer, 'receipts', mostReceipts).map((raw) =>
      hexToBytes(parseHex(raw, 'a receipt')),
    )
    if (orderedRoot(raws) !== header.receiptsRoot)
      throw lightError('SERVER_LIED', `the receipts of block ${number} are not those it had`)
    return refuseOthers('a receipt', () => raws.map(parseReceipt))
  })
}

function checkBlock(raw: Uint8Array, { number, hash }: BlockRequest): ProvenBlock {
  return refuseOthers('an execution block', () => {
    const [headerItem, transactions, , withdrawals] = toList(decodeRlp(raw), 'a block', 4)
    const header = parseExecutionHeader(bytesToHex(encodeRlp(headerItem ?? [])), hash)
    const raws = toList(transactions, 'transactions').map(envelopeOf)
    if (orderedRoot(raws) !== header.transactionsRoot)
      throw lightError('SERVER_LIED', `the transactions of block ${number} are not those it had`)
    const payouts = toList(withdrawals, 'withdrawals')
    if (orderedRoot(payouts.map((item) => encodeRlp(item))) !== header.withdrawalsRoot)
      throw lightError('SERVER_LIED', `the withdrawals of block ${number} are not those it had`)
    return {
      header,
      transactions: raws.map(parseTransaction),
      withdrawals: payouts.map(readWithdrawal),
      sizeBytes: raw.length,
    }
  })
}

/** A typed transaction is a string in the block, a legacy one a list; in the trie both are bytes. */
function envelopeOf(item: RlpItem): Uint8Array {
  return Array.isArray(item) ? encodeRlp(item) : item
}

function readWithdrawal(item: RlpItem) {
  const [index, validatorIndex, address, amount] = toList(item, 'a withdrawal', 4)
  return {
    index: toBigint(index, 'index'),
    validatorIndex: toBigint(validatorIndex, 'validatorIndex'),
    address: toHex(address, 'address', 20),
    amountGwei: toBigint(amount, 'amount'),
  }
}

function missing({ provider, number }: BlockRequest) {
  return lightError(
    'NOT_AVAILABLE',
    `${provider.name} does not have the execution block ${number} (any more): ask a node that keeps it`,
  )
}
