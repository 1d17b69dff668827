import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { registrationDigest } from '@quoin/contracts'
import { possessionDigest } from '@quoin/headers'
import { bytesToHex, type Hex, hexToBytes, Scope } from '@quoin/kernel'
import {
  blsKeyToEvm,
  blsSignatureToEvm,
  deriveBlsKey,
  privateKeyToAddress,
  signatureToBytes,
  signHash,
} from '@quoin/keys'
import type { Ledger } from '@quoin/ledger'
import { developmentAccount } from '@quoin/node'
import { privateKeyToAccount } from 'viem/accounts'
import { readPassword } from '../accounts/password.ts'
import { accountsOf } from '../client/consumer.ts'
import { findRpcUrl } from '../client/endpoints.ts'
import { openLedger } from '../client/open-ledger.ts'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { openStaking, type Staking, stakingContract } from './staking.ts'

/** The chain's Staking contract, and who acts on it. */
export interface Desk extends AsyncDisposable {
  staking: Staking
  ledger: Ledger
  chainId: number
  /** Who sends; null where only reading is wanted. */
  sender: Hex | null
  /** Of the data folder's key; null when it has none. */
  ownValidator: Hex | null
}

/**
 * Opens the chain of the running node, or of --rpc-url. Writes come from --account; without it from the
 * validator key of the data folder, which operates its validator.
 */
export async function openDesk(context: Context, { writes }: { writes: boolean }): Promise<Desk> {
  const { values: settings } = await context.settings()
  const rpcUrl = await findRpcUrl(settings)
  const scope = new Scope()
  try {
    const key = writes ? await openSenderKey(context) : null
    const account = key && privateKeyToAccount(bytesToHex(key))
    const ledger = scope.own(await openLedger(rpcUrl, account ?? undefined))
    return {
      staking: await openStaking(ledger),
      ledger,
      chainId: ledger.chainId,
      sender: key && privateKeyToAddress(key),
      ownValidator: await readOwnValidator(settings.dataDir),
      [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
    }
  } catch (error) {
    await scope[Symbol.asyncDispose]()
    throw error
  }
}

async function openSenderKey(context: Context): Promise<Uint8Array> {
  const { values: settings } = await context.settings()
  const { account: name, dataDir } = settings
  if (name === undefined) return (await openOwnKeys(context)).validator
  if (name === 'development') return hexToBytes(developmentAccount.privateKey)
  const accounts = accountsOf(dataDir)
  const entry = await accounts.find(name)
  const { terminal, env } = context
  const password = await readPassword(
    { terminal, env, passwordFile: settings.passwordFile },
    { message: `Password of ${entry.name}`, isNew: false },
  )
  return accounts.open(entry, password)
}

/** The keys of the data folder, which must be there. @throws CodedError `KEYS_MISSING` */
export async function openOwnKeys(context: Context) {
  const { dataDir } = (await context.settings()).values
  if ((await readOwnValidator(dataDir)) === null)
    throw cliError('KEYS_MISSING', `${join(dataDir, 'keys')} has no validator key`)
  const { openNodeKeys } = await import('@quoin/node/setup')
  return openNodeKeys(dataDir, context.env.QUOIN_NODE_PASSWORD)
}

/** A keystore says its address without being opened. */
async function readOwnValidator(dataDir: string): Promise<Hex | null> {
  try {
    const text = await readFile(join(dataDir, 'keys', 'validator.json'), 'utf8')
    const { address } = JSON.parse(text)
    return /^[0-9a-fA-F]{40}$/.test(address) ? `0x${String(address).toLowerCase()}` : null
  } catch {
    return null
  }
}

/** What `register` takes: both keys' proofs that this operator may register them on this chain. */
export function registrationOf(
  key: Uint8Array,
  { chainId, operator }: { chainId: number; operator: Hex },
) {
  const validator = privateKeyToAddress(key)
  const bls = deriveBlsKey(key)
  const staking = stakingContract.address
  const chain = BigInt(chainId)
  const digest = registrationDigest({
    ...{ chainId: chain, staking, validator, operator },
    blsPublicKey: bls.publicKey,
  })
  const possession = bls.sign(possessionDigest(chain, validator, bls.publicKey))
  return {
    validator,
    blsKey: blsKeyToEvm(bls.publicKey),
    possession: blsSignatureToEvm(possession),
    consent: bytesToHex(signatureToBytes(signHash(hexToBytes(digest), key))),
  }
}
