import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type BlobStore,
  createContentKey,
  encryptStream,
  importBytes,
  importPath,
  openFolderStore,
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
  'CID of the plain file': async (path) =>
    (await importPath(path, { write: discard })).cid.toString(),
  'encrypted, its CID': (path) => publishEncrypted(path, discard),
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
  'published plain to the folder store': async (path, folder) => {
    const store = await openFolderStore(folder)
    return (await importPath(path, { write: (block) => store.put(block) })).cid.toString()
  },
  'published encrypted to the folder store': async (path, folder) => {
    const store: BlobStore = await openFolderStore(folder)
    return publishEncrypted(path, (block) => store.put(block))
  },
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

async function publishEncrypted(
  path: string,
  write: (block: { cid: CID; bytes: Uint8Array }) => Promise<void>,
): Promise<string> {
  const { cid } = await importBytes(encryptStream(read(path), createContentKey()), { write })
  return cid.toString()
}

async function writing(
  folder: string,
  act: (write: (piece: Uint8Array) => Promise<void>) => Promise<void>,
): Promise<void> {
  await using file = await open(join(folder, 'out'), 'w')
  await act(async (piece) => file.writeFile(piece))
  await file.sync()
}
