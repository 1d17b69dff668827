import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { bytesToHex, type Hex, hexToBytes, Scope } from '@quoin/kernel'
import { createLedger, type Ledger } from '@quoin/ledger'
import { developmentAccount } from '@quoin/node'
import type { LocalAccount } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { KeystoreFolder } from '../accounts/keystore-folder.ts'
import { readPassword } from '../accounts/password.ts'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import type { Settings } from '../settings/settings.ts'
import { ChannelFolder } from './channel-folder.ts'
import { findNode, findRpcUrl } from './endpoints.ts'
import { type Info, NodeClient } from './node-client.ts'
import { openLedger } from './open-ledger.ts'
import { ReceiptFolder } from './receipt-folder.ts'

/** Who pays from this command line, with what it keeps between calls. */
export interface Consumer extends AsyncDisposable {
  settings: Settings
  account: LocalAccount
  isDevelopment: boolean
  node: NodeClient
  info: Info
  /** Writes from the account. */
  ledger: Ledger
  channels: ChannelFolder
  receipts: ReceiptFolder
}

/** Who pays, where the chain is enough and no gateway is needed. */
export async function openPayer(
  context: Context,
): Promise<Pick<Consumer, 'account' | 'ledger'> & AsyncDisposable> {
  const { values: settings } = await context.settings()
  const rpcUrl = await findRpcUrl(settings)
  const account = await openAccount(context, settings)
  const ledger = await openLedger(rpcUrl, account)
  return { account, ledger, [Symbol.asyncDispose]: () => ledger[Symbol.asyncDispose]() }
}

export async function openConsumer(context: Context): Promise<Consumer> {
  const { values: settings } = await context.settings()
  const { gatewayUrl, rpcUrl } = await findNode(settings)
  const node = new NodeClient(gatewayUrl, context.signal)
  const info = await node.info()
  const account = await openAccount(context, settings)
  const scope = new Scope()
  const ledger = scope.own(createLedger({ rpcUrl, chainId: info.chainId, account }))
  return {
    settings,
    account,
    isDevelopment: isDevelopmentAccount(settings),
    node,
    info,
    ledger,
    ...consumerFolders(settings.dataDir),
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  }
}

export function consumerFolders(dataDir: string) {
  return {
    channels: new ChannelFolder(join(dataDir, 'client', 'channels')),
    receipts: new ReceiptFolder(join(dataDir, 'client', 'receipts')),
  }
}

export function accountsOf(dataDir: string): KeystoreFolder {
  return new KeystoreFolder(join(dataDir, 'keystore'))
}

/** The account named by --account; without one, the development account whose key everybody knows. */
async function openAccount(context: Context, settings: Settings): Promise<LocalAccount> {
  return privateKeyToAccount(bytesToHex(await openKey(context, settings)))
}

/** The private key of the account that pays: what was sealed to it is opened with it. */
export async function openAccountKey(context: Context, name?: string): Promise<Uint8Array> {
  const { values } = await context.settings()
  return openKey(context, name === undefined ? values : { ...values, account: name })
}

async function openKey(context: Context, settings: Settings): Promise<Uint8Array> {
  const { account: name } = settings
  if (name === undefined || isDevelopmentAccount(settings))
    return hexToBytes(developmentAccount.privateKey)
  if (name === 'node') return openNodeKey(context, settings.dataDir)
  const accounts = accountsOf(settings.dataDir)
  const entry = await accounts.find(name)
  const { terminal, env } = context
  const password = await readPassword(
    { terminal, env, passwordFile: settings.passwordFile },
    { message: `Password of ${entry.name}`, isNew: false },
  )
  return accounts.open(entry, password)
}

/** The account of the node of the data folder: what it sells is its own, and what it buys it may use. */
async function openNodeKey({ env }: Context, dataDir: string): Promise<Uint8Array> {
  if (!existsSync(join(dataDir, 'keys', 'provider.json')))
    throw cliError(
      'ACCOUNT_UNKNOWN',
      `There is no node in ${dataDir}: --account node is its account`,
    )
  const { openNodeKeys } = await import('@quoin/node/setup')
  return (await openNodeKeys(dataDir, env.QUOIN_NODE_PASSWORD)).provider
}

function isDevelopmentAccount({ account }: Settings): boolean {
  return account === undefined || account === 'development'
}

export function toHex32(text: string): Hex | null {
  return /^0x[0-9a-fA-F]{64}$/.test(text) ? `0x${text.slice(2).toLowerCase()}` : null
}
