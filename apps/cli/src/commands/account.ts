import { readFile } from 'node:fs/promises'
import { CodedError, hexToBytes } from '@quoin/kernel'
import { createPrivateKey, decryptKeystore, isPrivateKey } from '@quoin/keys'
import { createLedger } from '@quoin/ledger'
import { developmentAccount } from '@quoin/node'
import { readPassword } from '../accounts/password.ts'
import { readBalances } from '../client/balances.ts'
import { accountsOf } from '../client/consumer.ts'
import { findRpcUrl } from '../client/endpoints.ts'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { accountLines } from '../output/accounts.ts'
import { renderFacts } from '../output/table.ts'

export async function createAccount(context: Context, options: { name: string }): Promise<void> {
  await addAccount(context, options.name, createPrivateKey())
}

/** The key comes from a file: a v3 keystore of any tool, or 64 hexadecimal digits. */
export async function importAccount(
  context: Context,
  options: { file: string; name: string; keystorePasswordFile?: string },
): Promise<void> {
  const text = (await readFile(options.file, 'utf8')).trim()
  const key = text.startsWith('{')
    ? await openForeign(context, text, options)
    : parsePrivateKey(text, options.file)
  await addAccount(context, options.name, key)
}

async function addAccount(context: Context, name: string, key: Uint8Array): Promise<void> {
  const { values: settings } = await context.settings()
  const { terminal, env } = context
  const password = await readPassword(
    { terminal, env, passwordFile: settings.passwordFile },
    { message: `Password for ${name}`, isNew: true },
  )
  const entry = await accountsOf(settings.dataDir).add(name, key, password)
  terminal.document(entry)
  for (const line of renderFacts([
    ['Account', entry.name],
    ['Address', entry.address],
    ['Keystore', entry.path],
  ]))
    terminal.line(line)
}

async function openForeign(
  context: Context,
  text: string,
  { file, keystorePasswordFile }: { file: string; keystorePasswordFile?: string },
): Promise<Uint8Array> {
  const password = await readPassword(
    { terminal: context.terminal, env: {}, passwordFile: keystorePasswordFile },
    { message: `Password of ${file}`, isNew: false },
  )
  try {
    return await decryptKeystore(JSON.parse(text), password)
  } catch (cause) {
    if (cause instanceof CodedError)
      throw new CodedError(cause.code, `${file}: ${cause.message}`, { cause })
    throw cliError('USAGE', `${file} is neither a keystore nor a private key`, { cause })
  }
}

function parsePrivateKey(text: string, file: string): Uint8Array {
  const digits = text.startsWith('0x') ? text : `0x${text}`
  const key = /^0x[0-9a-fA-F]{64}$/.test(digits) ? hexToBytes(digits) : null
  if (key && isPrivateKey(key)) return key
  throw cliError(
    'USAGE',
    `${file} is neither a keystore nor a private key of 64 hexadecimal digits`,
  )
}

export async function listAccounts(context: Context): Promise<void> {
  const { values: settings } = await context.settings()
  const own = await accountsOf(settings.dataDir).list()
  const development = { name: 'development', address: developmentAccount.address, path: null }
  const rpcUrl = await findRpcUrl(settings)
  const accounts = await Promise.all(
    [development, ...own].map(async (account) => ({
      ...account,
      ...(await balancesOf(account, rpcUrl)),
    })),
  )
  const { terminal } = context
  terminal.document({ accounts })
  for (const line of accountLines(accounts, terminal)) terminal.line(line)
  terminal.line()
  terminal.line('The development account has a public key: nothing on it is safe.')
}

/** Nulls when no chain answers: a list of accounts needs none. */
async function balancesOf(account: { address: `0x${string}` }, rpcUrl: string) {
  await using ledger = createLedger({ rpcUrl })
  try {
    return await readBalances(ledger, account.address)
  } catch {
    return { credits: null, coins: null }
  }
}
