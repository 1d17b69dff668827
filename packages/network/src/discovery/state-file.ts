import { readFile, rename, writeFile } from 'node:fs/promises'
import { bytesToHex, type Hex, hexToBytes, type Logger } from '@quoin/kernel'
import type { Reputation } from '../admission/reputation.ts'
import type { AddressBook } from './address-book.ts'
import { openRecord, type PeerRecord } from './peer-record.ts'

const maxFileBytes = 8_388_608

export interface StateFileOptions {
  readonly path: string
  readonly chain: Hex
  readonly book: AddressBook
  readonly reputation: Reputation
  readonly logger: Logger
}

/** Fills the address book and the bans from a file; one that is missing or damaged is like an empty one. */
export async function loadState(options: StateFileOptions): Promise<readonly PeerRecord[]> {
  const { path, chain, book, reputation, logger } = options
  const found: PeerRecord[] = []
  try {
    const text = await readFile(path, 'utf8')
    if (text.length > maxFileBytes) throw new Error('The file is too large.')
    const state = parseState(JSON.parse(text))
    for (const [peer, until] of state.bans) reputation.ban(peer, until)
    for (const { record, linkedAt } of state.peers) {
      const opened = await openRecord(hexToBytes(record), chain)
      if (book.add(opened, linkedAt)) found.push(opened)
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT'))
      logger.warn({ path, error }, 'The file of known peers is unreadable and begins anew')
  }
  return found
}

/** Writes a new file beside the old one and puts it in its place. */
export async function saveState({ path, book, reputation }: StateFileOptions): Promise<void> {
  const peers = book
    .records()
    .map(({ record, linkedAt }) => ({ record: bytesToHex(record.bytes), linkedAt }))
  const text = JSON.stringify({ version: 1, peers, bans: [...reputation.bans] })
  await writeFile(`${path}.new`, text, { mode: 0o600 })
  await rename(`${path}.new`, path)
}

function parseState(value: unknown) {
  const { peers, bans } = fields(value)
  if (!Array.isArray(peers) || !Array.isArray(bans)) throw new Error('Fields are missing.')
  return {
    peers: peers.map((entry) => {
      const { record, linkedAt } = fields(entry)
      if (typeof record !== 'string' || typeof linkedAt !== 'number')
        throw new Error('A peer is malformed.')
      return { record, linkedAt }
    }),
    bans: bans.map((entry): [string, number] => {
      const [peer, until] = Array.isArray(entry) ? entry : []
      if (typeof peer !== 'string' || typeof until !== 'number')
        throw new Error('A ban is malformed.')
      return [peer, until]
    }),
  }
}

function fields(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new Error('An object is missing.')
  return { ...value }
}
