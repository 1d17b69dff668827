import type { Hex } from '@quoin/kernel'
import { formatMoney, toReceiptJson } from '@quoin/protocol'
import { createChannelClient, type OwnChannel } from '@quoin/sdk'
import { type Consumer, openConsumer } from '../client/consumer.ts'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { formatCredit } from '../output/amounts.ts'
import { renderFacts, renderTable } from '../output/table.ts'
import { shortHex } from '../output/text.ts'

function clientOf({ account, ledger, channels: store }: Consumer) {
  return createChannelClient({ account, ledger, store })
}

/** Any paid route of the gateway stands for its provider. */
export function paidRoute({ node }: Consumer): string {
  return `${node.url}/v1/embeddings`
}

export async function openChannel(
  context: Context,
  options: { amount: bigint; cap: bigint | null; expiresAt: number },
): Promise<void> {
  await using consumer = await openConsumer(context)
  const { terminal } = context
  const client = clientOf(consumer)
  const { amount, expiresAt } = options
  terminal.progress('Freezing Credits in escrow …')
  const opened = await client.open({ url: paidRoute(consumer), amount, expiresAt })
  const { channelId } = opened.channel
  const capAtomic = options.cap ?? amount
  terminal.progress('Authorizing the session key …')
  const authorized = await client.authorize(channelId, { capAtomic, expiresAt })
  terminal.document({
    channelId,
    sessionKey: opened.channel.config.payerAuthorizer,
    deposited: amount,
    capAtomic,
    expiresAt,
    transactions: [opened.transactionHash, authorized.transactionHash],
  })
  const facts: [string, string][] = [
    ['Channel', channelId],
    ['Frozen', formatCredit(amount)],
    ['Session', opened.channel.config.payerAuthorizer],
    ['Cap', `${formatCredit(capAtomic)} until ${isoTime(expiresAt)}`],
    ['Deposit', `transaction ${shortHex(opened.transactionHash)}`],
    ['Authorize', `transaction ${shortHex(authorized.transactionHash)}`],
  ]
  for (const line of renderFacts(facts)) terminal.line(line)
}

export async function listChannels(context: Context): Promise<void> {
  await using consumer = await openConsumer(context)
  const { terminal } = context
  const channels = await clientOf(consumer).list()
  terminal.document({ channels: channels.map(toDocument) })
  if (channels.length === 0) return terminal.line('No channels yet: `quoin call` opens one.')
  const rows = channels.map(({ record, state }) => [
    shortHex(record.channelId, 8, 4),
    formatMoney(state.balance),
    formatMoney(record.charged),
    formatMoney(state.totalClaimed),
    state.session ? formatMoney(state.session.capAtomic) : 'none',
    stateOf({ record, state }),
  ])
  const right = 'right' as const
  const columns = [
    { title: 'Channel' },
    { title: 'Escrow QCR', align: right },
    { title: 'Spent', align: right },
    { title: 'Claimed', align: right },
    { title: 'Cap', align: right },
    { title: 'State' },
  ]
  for (const line of renderTable(columns, rows, (text) => terminal.style('dim', text)))
    terminal.line(line)
}

/** The start of an id is enough where it is unambiguous. */
async function findChannel(consumer: Consumer, prefix: string): Promise<Hex> {
  const records = await consumer.channels.list()
  const found = records.filter(({ channelId }) => channelId.startsWith(prefix.toLowerCase()))
  const [channel] = found
  if (channel && found.length === 1) return channel.channelId
  throw cliError(
    'NOT_FOUND',
    found.length > 1
      ? `${prefix} is the start of several channels`
      : `There is no channel ${prefix}`,
  )
}

export async function closeChannel(
  context: Context,
  options: { channel: string; withdraw: boolean },
): Promise<void> {
  await using consumer = await openConsumer(context)
  const { terminal } = context
  const client = clientOf(consumer)
  const channelId = await findChannel(consumer, options.channel)
  if (!options.withdraw) {
    terminal.progress('Asking the provider for the rest …')
    const refund = await client.refund(channelId, paidRoute(consumer))
    terminal.document({ channelId, ...refund })
    terminal.line(
      `${formatCredit(refund.amount)} came back  (transaction ${shortHex(refund.transactionHash)})`,
    )
    return
  }
  const { record, state } = await client.get(channelId)
  const maturesAt = state.withdrawal.requestedAt + record.config.withdrawDelay
  if (state.withdrawal.amount > 0n && maturesAt * 1000 <= Date.now()) {
    const { transactionHash } = await client.finalizeWithdraw(channelId)
    terminal.document({ channelId, transactionHash, finalized: true })
    return terminal.line(`Withdrawn  (transaction ${shortHex(transactionHash)})`)
  }
  if (state.withdrawal.amount > 0n)
    throw cliError(
      'REFUSED',
      `The withdrawal matures at ${isoTime(maturesAt)}: close it again then`,
    )
  const requested = await client.requestWithdraw(channelId)
  terminal.document({
    channelId,
    transactionHash: requested.transactionHash,
    maturesAt: requested.maturesAt,
  })
  terminal.line(
    `Withdrawal requested: run this again after ${isoTime(requested.maturesAt)} to finish it`,
  )
}

function toDocument({ record, state }: OwnChannel) {
  const { channelId, chainId, config, charged, signed } = record
  return toReceiptJson({
    channelId,
    chainId,
    config,
    charged,
    signed,
    ...state,
    state: stateOf({ record, state }),
  })
}

function stateOf({ record, state }: OwnChannel): string {
  if (state.withdrawal.amount > 0n) return 'withdrawing'
  if (state.balance === state.totalClaimed) return 'empty'
  const expiresAt = state.session?.expiresAt ?? record.expiresAt
  return expiresAt * 1000 <= Date.now() ? 'expired' : `to ${isoTime(expiresAt)}`
}

export function isoTime(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')}Z`
}
