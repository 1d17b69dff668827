import { randomInt } from 'node:crypto'
import type { GenerateRequest, Model } from '@quoin/models'
import type { Units } from '@quoin/protocol'
import { z } from 'zod'
import { gatewayError } from '../errors.ts'
import { assertInputSize, assertTokenCount } from '../input-size.ts'
import type { Offer } from '../service.ts'

/** What completions, chat completions and responses share. */
export const samplingFields = {
  temperature: z
    .number()
    .min(0)
    .max(2)
    .nullish()
    .describe('Default 1; 0 takes the likeliest token'),
  seed: z
    .int()
    .nonnegative()
    .max(2 ** 31 - 1)
    .nullish()
    .describe('Default random; the answer names the seed it used'),
  top_p: z.number().gt(0).max(1).nullish().describe('Default 1'),
  top_k: z.int().positive().nullish().describe('Sample among this many tokens; default 40'),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
}

/** Parameters that would change the answer and that no embedded runtime has: refused unless they ask for nothing. */
const neutral: Readonly<Record<string, (value: unknown) => boolean>> = {
  n: (value) => value === 1,
  best_of: (value) => value === 1,
  frequency_penalty: (value) => value === 0,
  presence_penalty: (value) => value === 0,
  logprobs: (value) => value === false || value === 0,
  top_logprobs: (value) => value === 0,
  logit_bias: isEmpty,
  tools: isEmpty,
  functions: isEmpty,
  tool_choice: (value) => value === 'none' || value === 'auto',
  function_call: (value) => value === 'none' || value === 'auto',
  response_format: isPlainText,
  text: (value) => isRecord(value) && (value.format == null || isPlainText(value.format)),
  modalities: (value) => Array.isArray(value) && value.every((one) => one === 'text'),
  audio: () => false,
  echo: (value) => value === false,
  suffix: (value) => value === '',
  store: (value) => value === false,
  previous_response_id: () => false,
  conversation: () => false,
  background: (value) => value === false,
  web_search_options: () => false,
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isEmpty(value: unknown): boolean {
  return isRecord(value) && Object.keys(value).length === 0
}

function isPlainText(value: unknown): boolean {
  return isRecord(value) && value.type === 'text'
}

/** For the documentation: what happens to parameters that are not in the schema. */
export const parameterPolicy = `Refused unless they ask for nothing: ${Object.keys(neutral).join(', ')}. Other unknown parameters are ignored.`

/**
 * Other unknown parameters are ignored, as OpenAI-compatible servers do.
 * @throws CodedError `PARAMETER_UNSUPPORTED`
 */
export function refuseUnsupported(sent: unknown): void {
  if (!isRecord(sent)) return
  for (const name in sent) {
    const value = sent[name]
    const isNeutral = neutral[name]
    if (isNeutral === undefined || value == null || isNeutral(value)) continue
    throw gatewayError(
      'PARAMETER_UNSUPPORTED',
      `${name} is not supported with this value; leave it out`,
      { param: name },
    )
  }
}

type Generator = Required<Pick<Model, 'generate'>> & Model

function isGenerator(model: Model): model is Generator {
  return model.generate !== undefined
}

/** @throws CodedError `TASK_UNSUPPORTED` */
export function generator({ model }: Offer): Generator {
  if (isGenerator(model)) return model
  throw gatewayError(
    'TASK_UNSUPPORTED',
    `The model '${model.manifest.id}' does ${model.manifest.task}, not text generation`,
    { param: 'model' },
  )
}

export interface SamplingRequest {
  temperature?: number | null | undefined
  seed?: number | null | undefined
  top_p?: number | null | undefined
  top_k?: number | null | undefined
  stop?: string | string[] | null | undefined
}

/** A text generation, ready to run, with the most it may cost. */
export interface Generation {
  request: GenerateRequest
  ceiling: Units
}

const defaultMaxTokens = 256

/** @throws CodedError `REQUEST_INVALID` when more tokens are asked for than the model gives. */
export function planGeneration(
  offer: Offer,
  prompt: string,
  asked: SamplingRequest & { maxTokens: number | null | undefined; maxTokensName: string },
): Generation {
  const model = generator(offer)
  const { id, limits } = model.manifest
  const most = limits.maxOutputTokens ?? Number.MAX_SAFE_INTEGER
  const maxTokens = asked.maxTokens ?? Math.min(most, defaultMaxTokens)
  if (maxTokens > most)
    throw gatewayError(
      'REQUEST_INVALID',
      `${asked.maxTokensName} is ${maxTokens}; ${id} gives at most ${most}`,
      { param: asked.maxTokensName },
    )
  assertInputSize(model, Buffer.byteLength(prompt), 'prompt')
  const request: GenerateRequest = {
    prompt,
    maxTokens,
    temperature: asked.temperature ?? 1,
    topP: asked.top_p ?? 1,
    topK: asked.top_k ?? 40,
    seed: asked.seed ?? randomInt(2 ** 31),
    stop: typeof asked.stop === 'string' ? [asked.stop] : (asked.stop ?? []),
  }
  const promptTokens = model.countTokens?.(prompt) ?? Buffer.byteLength(prompt)
  if (model.countTokens) assertTokenCount(model, promptTokens, 'prompt')
  return { request, ceiling: { in: promptTokens, out: maxTokens } }
}
