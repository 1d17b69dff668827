import { readFile } from 'node:fs/promises'
import type { Hex } from '@quoin/kernel'
import {
  type ReceiptProof,
  type SignedReceipt,
  SignedReceiptJson,
  toReceiptJson,
} from '@quoin/protocol'
import { type Check, type Verification, verifyReceipt } from '@quoin/sdk'
import { consumerFolders, toHex32 } from '../client/consumer.ts'
import { findGatewayUrl, findNode, findRpcUrl } from '../client/endpoints.ts'
import { openLightChain } from '../client/light-chain.ts'
import { NodeClient } from '../client/node-client.ts'
import { openLedger } from '../client/open-ledger.ts'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { formatCredit } from '../output/amounts.ts'
import { renderFacts, renderTable } from '../output/table.ts'
import type { Terminal } from '../output/terminal.ts'
import { shortHex } from '../output/text.ts'

export async function showReceipt(context: Context, name: string): Promise<void> {
  const signed = await findReceipt(context, name)
  const { terminal } = context
  terminal.document(toReceiptJson(signed))
  const { receipt } = signed
  const facts: [string, string][] = [
    ['Receipt', signed.id],
    ['Time', new Date(Number(receipt.time)).toISOString()],
    ['Model', signed.modelCid],
    ['Runtime', receipt.runtimeId],
    ['Service', receipt.serviceId],
    ['Provider', receipt.provider],
    ['Payer', receipt.payer],
    ['Channel', receipt.channelId],
    ['Sequence', `${receipt.sequence}`],
    ['Units', `${receipt.unitsIn} in, ${receipt.unitsOut} out`],
    ['Charged', `${formatCredit(receipt.amount)}, ${formatCredit(receipt.cumulative)} in all`],
    ['Request', receipt.requestHash],
    ['Response', receipt.responseHash],
  ]
  for (const line of renderFacts(facts, { styleLabel: (text) => terminal.style('dim', text) }))
    terminal.line(line)
}

export async function listReceipts(
  context: Context,
  options: { limit: number; payer?: `0x${string}` },
): Promise<void> {
  const { values: settings } = await context.settings()
  const { terminal } = context
  const receipts = options.payer
    ? await gatewayReceipts(context, options.payer, options.limit)
    : (await consumerFolders(settings.dataDir).receipts.list()).slice(0, options.limit)
  terminal.document({ receipts: receipts.map(toReceiptJson) })
  if (receipts.length === 0) return terminal.line('No receipts yet: `quoin call` gives one.')
  const right = 'right' as const
  const columns = [
    { title: 'Receipt' },
    { title: 'Time' },
    { title: 'In', align: right },
    { title: 'Out', align: right },
    { title: 'Charged', align: right },
    { title: 'In all', align: right },
  ]
  const rows = receipts.map(({ id, receipt }) => [
    shortHex(id),
    new Date(Number(receipt.time)).toISOString().slice(0, 19).replace('T', ' '),
    `${receipt.unitsIn}`,
    `${receipt.unitsOut}`,
    formatCredit(receipt.amount),
    formatCredit(receipt.cumulative),
  ])
  for (const line of renderTable(columns, rows, (text) => terminal.style('dim', text)))
    terminal.line(line)
}

async function gatewayReceipts(context: Context, payer: `0x${string}`, limit: number) {
  const { values: settings } = await context.settings()
  const { gatewayUrl } = await findNode(settings)
  return new NodeClient(gatewayUrl, context.signal).receiptsOf(payer, limit)
}

interface VerifyOptions {
  receipt: string
  request?: string
  response?: string
  stream: boolean
  /** Believe the node instead of proving what it says. */
  trustNode: boolean
  trustingDays?: number
}

/**
 * Proves everything that is read of the chain, unless told to believe the node.
 * @throws CodedError `VERIFICATION_FAILED` when any check failed; those of the light client when the node lies.
 */
export async function verifyReceiptCommand(
  context: Context,
  options: VerifyOptions,
): Promise<void> {
  const signed = await findReceipt(context, options.receipt)
  const { values: settings } = await context.settings()
  const proof = await findProof(context, {
    gatewayUrl: await findGatewayUrl(settings),
    id: signed.id,
  })
  const { verification, origin } = await verifyOnChain(context, options, async (chain) =>
    verifyReceipt(signed, {
      ...chain,
      proof,
      ...(options.request !== undefined && { request: await readJson(options.request) }),
      ...(options.response !== undefined && {
        response: options.stream
          ? { stream: await readFile(options.response, 'utf8') }
          : new Uint8Array(await readFile(options.response)),
      }),
    }),
  )
  const { terminal } = context
  terminal.document({ receipt: signed.id, ...verification, trusted: origin })
  terminal.line(`Receipt ${signed.id}`)
  terminal.line()
  for (const line of checkLines(verification.checks, terminal)) terminal.line(line)
  terminal.line()
  for (const line of trustLines(verification, origin)) terminal.line(line)
  terminal.line()
  const failed = verification.checks.filter(({ outcome }) => outcome === 'failed')
  if (failed.length > 0)
    throw cliError(
      'VERIFICATION_FAILED',
      `The receipt is not what it claims to be: ${failed.map(({ check }) => check).join(', ')} failed`,
    )
  terminal.line(
    proof
      ? terminal.style('green', 'The receipt is right, and the chain holds its anchor.')
      : terminal.style('yellow', 'The receipt is right; it is not anchored yet.'),
  )
}

/** Null where no gateway has one: then the anchor is not looked at. */
async function findProof(
  { signal }: Context,
  { gatewayUrl, id }: { gatewayUrl: string | null; id: Hex },
): Promise<ReceiptProof | null> {
  if (gatewayUrl === null) return null
  return new NodeClient(gatewayUrl, signal).proof(id).catch(() => null)
}

type ChainChoice = Pick<Parameters<typeof verifyReceipt>[1], 'chain' | 'isFirstUse' | 'ledger'>

async function verifyOnChain(
  context: Context,
  { trustNode, trustingDays }: VerifyOptions,
  verify: (chain: ChainChoice) => Promise<Verification>,
): Promise<{ verification: Verification; origin: string }> {
  const { values: settings } = await context.settings()
  const rpcUrl = await findRpcUrl(settings)
  if (trustNode) {
    await using ledger = await openLedger(rpcUrl)
    return { verification: await verify({ ledger }), origin: `the node at ${rpcUrl}` }
  }
  const { chain, isFirstUse, origin } = await openLightChain(settings, { rpcUrl, trustingDays })
  return { verification: await verify({ chain, isFirstUse }), origin }
}

/** What the result rests on, in plain words. */
function trustLines({ trust }: Verification, origin: string): string[] {
  if (trust.kind === 'node')
    return [
      `Trusted: ${origin}. It could lie; without --trust-node, a chain of validators is believed only by proof.`,
    ]
  const time = new Date(trust.timeMs).toISOString()
  return [
    `Trusted: ${origin}, and that fewer than a third of the validators since then are dishonest.`,
    `Proven: everything read of the chain, up to block ${trust.height} (${shortHex(trust.id)}) of ${time}.`,
    ...(trust.isFirstUse
      ? ['Compare the genesis with somebody you trust, or give --genesis or --checkpoint.']
      : []),
  ]
}

const marks = {
  passed: ['green', '✓'],
  failed: ['red', '✗'],
  skipped: ['dim', '–'],
} as const

/** One line a check. */
export function checkLines(checks: Check[], terminal: Terminal): string[] {
  const facts = checks.map(({ check, outcome, detail }): [string, string] => {
    const [style, mark] = marks[outcome]
    return [`${terminal.style(style, mark)} ${check}`, detail]
  })
  return renderFacts(facts, { indent: 2, columns: Math.max(terminal.columns, 80) })
}

/** A file, or the id of a receipt that is kept here or that the gateway has. */
async function findReceipt(context: Context, name: string): Promise<SignedReceipt> {
  const id = toHex32(name)
  if (!id) return parseReceiptFile(name)
  const { values: settings } = await context.settings()
  const own = await consumerFolders(settings.dataDir).receipts.get(id)
  if (own) return own
  const { gatewayUrl } = await findNode(settings)
  const found = await new NodeClient(gatewayUrl, context.signal).receipt(id)
  if (found) return found
  throw cliError('NOT_FOUND', `There is no receipt ${id} here or at ${gatewayUrl}`)
}

async function parseReceiptFile(path: string): Promise<SignedReceipt> {
  const parsed = SignedReceiptJson.safeParse(await readJson(path))
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw cliError('USAGE', `${path} is not a receipt: ${issue?.path.join('.')}: ${issue?.message}`)
}

async function readJson(path: string): Promise<unknown> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw cliError('USAGE', `${path} is neither a receipt's id nor a file that can be read`, {
      cause,
    })
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw cliError('USAGE', `${path} is not JSON`, { cause })
  }
}
