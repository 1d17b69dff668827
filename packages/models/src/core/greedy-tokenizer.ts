/** Token ids of a text, and the text of token ids. */
export interface TextCodec {
  encode(text: string): number[]
  decode(id: number): string
}

const wordStart = '\u2581'
const unknownId = 0

/**
 * Cuts each word into the longest pieces that the vocabulary has, from the left. Words are what
 * white space separates; a piece that begins a word begins with ▁. Characters that no piece has
 * become the unknown token.
 */
export function createGreedyTokenizer(pieces: readonly string[]): TextCodec {
  const ids = new Map(pieces.map((piece, id) => [piece, id]))
  const longest = pieces.reduce((length, piece) => Math.max(length, [...piece].length), 1)
  return {
    encode(text) {
      const words = text.split(/\s+/).filter((word) => word !== '')
      return words.flatMap((word) => encodeWord([wordStart, ...word], ids, longest))
    },
    decode(id) {
      return (pieces[id] ?? '').replaceAll(wordStart, ' ')
    },
  }
}

function encodeWord(
  symbols: readonly string[],
  ids: ReadonlyMap<string, number>,
  longest: number,
): number[] {
  const encoded: number[] = []
  for (let start = 0; start < symbols.length; ) {
    const end = endOfLongestPiece(symbols, { start, ids, longest })
    encoded.push(ids.get(symbols.slice(start, end).join('')) ?? unknownId)
    start = end
  }
  return encoded
}

interface Place {
  start: number
  ids: ReadonlyMap<string, number>
  longest: number
}

/** One symbol further when no piece matches. */
function endOfLongestPiece(symbols: readonly string[], { start, ids, longest }: Place): number {
  for (let end = Math.min(symbols.length, start + longest); end > start + 1; end--)
    if (ids.has(symbols.slice(start, end).join(''))) return end
  return start + 1
}
