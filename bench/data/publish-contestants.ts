import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type BlobStore,
  createContentKey,
  createMemoryStore,
  openFolderStore,
  openPins,
  publish,
} from '@quoin/artifacts'
import { importer } from 'ipfs-unixfs-importer'
import type { CID } from 'multiformats/cid'

/** Each takes the file at `path` once and may write under `folder`; gives what it computed. */
export type Contestant = (path: string, folder: string) => Promise<string>

const read = (path: string) => createReadStream(path, { highWaterMark: 1_048_576 })
const discard = async () => {}

export const contestants = {
  'sha256 alone': async (path) => {
    const hash = createHash('sha256')
    for await (const piece of read(path)) hash.update(piece)
    return hash.digest('hex')
  },
  'sha256 + AES-256-GCM alone': (path) => encryptAndHash(path, discard),
  'ipfs-unixfs-importer alone': async (path) => {
    const blackHole = { put: async (cid: CID) => cid }
    const source = [{ content: read(path) }]
    const results = await Array.fromAsync(
      importer(source, blackHole, { profile: 'unixfs-v1-2025' }),
    )
    return String(results.at(-1)?.cid)
  },
  'published plain, blocks thrown away': (path, folder) =>
    publishTo(blackHole(), { path, folder, isEncrypted: false }),
  'published encrypted, blocks thrown away': (path, folder) =>
    publishTo(blackHole(), { path, folder, isEncrypted: true }),
  'sha256, one file written': async (path, folder) => {
    const hash = createHash('sha256')
    await writing(folder, async (write) => {
      for await (const piece of read(path)) {
        hash.update(piece)
        await write(piece)
      }
    })
    return hash.digest('hex')
  },
  'sha256 + AES-GCM, one file written': async (path, folder) => {
    let digest = ''
    await writing(folder, async (write) => {
      digest = await encryptAndHash(path, write)
    })
    return digest
  },
  'published plain to the folder store': async (path, folder) =>
    publishTo(await openFolderStore(folder), { path, folder, isEncrypted: false }),
  'published encrypted to the folder store': async (path, folder) =>
    publishTo(await openFolderStore(folder), { path, folder, isEncrypted: true }),
} satisfies Record<string, Contestant>

export type ContestantName = keyof typeof contestants

export function isContestant(name: string): name is ContestantName {
  return Object.hasOwn(contestants, name)
}

async function encryptAndHash(
  path: string,
  write: (piece: Uint8Array) => Promise<void>,
): Promise<string> {
  const cipher = createCipheriv('aes-256-gcm', randomBytes(32), randomBytes(12))
  const hash = createHash('sha256')
  for await (const piece of read(path)) {
    const sealed = cipher.update(piece)
    hash.update(sealed)
    await write(sealed)
  }
  cipher.final()
  return hash.update(cipher.getAuthTag()).digest('hex')
}

type Publication = { path: string; folder: string; isEncrypted: boolean }

async function publishTo(
  store: BlobStore,
  { path, folder, isEncrypted }: Publication,
): Promise<string> {
  const pins = await openPins(join(folder, 'pinning'))
  const key = isEncrypted ? { contentKey: createContentKey() } : {}
  return (await publish(path, { store, pins, ...key })).root.toString()
}

/** Keeps the few nodes, which are looked at before pinning, and no leaf. */
function blackHole(): BlobStore {
  const store = createMemoryStore()
  return {
    ...store,
    put: async (block) => (block.cid.code === 0x70 ? store.put(block) : undefined),
    has: async () => true,
  }
}

async function writing(
  folder: string,
  act: (write: (piece: Uint8Array) => Promise<void>) => Promise<void>,
): Promise<void> {
  await using file = await open(join(folder, 'out'), 'w')
  await act(async (piece) => file.writeFile(piece))
  await file.sync()
}
