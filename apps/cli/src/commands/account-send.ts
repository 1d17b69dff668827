import { CodedError, type Hex } from '@quoin/kernel'
import type { Ledger, Mined } from '@quoin/ledger'
import { developmentAccount } from '@quoin/node'
import { isAddress } from 'viem'
import { readBalances } from '../client/balances.ts'
import { accountsOf, openPayer } from '../client/consumer.ts'
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
  const to = await findReceiver(options.to, settings.dataDir)
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

interface Party {
  name: string | null
  address: Hex
}

/** @throws CodedError `USAGE` for a mistyped address, `ACCOUNT_UNKNOWN` for a name that is none. */
async function findReceiver(text: string, dataDir: string): Promise<Party> {
  if (/^0x[0-9a-f]{40}$/i.test(text)) {
    if (!isAddress(text))
      throw cliError(
        'USAGE',
        `The checksum of ${text} is wrong (EIP-55), so a character may be: check it, or write the address in lower case`,
      )
    const address: Hex = `0x${text.slice(2).toLowerCase()}`
    return { name: await nameOf(address, dataDir), address }
  }
  const accounts = await accountsOf(dataDir).list()
  const found = [...accounts, development].find(({ name }) => name === text)
  if (found) return { name: found.name, address: found.address }
  if (/^0x/i.test(text))
    throw cliError('USAGE', `${text} is no address: it takes 0x and 40 hexadecimal digits`)
  throw cliError('ACCOUNT_UNKNOWN', `There is no account '${text}' in ${dataDir}/keystore`)
}

const development = { name: 'development', address: developmentAccount.address }

async function nameOf(address: Hex, dataDir: string): Promise<string | null> {
  const accounts = [development, ...(await accountsOf(dataDir).list())]
  return accounts.find((account) => account.address === address)?.name ?? null
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
