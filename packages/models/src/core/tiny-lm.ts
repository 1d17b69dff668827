import { z } from 'zod/mini'
import type { GenerateChunk, GenerateRequest, Tensor } from '../interface.ts'
import type { Session } from './backend.ts'
import type { Architecture, Engine, ModelFiles } from './engine.ts'
import { modelError } from './errors.ts'
import { fileNamed, parseJsonFile } from './files.ts'
import { createGreedyTokenizer, type TextCodec } from './greedy-tokenizer.ts'
import { uniformNumbers } from './random.ts'
import { float32Data, runByRow } from './rows.ts'
import { encodeSampler, sampleToken } from './sampler.ts'
import { StopFilter } from './stop-filter.ts'

export const tinyLmLimits = { context: 96, vocabularySize: 1_840, maxInputTokens: 4_096 }

const unknownToken = 0
const startToken = 1
const endToken = 2

const encodeTinySampler = () =>
  encodeSampler({
    vocabularySize: tinyLmLimits.vocabularySize,
    banned: [unknownToken, startToken],
  })

/** The demonstration language model: attends to the last 96 tokens, no key-value cache. */
export const tinyLm: Architecture = {
  version: 1,
  graphs: { sampler: encodeTinySampler },
  async open(backend, files) {
    const model = await backend.open(fileNamed(files, 'model'))
    const sampler = await backend.open(encodeTinySampler())
    return createGenerator(model, sampler, readTokenizer(files))
  },
  createTokenCounter(files) {
    const tokenizer = readTokenizer(files)
    return (text) => tokenizer.encode(text).length
  },
  /** The model knows no roles: it goes on from the messages' texts in their order. */
  chatPrompt: (messages) => messages.map(({ content }) => content.trim()).join(' '),
}

function readTokenizer(files: ModelFiles): TextCodec {
  return createGreedyTokenizer(parseJsonFile(files, 'vocabulary', z.array(z.string())))
}

function createGenerator(model: Session, sampler: Session, tokenizer: TextCodec): Engine {
  return {
    async infer(inputs) {
      checkIds(inputs.ids)
      return runByRow(model, inputs)
    },
    generate: (request, signal) => generate({ model, sampler, tokenizer }, request, signal),
    async exercise() {
      const ids = Array.from({ length: tinyLmLimits.context }, (_, index) => index + 3)
      const logits = await nextLogits(model, ids)
      await sampleToken(sampler, logits, { temperature: 1, topK: 40, topP: 1, uniform: 0.5 })
    },
    async [Symbol.asyncDispose]() {
      await sampler[Symbol.asyncDispose]()
      await model[Symbol.asyncDispose]()
    },
  }
}

interface Generator {
  model: Session
  sampler: Session
  tokenizer: TextCodec
}

async function* generate(
  { model, sampler, tokenizer }: Generator,
  request: GenerateRequest,
  signal: AbortSignal,
): AsyncGenerator<GenerateChunk> {
  const ids = encodePrompt(tokenizer, request.prompt)
  const promptTokens = ids.length
  const uniform = uniformNumbers(request.seed)
  const filter = new StopFilter(request.stop)
  let made = 0
  let shown = 0
  let reason: 'stop' | 'length' | 'aborted' = 'length'
  while (made < request.maxTokens) {
    if (signal.aborted) {
      reason = 'aborted'
      break
    }
    const token = await sampleToken(sampler, await nextLogits(model, ids), {
      temperature: request.temperature,
      topK: request.topK,
      topP: request.topP ?? 1,
      uniform: uniform.next().value,
    })
    if (token === endToken) {
      reason = 'stop'
      break
    }
    ids.push(token)
    made += 1
    const text = filter.push(tokenizer.decode(token))
    if (text !== '') {
      yield { type: 'text', text, tokens: made - shown }
      shown = made
    }
    if (filter.stopped) {
      reason = 'stop'
      break
    }
  }
  const rest = filter.flush()
  if (rest !== '') yield { type: 'text', text: rest, tokens: made - shown }
  yield { type: 'end', reason, promptTokens, completionTokens: made }
}

function encodePrompt(tokenizer: TextCodec, prompt: string): number[] {
  const ids = tokenizer.encode(prompt)
  if (ids.length > tinyLmLimits.maxInputTokens)
    throw modelError(
      'INPUT_TOO_LARGE',
      `The prompt has ${ids.length} tokens and the model takes ${tinyLmLimits.maxInputTokens}: shorten it`,
      { detail: { tokens: ids.length, limit: tinyLmLimits.maxInputTokens } },
    )
  return ids
}

/** Logits [V] of the token that follows, from as many last tokens as the model attends to. */
async function nextLogits(model: Session, ids: readonly number[]): Promise<Float32Array> {
  const window = ids.slice(-tinyLmLimits.context)
  const data = BigInt64Array.from(window, BigInt)
  const outputs = await model.run({ ids: { type: 'int64', shape: [1, window.length], data } })
  return float32Data(outputs, 'logits').slice(-tinyLmLimits.vocabularySize)
}

function checkIds(ids: Tensor | undefined): void {
  const length = ids?.shape[1] ?? 0
  if (length > tinyLmLimits.context)
    throw modelError(
      'INPUT_TOO_LARGE',
      `ids has rows of ${length} tokens and the model attends to ${tinyLmLimits.context}`,
    )
  for (const id of Array.from<unknown, number>(ids?.data ?? [], Number))
    if (id < 0 || id >= tinyLmLimits.vocabularySize)
      throw modelError(
        'INPUT_INVALID',
        `ids contains ${id}: token ids go from 0 to ${tinyLmLimits.vocabularySize - 1}`,
      )
}
