import { z } from 'zod/mini'
import type { Tensor } from '../interface.ts'
import type { Backend, Session } from './backend.ts'
import type { Architecture, Embedding, Engine, ModelFiles } from './engine.ts'
import { modelError } from './errors.ts'
import { fileNamed, parseJsonFile } from './files.ts'
import { float32Data, runByRow } from './rows.ts'
import { createUnigramTokenizer, type Tokenizer } from './unigram-tokenizer.ts'

export const useLiteLimits = { maxInputTokens: 128, dimensions: 512, vocabularySize: 8002 }

const padding = -1

/** Universal Sentence Encoder lite: text → 512 numbers of unit length. */
export const useLite: Architecture = {
  version: 1,
  async open(backend, files) {
    const session = await backend.open(fileNamed(files, 'model'))
    return createEmbedder(backend, session, readTokenizer(files))
  },
  createTokenCounter(files) {
    const tokenizer = readTokenizer(files)
    return (text) => tokenizer.encode(text).length
  },
}

const vocabularySchema = z.array(z.tuple([z.string(), z.nullable(z.number())]))

function readTokenizer(files: ModelFiles): Tokenizer {
  return createUnigramTokenizer(parseJsonFile(files, 'vocabulary', vocabularySchema))
}

function createEmbedder(backend: Backend, session: Session, tokenizer: Tokenizer): Engine {
  return {
    async infer(inputs) {
      checkIds(inputs.ids)
      return backend.batches ? session.run(inputs) : runByRow(session, inputs)
    },
    async embed(texts) {
      const rows = texts.map((text, index) => encodeText(tokenizer, text, index))
      const groups = backend.batches ? [rows] : rows.map((row) => [row])
      const embeddings: Embedding[] = []
      for (const group of groups) embeddings.push(...(await embedTogether(session, group)))
      return embeddings
    },
    async exercise() {
      await embedTogether(session, [
        tokenizer.encode('The quick brown fox jumps over the lazy dog, and on it runs.'),
      ])
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  }
}

function encodeText(tokenizer: Tokenizer, text: string, index: number): number[] {
  const ids = tokenizer.encode(text)
  if (ids.length === 0)
    throw modelError('INPUT_INVALID', `Text ${index} is empty: leave it out or put a word into it`)
  if (ids.length > useLiteLimits.maxInputTokens)
    throw modelError(
      'INPUT_TOO_LARGE',
      `Text ${index} has ${ids.length} tokens and the model takes ${useLiteLimits.maxInputTokens}: split it`,
      { detail: { tokens: ids.length, limit: useLiteLimits.maxInputTokens } },
    )
  return ids
}

async function embedTogether(session: Session, rows: readonly number[][]): Promise<Embedding[]> {
  const length = Math.max(...rows.map((row) => row.length))
  const data = new Int32Array(rows.length * length).fill(padding)
  for (const [index, row] of rows.entries()) data.set(row, index * length)
  const ids: Tensor = { type: 'int32', shape: [rows.length, length], data }
  const vectors = float32Data(await session.run({ ids }), 'embedding')
  return rows.map((row, index) => ({
    vector: vectors.slice(index * useLiteLimits.dimensions, (index + 1) * useLiteLimits.dimensions),
    tokens: row.length,
  }))
}

function checkIds(ids: Tensor | undefined): void {
  const length = ids?.shape[1] ?? 0
  if (length > useLiteLimits.maxInputTokens)
    throw modelError(
      'INPUT_TOO_LARGE',
      `ids has rows of ${length} tokens and the model takes ${useLiteLimits.maxInputTokens}`,
    )
  if (!ids || length === 0) throw modelError('INPUT_INVALID', 'ids has rows without tokens')
  for (const id of Array.from<unknown, number>(ids.data, Number))
    if (id < padding || id >= useLiteLimits.vocabularySize)
      throw modelError(
        'INPUT_INVALID',
        `ids contains ${id}: token ids go from 0 to ${useLiteLimits.vocabularySize - 1}, and ${padding} pads`,
      )
}
