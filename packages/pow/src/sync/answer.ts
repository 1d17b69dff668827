import type { Hex } from '@quoin/kernel'
import type { SealedHeader } from '../header.ts'
import type { BlockTree } from '../tree/block-tree.ts'
import type { Link } from '../tree/link.ts'
import {
  decodeQuestion,
  encodeBodies,
  encodeHeadAnswer,
  encodeHeaders,
  mostHeaders,
} from './questions.ts'

/** What bodies of one answer may have together, in bytes, after the first. */
export const answerBytes = 4 << 20

/** Answers another node from what is stored. @throws CodedError for questions that make no sense */
export function answer(bytes: Uint8Array, tree: BlockTree): Uint8Array {
  const question = decodeQuestion(bytes)
  switch (question.type) {
    case 'head':
      return encodeHeadAnswer(tree.head)
    case 'headers':
      return encodeHeaders(headersAfter(question.locator, tree))
    case 'bodies':
      return encodeBodies(bodiesOf(question.ids, tree))
  }
}

function headersAfter(locator: readonly Hex[], tree: BlockTree): SealedHeader[] {
  const known = locator
    .map((id) => tree.link(id))
    .find((link): link is Link => link !== null && tree.isCanonical(link))
  const headers: SealedHeader[] = []
  const first = (known?.height ?? 0) + 1
  for (let height = first; height < first + mostHeaders; height++) {
    const sealed = tree.canonicalAt(height)?.sealed
    if (!sealed) break
    headers.push(sealed)
  }
  return headers
}

/** As many as fit, in the order asked; ends at the first that is not there. */
function bodiesOf(ids: readonly Hex[], tree: BlockTree): Uint8Array[] {
  const bodies: Uint8Array[] = []
  let size = 0
  for (const id of ids) {
    const body = tree.encodedBody(id)
    if (!body) break
    size += body.length
    if (bodies.length > 0 && size > answerBytes) break
    bodies.push(body)
  }
  return bodies
}

/** Ids of the canonical chain: the last ten, then ever further apart, down to the genesis. */
export function locatorOf(tree: BlockTree): Hex[] {
  const ids: Hex[] = []
  let step = 1
  for (let height = tree.head.height; height > 0; height -= step) {
    const link = tree.canonicalAt(height)
    if (link) ids.push(link.id)
    if (ids.length >= 10) step *= 2
  }
  return [...ids, tree.genesis.id]
}
