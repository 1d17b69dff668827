/** A word piece and its log probability; the published vocabulary has null for some, meaning 0. */
export type ScoredPiece = readonly [piece: string, score: number | null]

export interface Tokenizer {
  encode(text: string): number[]
}

/** The unknown piece, control pieces and spare ones: never produced by matching text. */
const reservedPieces = 6

/**
 * SentencePiece's unigram model: of all ways to cut the text into pieces, the one with the highest
 * sum of scores (Viterbi). Follows the tokenizer that Universal Sentence Encoder lite was published
 * with (tfjs-models, Apache-2.0) to the letter, ties and unknown characters included: an unknown
 * character is one piece with score 0 and id 0, runs of them collapse into one.
 * Only additions and comparisons of doubles, hence the same everywhere.
 */
export function createUnigramTokenizer(vocabulary: readonly ScoredPiece[]): Tokenizer {
  const ids = new Map<string, number>()
  let longest = 1
  for (let id = reservedPieces; id < vocabulary.length; id++) {
    const piece = vocabulary[id]?.[0] ?? ''
    ids.set(piece, id)
    longest = Math.max(longest, [...piece].length)
  }
  return {
    encode(text) {
      const symbols = [...normalize(text)]
      return collapseUnknown(backtrack(bestPieces(symbols, { vocabulary, ids, longest })))
    },
  }
}

interface Pieces {
  vocabulary: readonly ScoredPiece[]
  ids: ReadonlyMap<string, number>
  longest: number
}

/** For each end position: the piece that the best cut has there. */
interface BestPiece {
  id: number
  start: number
}

function normalize(text: string): string {
  const composed = text.normalize('NFKC')
  return composed === '' ? '' : `\u2581${composed.replaceAll(' ', '\u2581')}`
}

function bestPieces(symbols: readonly string[], pieces: Pieces): BestPiece[] {
  const scores = new Float64Array(symbols.length + 1)
  // A position that no piece ends at counts as an unknown character, as in the original.
  const best = Array.from(
    { length: symbols.length + 1 },
    (_, end): BestPiece => ({
      id: 0,
      start: end - 1,
    }),
  )
  // Forward over starts: each end sees its candidates in the order of their starts, and a later
  // equal one wins; a score of exactly 0 means "none yet", as in the original.
  for (let start = 0; start < symbols.length; start++) {
    for (const { id, end, score } of matchesAt(symbols, start, pieces)) {
      const total = score + (scores[start] ?? 0)
      const current = scores[end] ?? 0
      if (current !== 0 && total < current) continue
      scores[end] = total
      best[end] = { id, start }
    }
  }
  return best
}

function* matchesAt(symbols: readonly string[], start: number, pieces: Pieces) {
  let text = ''
  let found = false
  const last = Math.min(symbols.length, start + pieces.longest)
  for (let end = start + 1; end <= last; end++) {
    text += symbols[end - 1]
    const id = pieces.ids.get(text)
    if (id === undefined) continue
    found = true
    yield { id, end, score: pieces.vocabulary[id]?.[1] ?? 0 }
  }
  if (!found) yield { id: 0, end: start + 1, score: 0 }
}

function backtrack(best: readonly BestPiece[]): number[] {
  const ids: number[] = []
  for (let end = best.length - 1; end > 0; ) {
    const piece = best[end]
    if (piece === undefined) break
    ids.push(piece.id)
    end = piece.start
  }
  return ids.reverse()
}

function collapseUnknown(ids: readonly number[]): number[] {
  return ids.filter((id, index) => id !== 0 || ids[index - 1] !== 0)
}
