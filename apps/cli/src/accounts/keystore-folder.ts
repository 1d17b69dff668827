import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError, type Hex } from '@quoin/kernel'
import { decryptKeystore, encryptKeystore, Keystore, privateKeyToAddress } from '@quoin/keys'
import { cliError } from '../exit-codes.ts'

export interface AccountEntry {
  name: string
  address: Hex
  path: string
}

const accountName = /^[a-z0-9][a-z0-9_-]{0,63}$/i

/**
 * Accounts as Web3 v3 keystores in one folder, one file each, named after the account. Files are readable by
 * their owner only, and written whole or not at all.
 */
export class KeystoreFolder {
  readonly #folder: string
  readonly #scryptN: number | undefined

  constructor(folder: string, options: { scryptN?: number } = {}) {
    this.#folder = folder
    this.#scryptN = options.scryptN
  }

  async list(): Promise<AccountEntry[]> {
    const entries: AccountEntry[] = []
    for (const file of (await this.#files()).sort()) {
      const keystore = Keystore.safeParse(await this.#read(file))
      if (!keystore.success) continue
      const address: Hex = `0x${keystore.data.address.toLowerCase()}`
      entries.push({
        name: file.slice(0, -'.json'.length),
        address,
        path: join(this.#folder, file),
      })
    }
    return entries
  }

  /** @throws CodedError `ACCOUNT_EXISTS`, `USAGE` for a name that cannot be a file's. */
  async add(name: string, privateKey: Uint8Array, password: string): Promise<AccountEntry> {
    if (!accountName.test(name))
      throw cliError('USAGE', `'${name}' is no account name: use letters, digits, - and _`)
    const address = privateKeyToAddress(privateKey)
    const entries = await this.list()
    const same = entries.find((entry) => entry.name === name || entry.address === address)
    if (same)
      throw cliError(
        'ACCOUNT_EXISTS',
        `The account '${same.name}' (${same.address}) exists already`,
      )
    const options = this.#scryptN === undefined ? {} : { n: this.#scryptN }
    const keystore = await encryptKeystore(privateKey, password, options)
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const path = join(this.#folder, `${name}.json`)
    await writeNew(path, `${JSON.stringify(keystore, null, 2)}\n`)
    return { name, address, path }
  }

  /** By name, or by address in any case. @throws CodedError `ACCOUNT_UNKNOWN` */
  async find(nameOrAddress: string): Promise<AccountEntry> {
    const wanted = nameOrAddress.toLowerCase()
    const entries = await this.list()
    const found = entries.find(({ name, address }) => name === nameOrAddress || address === wanted)
    if (found) return found
    throw cliError('ACCOUNT_UNKNOWN', `There is no account '${nameOrAddress}' in ${this.#folder}`)
  }

  /** The private key. @throws CodedError `WRONG_PASSWORD`, `INVALID_KEYSTORE`, naming the file. */
  async open(entry: AccountEntry, password: string): Promise<Uint8Array> {
    try {
      return await decryptKeystore(JSON.parse(await readFile(entry.path, 'utf8')), password)
    } catch (cause) {
      if (cause instanceof CodedError)
        throw new CodedError(cause.code, `${entry.path}: ${cause.message}`, { cause })
      throw cause
    }
  }

  async #files(): Promise<string[]> {
    try {
      return (await readdir(this.#folder)).filter((file) => file.endsWith('.json'))
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
      throw error
    }
  }

  async #read(file: string): Promise<unknown> {
    try {
      return JSON.parse(await readFile(join(this.#folder, file), 'utf8'))
    } catch {
      return null
    }
  }
}

/** Durable before it has its name, so that a crash leaves no half of a key. */
async function writeNew(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.new`
  try {
    await using file = await open(temporary, 'wx', 0o600)
    await file.writeFile(text)
    await file.sync()
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
