import { CodedError, type Hex } from '@quoin/kernel'
import { encodeBody, type PowBlock } from '../block.ts'
import type { Taken } from '../engine/intake.ts'
import type { RefusedFork } from '../engine/interface.ts'
import type { PowErrorCode } from '../errors.ts'
import type { SealedHeader } from '../header.ts'
import { type Court, checkHeader } from '../judgement.ts'
import type { BlockTree } from '../tree/block-tree.ts'
import type { Link } from '../tree/link.ts'
import { answerBytes, locatorOf } from './answer.ts'
import {
  decodeBodies,
  decodeHeadAnswer,
  decodeHeaders,
  mostBodies,
  mostHeaders,
  type Question,
} from './questions.ts'

/** Headers that wait in memory until they are heavier than our chain; a fork may be this long. */
const mostWaitingHeaders = 16_384

export interface FetchOptions extends Court {
  tree: BlockTree
  /** One question to the peer. */
  ask(question: Question): Promise<Uint8Array>
  /** Work done and time come. @throws CodedError `INVALID_BLOCK` */
  checkWork(sealed: SealedHeader): void
  take(block: PowBlock): Promise<Taken>
  refuseFork(fork: RefusedFork): void
  /** Whether others have waited long enough for their turn. */
  isTimeUp(): boolean
  signal: AbortSignal
}

/** Headers that are not yet heavier than our chain, and the stored block below them. */
interface Waiting {
  base: Link
  links: Link[]
}

/**
 * Takes a peer's chain when it is heavier than ours: headers first, each checked with its work, and bodies
 * only once the headers outweigh our head. What a peer says of its weight only makes us look. Gives the
 * number of blocks taken.
 * @throws CodedError `INVALID_BLOCK`, `INVALID_ENCODING`, `INVALID_MESSAGE` (the peer is bad), `PEER_FAILED`
 */
export async function fetchChain(options: FetchOptions): Promise<number> {
  const { tree, ask, judgement } = options
  const head = decodeHeadAnswer(await ask({ type: 'head' }))
  if (head.totalWork <= tree.head.totalWork) return 0
  let waiting: Waiting = { base: tree.head, links: [] }
  let taken = 0
  while (!options.isTimeUp()) {
    const tip = waiting.links.at(-1)
    const locator = tip ? [tip.id, ...locatorOf(tree)] : locatorOf(tree)
    const headers = decodeHeaders(await ask({ type: 'headers', locator }))
    waiting = append(headers, waiting, options)
    const { base, links } = waiting
    const end = links.at(-1)
    if (end && judgement.isBetter(end, tree.head)) {
      if (judgement.isBelowFinal(base, tree.finalizedHeight)) {
        options.refuseFork({ ...end, forkHeight: base.height })
        return taken
      }
      taken += await fetchBodies(links, options)
      waiting = { base: end, links: [] }
    }
    if (headers.length < mostHeaders) return checkKept(taken, waiting)
    if (waiting.links.length > mostWaitingHeaders)
      throw failed(`${waiting.links.length} headers are not heavier than our chain`)
  }
  return taken
}

/** @throws CodedError `INVALID_BLOCK`, `INVALID_MESSAGE` */
function append(
  headers: readonly SealedHeader[],
  waiting: Waiting,
  { tree, checkWork, ...court }: FetchOptions,
): Waiting {
  const [first] = headers
  if (!first) return waiting
  const tip = waiting.links.at(-1)
  const isNext = tip?.id === first.header.parentId
  const parent = isNext ? tip : tree.link(first.header.parentId)
  if (!parent)
    throw new CodedError<PowErrorCode>('INVALID_MESSAGE', 'Headers that stand on nothing we named')
  let last = parent
  const added = headers.map((sealed) => {
    if (tree.isInvalid(sealed.id)) throw failed(`Its block ${sealed.header.height} cannot be run`)
    checkHeader(sealed, last, court)
    checkWork(sealed)
    last = court.judgement.linkOn(last, sealed, court.rules)
    return last
  })
  if (isNext) return { base: waiting.base, links: [...waiting.links, ...added] }
  return { base: parent, links: added }
}

async function fetchBodies(links: readonly Link[], options: FetchOptions): Promise<number> {
  const { tree, ask, signal } = options
  const first = links.findIndex(({ id }) => tree.link(id) === null)
  let missing = first < 0 ? [] : links.slice(first)
  let count = 0
  while (missing.length > 0 && !options.isTimeUp()) {
    signal.throwIfAborted()
    const ids: Hex[] = missing.slice(0, mostBodies).map(({ id }) => id)
    const bodies = decodeBodies(await ask({ type: 'bodies', ids }))
    let size = 0
    for (const [index, body] of bodies.entries()) {
      const sealed = missing[index]?.sealed
      if (sealed) await takeFetched({ ...sealed, ...body }, options)
      size += encodeBody(body).length
    }
    count += bodies.length
    // An answer may end where it is full, but one that drips would keep others from their turn.
    if (bodies.length < ids.length && size < answerBytes / 8)
      throw failed('It has headers without their bodies')
    missing = missing.slice(bodies.length)
  }
  return count
}

async function takeFetched(block: PowBlock, { take }: FetchOptions): Promise<void> {
  const { outcome } = await take(block)
  if (outcome === 'stored' || outcome === 'known') return
  throw failed(`Its block ${block.header.height} is of no use: ${outcome}`)
}

function checkKept(taken: number, waiting: Waiting): number {
  if (taken > 0 || waiting.links.length === 0) return taken
  throw failed('It named a head with more work than its chain has')
}

function failed(why: string): CodedError<PowErrorCode> {
  return new CodedError('PEER_FAILED', why)
}
