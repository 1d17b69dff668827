import type { CID } from 'multiformats/cid'
import { owned } from '../dag/owned.ts'
import { ArtifactError } from '../errors.ts'
import { type ByteRange, fileSize, type ReadOptions, readFile } from '../reading/read-file.ts'
import type { BlockReader, CallOptions } from '../store/blob-store.ts'
import { importKey } from './gcm.ts'
import {
  capacityOf,
  decodeHeader,
  decryptedSize,
  deriveFileKey,
  type Header,
  headerBytes,
  nonceOf,
  segmentBytes,
} from './segments.ts'

/** An encrypted file of which any range can be read; only the blocks that hold it are. */
export type EncryptedFile = {
  readonly sizeBytes: number
  /** @throws ArtifactError `INVALID_RANGE`, `DECRYPTION_FAILED` naming the segment, and those of readFile */
  read(options?: ReadOptions): AsyncGenerator<Uint8Array>
}

/**
 * Opens the encrypted file with the CID `root`. Its size is known from the CID; that the key is the right
 * one shows with the first segment read.
 * @throws ArtifactError `INVALID_KEY`, `DECRYPTION_FAILED`, and those of readFile
 */
export async function openEncryptedFile(
  root: CID,
  blocks: BlockReader,
  { contentKey, signal }: CallOptions & { contentKey: Uint8Array },
): Promise<EncryptedFile> {
  const ciphertextBytes = await fileSize(root, blocks, { signal })
  const sizeBytes = decryptedSize(ciphertextBytes)
  const range = { start: 0, end: headerBytes }
  const header = decodeHeader(await gather(readFile(root, blocks, { range, signal })))
  const key = await importKey(deriveFileKey(contentKey, header), 'decrypt')
  const lastIndex = Math.ceil(ciphertextBytes / segmentBytes) - 1
  const opener: Opener = { key, header, lastIndex }
  return {
    sizeBytes,
    read({ range: wanted = { start: 0 }, signal: until } = {}) {
      const end = wanted.end ?? sizeBytes
      checkRange({ start: wanted.start, end }, sizeBytes)
      const plain = { start: wanted.start, end }
      const span = segmentsOf(plain, opener)
      const ciphertext = readFile(root, blocks, {
        range: {
          start: span.first === 0 ? headerBytes : span.first * segmentBytes,
          end: Math.min(ciphertextBytes, (span.last + 1) * segmentBytes),
        },
        signal: until,
      })
      return decryptSegments(ciphertext, { opener, index: span.first, plain })
    },
  }
}

/**
 * Decrypts a whole ciphertext as it comes from anywhere, its length unknown. What was given out is
 * authentic, but complete only when the stream has ended without an error.
 * @throws ArtifactError `INVALID_KEY`, `DECRYPTION_FAILED` naming the segment
 */
export async function* decryptStream(
  source: AsyncIterable<Uint8Array>,
  contentKey: Uint8Array,
): AsyncGenerator<Uint8Array> {
  const segments = cutSegments(source, 0)
  const first = await segments.next()
  const header = decodeHeader(first.value ?? new Uint8Array(0))
  const key = await importKey(deriveFileKey(contentKey, header), 'decrypt')
  let held = (first.value ?? new Uint8Array(0)).subarray(headerBytes)
  let index = 0
  for await (const next of segments) {
    yield* nonEmpty(await openSegment({ key, header, lastIndex: -1 }, index++, held))
    held = next
  }
  yield* nonEmpty(await openSegment({ key, header, lastIndex: index }, index, held))
}

type Opener = { key: CryptoKey; header: Header; lastIndex: number }

/** Segments opened at once, by the platform's threads. */
const maxOpening = 8

async function* decryptSegments(
  ciphertext: AsyncIterable<Uint8Array>,
  { opener, index, plain }: { opener: Opener; index: number; plain: Required<ByteRange> },
): AsyncGenerator<Uint8Array> {
  const opening: Promise<Uint8Array>[] = []
  let next = index
  let at = plainStart(index)
  const cut = (bytes: Uint8Array): Uint8Array => {
    const wanted = bytes.subarray(Math.max(0, plain.start - at), Math.max(0, plain.end - at))
    at += bytes.length
    return wanted
  }
  try {
    for await (const segment of cutSegments(ciphertext, index === 0 ? headerBytes : 0)) {
      const opened = openSegment(opener, next++, segment)
      opened.catch(() => {}) // it is awaited in its turn
      opening.push(opened)
      const oldest = opening.length >= maxOpening ? opening.shift() : undefined
      if (oldest) yield* nonEmpty(cut(await oldest))
    }
    for (const opened of opening.splice(0)) yield* nonEmpty(cut(await opened))
  } finally {
    await Promise.allSettled(opening)
  }
}

async function openSegment(
  { key, header, lastIndex }: Opener,
  index: number,
  segment: Uint8Array,
): Promise<Uint8Array> {
  const nonce = nonceOf(header, index, index === lastIndex)
  try {
    const parameters = { name: 'AES-GCM', iv: owned(nonce) }
    return new Uint8Array(await crypto.subtle.decrypt(parameters, key, owned(segment)))
  } catch (cause) {
    throw new ArtifactError(
      'DECRYPTION_FAILED',
      `Segment ${index} does not open: the key is not this artifact's, or the data was changed or cut off`,
      { detail: { segment: index }, cause },
    )
  }
}

/** Cuts at multiples of the segment size; `offset` is where in a segment the stream begins. */
async function* cutSegments(
  source: AsyncIterable<Uint8Array>,
  offset: number,
): AsyncGenerator<Uint8Array> {
  let segment = new Uint8Array(segmentBytes - offset)
  let filled = 0
  for await (const piece of source) {
    let rest = piece
    while (rest.length > 0) {
      if (filled === segment.length) {
        yield segment
        segment = new Uint8Array(segmentBytes)
        filled = 0
      }
      const taken = rest.subarray(0, segment.length - filled)
      segment.set(taken, filled)
      filled += taken.length
      rest = rest.subarray(taken.length)
    }
  }
  if (filled > 0) yield segment.subarray(0, filled)
}

function segmentsOf({ start, end }: Required<ByteRange>, { lastIndex }: Opener) {
  const indexOf = (at: number) => Math.floor((at + headerBytes) / capacityOf(1))
  const first = Math.min(indexOf(start), lastIndex)
  return { first, last: Math.max(first, Math.min(indexOf(Math.max(start, end - 1)), lastIndex)) }
}

/** Where the plaintext of a segment begins. */
function plainStart(index: number): number {
  return index === 0 ? 0 : index * capacityOf(1) - headerBytes
}

function checkRange({ start, end }: Required<ByteRange>, sizeBytes: number): void {
  const isValid = Number.isSafeInteger(start) && Number.isSafeInteger(end)
  if (isValid && 0 <= start && start <= end && end <= sizeBytes) return
  throw new ArtifactError(
    'INVALID_RANGE',
    `Bytes ${start} to ${end} are not all in the artifact, which has ${sizeBytes}`,
  )
}

function* nonEmpty(bytes: Uint8Array): Generator<Uint8Array> {
  if (bytes.length > 0) yield bytes
}

async function gather(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: number[] = []
  for await (const piece of pieces) all.push(...piece)
  return Uint8Array.from(all)
}
