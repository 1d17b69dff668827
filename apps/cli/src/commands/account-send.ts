import { CodedError, type Hex } from '@quoin/kernel'
import type { Ledger, Mined } from '@quoin/ledger'
import { readBalances } from '../client/balances.ts'
import { openPayer } from '../client/consumer.ts'
import { findParty, nameOf, type Party } from '../client/party.ts'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { accountLines } from '../output/accounts.ts'
import { formatCoin, formatCredit } from '../output/amounts.ts'
import { patiently } from '../output/patience.ts'
import { renderFacts } from '../output/table.ts'

export interface SendOptions {
  /** An address, or the name of an account here. */
  to: string
  /** Atomic units; zero sends coins only. */
  credits: bigint
  /** Wei; zero sends Credits only. */
  coins: bigint
}

/** Moves Credits, and coins for gas, from the paying account to another. */
export async function sendFromAccount(context: Context, options: SendOptions): Promise<void> {
  const { credits, coins } = options
  if (credits === 0n && coins === 0n)
    throw cliError('USAGE', 'There is nothing to send: give Credits above zero, or --coins')
  const { values: settings } = await context.settings()
  const to = await findParty(options.to, settings.dataDir)
  await using payer = await openPayer(context)
  const { ledger, account } = payer
  const address: Hex = `0x${account.address.slice(2).toLowerCase()}`
  const from = { name: await nameOf(address, settings.dataDir), address }
  await assertOwned(ledger, { ...from, credits, coins })
  context.signal.throwIfAborted()
  context.terminal.progress(`Sending to ${to.name ?? to.address} …`)
  const transactions = await patiently(
    context.terminal,
    sendBoth(ledger, { to: to.address, credits, coins }),
  )
  const [ofSender, ofReceiver] = await Promise.all([
    readBalances(ledger, from.address),
    readBalances(ledger, to.address),
  ])
  const [sender, receiver] = [
    { ...from, ...ofSender },
    { ...to, ...ofReceiver },
  ]
  const { terminal } = context
  terminal.document({ sent: { credits, coins }, transactions, from: sender, to: receiver })
  const facts = transactions.map(({ doing, hash }): [string, string] => [`Sent ${doing}`, hash])
  for (const line of renderFacts(facts)) terminal.line(line)
  terminal.line()
  for (const line of accountLines([sender, receiver], terminal)) terminal.line(line)
}

/**
 * Looks before anything leaves, so that Credits do not go without the coins that were to go with them.
 * @throws CodedError `FUNDS_TOO_LOW`
 */
async function assertOwned(
  ledger: Ledger,
  { name, address, credits, coins }: Party & { credits: bigint; coins: bigint },
): Promise<void> {
  const owned = await readBalances(ledger, address)
  const lacks: string[] = []
  if (owned.credits < credits)
    lacks.push(`${formatCredit(owned.credits)} of the ${formatCredit(credits)} to send`)
  if (owned.coins <= coins) {
    const needed =
      coins === 0n ? 'coins for gas' : `${formatCoin(coins, 18)} coins to send, and gas`
    lacks.push(`${formatCoin(owned.coins, 18)} of the ${needed}`)
  }
  if (lacks.length === 0) return
  const message = `${name ?? address} owns ${lacks.join(', and ')}: nothing was sent`
  throw cliError('FUNDS_TOO_LOW', message)
}

const oneCoin = 10n ** 18n

interface Sent {
  /** What went: `5 QCR`. */
  doing: string
  hash: Hex
  feeWei: bigint
}

/** Each is waited for once it left: a transfer cannot be called back. */
async function sendBoth(
  ledger: Ledger,
  { to, credits, coins }: { to: Hex; credits: bigint; coins: bigint },
): Promise<Sent[]> {
  const sent: Sent[] = []
  if (credits > 0n)
    sent.push(toSent(formatCredit(credits), await ledger.credit.transfer(to, credits)))
  if (coins === 0n) return sent
  const doing = `${formatCoin(coins, 18)} ${coins === oneCoin ? 'coin' : 'coins'}`
  try {
    return [...sent, toSent(doing, await ledger.transferNative(to, coins))]
  } catch (cause) {
    const [first] = sent
    if (!(cause instanceof CodedError) || !first) throw cause
    const { code, message, detail } = cause
    const soFar = `${first.doing} went (transaction ${first.hash}), the ${doing} did not`
    throw new CodedError(code, `${soFar}: ${message}`, { detail, cause })
  }
}

function toSent(doing: string, { transactionHash: hash, feeWei }: Mined): Sent {
  return { doing, hash, feeWei }
}
