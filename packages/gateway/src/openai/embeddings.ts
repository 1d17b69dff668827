import type { Model } from '@quoin/models'
import { z } from 'zod'
import type { CallPlan } from '../call/call-plan.ts'
import { gatewayError } from '../errors.ts'
import { assertInputSize, assertTokenCount } from '../input-size.ts'
import type { Catalogue, Offer } from '../service.ts'

const text = z.string().min(1, 'An empty text has no embedding')

/** https://platform.openai.com/docs/api-reference/embeddings/create */
export const EmbeddingsRequest = z
  .object({
    model: z.string(),
    input: z
      .union([text, z.array(text).min(1), z.array(z.int()), z.array(z.array(z.int()))])
      .describe(
        'A text or a list of texts; lists of token numbers are refused, because they belong to another tokenizer',
      ),
    encoding_format: z.enum(['float', 'base64']).default('float'),
    dimensions: z.int().positive().optional().describe("Only the model's own width"),
    user: z.string().optional(),
  })
  .meta({ id: 'EmbeddingsRequest' })

export const EmbeddingsAnswer = z
  .object({
    object: z.literal('list'),
    model: z.string(),
    data: z.array(
      z.object({
        object: z.literal('embedding'),
        index: z.int(),
        embedding: z
          .union([z.array(z.number()), z.string()])
          .describe('Numbers, or base64 of little-endian float32'),
      }),
    ),
    usage: z.object({ prompt_tokens: z.int(), total_tokens: z.int() }),
  })
  .meta({ id: 'EmbeddingsAnswer' })

type Embedder = Required<Pick<Model, 'embed'>> & Model

export function planEmbeddings(
  catalogue: Catalogue,
  request: z.output<typeof EmbeddingsRequest>,
): CallPlan {
  const offer = catalogue.get(request.model)
  const model = embedder(offer)
  const texts = inputTexts(request.input, offer)
  checkWidth(request.dimensions, offer)
  return {
    offer,
    ceiling: { in: countTokens(model, texts), out: 0 },
    answer: {
      kind: 'whole',
      async run(signal) {
        const { vectors, tokens } = await model.embed(texts, { signal })
        const data = vectors.map((vector, index) => ({
          object: 'embedding',
          index,
          embedding: request.encoding_format === 'base64' ? base64(vector) : Array.from(vector),
        }))
        const usage = { prompt_tokens: tokens, total_tokens: tokens }
        const body = JSON.stringify({ object: 'list', model: request.model, data, usage })
        return { body, units: { in: tokens, out: 0 } }
      },
    },
  }
}

function isEmbedder(model: Model): model is Embedder {
  return model.embed !== undefined
}

function embedder({ model }: Offer): Embedder {
  if (isEmbedder(model)) return model
  throw gatewayError(
    'TASK_UNSUPPORTED',
    `The model '${model.manifest.id}' does ${model.manifest.task}, not embedding`,
    { param: 'model' },
  )
}

function inputTexts(input: z.output<typeof EmbeddingsRequest>['input'], { model }: Offer) {
  const texts = typeof input === 'string' ? [input] : input.filter((one) => typeof one === 'string')
  if (typeof input !== 'string' && texts.length < input.length)
    throw gatewayError(
      'PARAMETER_UNSUPPORTED',
      'Token numbers are not accepted, because they belong to another tokenizer; send texts (in LangChain for Python: check_embedding_ctx_length=False)',
      { param: 'input' },
    )
  const { maxBatch } = model.manifest.limits
  if (texts.length > maxBatch)
    throw gatewayError(
      'REQUEST_INVALID',
      `input has ${texts.length} texts; ${model.manifest.id} takes at most ${maxBatch} in one call`,
      { param: 'input' },
    )
  const bytes = texts.reduce((sum, one) => sum + Buffer.byteLength(one), 0)
  assertInputSize(model, bytes, 'input')
  return texts
}

function checkWidth(dimensions: number | undefined, { model }: Offer): void {
  const width = model.manifest.outputs[0]?.shape.at(-1)
  if (dimensions === undefined || dimensions === width) return
  throw gatewayError(
    'PARAMETER_UNSUPPORTED',
    `dimensions ${dimensions} is not possible: ${model.manifest.id} gives ${width} numbers a text`,
    { param: 'dimensions' },
  )
}

/** Without a tokenizer each byte counts: no tokenizer makes more tokens than that. */
function countTokens(model: Model, texts: string[]): number {
  let sum = 0
  for (const one of texts) {
    const tokens = model.countTokens?.(one) ?? Buffer.byteLength(one)
    if (model.countTokens) assertTokenCount(model, tokens, 'input')
    sum += tokens
  }
  return sum
}

function base64(vector: Float32Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64')
}
