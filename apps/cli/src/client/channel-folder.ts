import { randomBytes, randomUUID } from 'node:crypto'
import { link, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { bytesToHex, type Hex, hexToBytes } from '@quoin/kernel'
import { decryptKeystore, encryptKeystore, Keystore } from '@quoin/keys'
import { AtomicAmount, Bytes32, ChannelConfig, Uint256Text } from '@quoin/protocol'
import type { ChannelRecord, ChannelStore } from '@quoin/sdk'
import { z } from 'zod'

const amount = AtomicAmount.transform(BigInt)
const counter = Uint256Text.transform(BigInt)

const ChannelFile = z.object({
  channelId: Bytes32,
  chainId: z.number().int().positive(),
  config: ChannelConfig,
  sessionKey: Keystore,
  session: z.object({ capAtomic: amount, expiresAt: z.number() }).nullable(),
  expiresAt: z.number(),
  deposited: amount,
  charged: amount,
  signed: amount,
  used: z.array(amount),
  lastReceipt: z.object({ sequence: counter, cumulative: amount }).nullable(),
})

/**
 * Channels in one folder, a file each. Session keys are in keystores inside, under a random password that only
 * the owner of the folder can read: what they can spend is capped and expires.
 */
export class ChannelFolder implements ChannelStore {
  readonly #folder: string
  /** By session key, so that each is encrypted once. */
  readonly #keystores = new Map<Hex, Keystore>()

  constructor(folder: string) {
    this.#folder = folder
  }

  async list(): Promise<ChannelRecord[]> {
    const records: ChannelRecord[] = []
    for (const file of await this.#files()) {
      const text = await readFile(join(this.#folder, file), 'utf8')
      const { sessionKey: keystore, ...rest } = ChannelFile.parse(JSON.parse(text))
      const sessionKey = bytesToHex(await decryptKeystore(keystore, await this.#password()))
      this.#keystores.set(sessionKey, keystore)
      records.push({ ...rest, sessionKey })
    }
    return records
  }

  async save(record: ChannelRecord): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const sessionKey = await this.#keystoreOf(record.sessionKey)
    await writeWhole(this.#pathOf(record.channelId), toText({ ...record, sessionKey }))
  }

  async remove(channelId: Hex): Promise<void> {
    await rm(this.#pathOf(channelId), { force: true })
  }

  async #files(): Promise<string[]> {
    try {
      const names = await readdir(this.#folder)
      return names.filter((name) => /^0x[0-9a-f]{64}\.json$/.test(name)).sort()
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
      throw error
    }
  }

  #pathOf(channelId: Hex): string {
    return join(this.#folder, `${channelId}.json`)
  }

  async #keystoreOf(sessionKey: Hex): Promise<Keystore> {
    const known = this.#keystores.get(sessionKey)
    if (known) return known
    // A password of 256 random bits needs no stretching.
    const made = await encryptKeystore(hexToBytes(sessionKey), await this.#password(), {
      n: 1 << 12,
    })
    this.#keystores.set(sessionKey, made)
    return made
  }

  async #password(): Promise<string> {
    const path = join(this.#folder, 'password')
    try {
      return await readFile(path, 'utf8')
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    }
    const temporary = `${path}.${randomUUID()}.new`
    await writeWhole(temporary, randomBytes(32).toString('base64url'))
    // Two commands that start at once must agree on one password: the first link stays.
    await link(temporary, path).catch(ignoreExisting)
    await rm(temporary)
    return readFile(path, 'utf8')
  }
}

function ignoreExisting(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
}

function toText(value: unknown): string {
  const json = JSON.stringify(
    value,
    (_, member) => (typeof member === 'bigint' ? member.toString() : member),
    2,
  )
  return `${json}\n`
}

/** The new file or the old one, never a part. */
async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}.new`
  {
    await using file = await open(temporary, 'w', 0o600)
    await file.writeFile(text)
    await file.sync()
  }
  await rename(temporary, path)
}
