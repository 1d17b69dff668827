import { z } from 'zod'
import type { CallPlan, StreamAnswer } from '../call/call-plan.ts'
import type { Catalogue } from '../service.ts'
import {
  carryInChunk,
  doneTail,
  type EventWriter,
  generateEvents,
  generateWhole,
} from './generate.ts'
import { generator, planGeneration, refuseUnsupported, samplingFields } from './sampling.ts'
import { nowSeconds, Usage, usageOf } from './usage.ts'

/** https://platform.openai.com/docs/api-reference/completions/create */
export const CompletionRequest = z
  .looseObject({
    model: z.string(),
    prompt: z
      .union([z.string(), z.array(z.string()).length(1)], 'Expected one text')
      .describe('One text; several prompts or token numbers are refused'),
    max_tokens: z.int().positive().nullish().describe('Default 16'),
    ...samplingFields,
  })
  .meta({ id: 'CompletionRequest' })

export const CompletionAnswer = z
  .object({
    id: z.string(),
    object: z.literal('text_completion'),
    created: z.int(),
    model: z.string(),
    system_fingerprint: z.string().describe("The model's runtime id"),
    seed: z.int().describe('The seed that gives this answer again'),
    choices: z.array(
      z.object({
        index: z.int(),
        text: z.string(),
        logprobs: z.null(),
        finish_reason: z.enum(['stop', 'length']),
      }),
    ),
    usage: Usage,
  })
  .meta({ id: 'CompletionAnswer' })

export function planCompletion(
  catalogue: Catalogue,
  body: z.output<typeof CompletionRequest>,
  requestId: string,
): CallPlan {
  refuseUnsupported(body)
  const offer = catalogue.get(body.model)
  const model = generator(offer)
  const { request, ceiling } = planGeneration(offer, [body.prompt].flat().join(''), {
    ...body,
    maxTokens: body.max_tokens ?? 16,
    maxTokensName: 'max_tokens',
  })
  const head = {
    id: `cmpl-${requestId}`,
    object: 'text_completion',
    created: nowSeconds(),
    model: body.model,
    system_fingerprint: model.manifest.runtimeId,
    seed: request.seed,
  }
  if (body.stream) {
    const writer = completionEvents(head, body.stream_options?.include_usage ?? false)
    const run = (signal: AbortSignal) => generateEvents(model, request, writer, signal)
    return { offer, ceiling, answer: { kind: 'stream', run, ...completionTail } }
  }
  const run = async (signal: AbortSignal) => {
    const { text, finish, units, isCut } = await generateWhole(model, request, signal)
    const answer = { ...head, choices: [choice(text, finish)], usage: usageOf(units) }
    return { body: JSON.stringify(answer), units, isCut }
  }
  return { offer, ceiling, answer: { kind: 'whole', run } }
}

function choice(text: string, finish: string | null) {
  return { index: 0, text, logprobs: null, finish_reason: finish }
}

function completionEvents(head: object, includeUsage: boolean): EventWriter {
  const usage = includeUsage ? { usage: null } : {}
  const one = (text: string, finish: string | null) => ({
    ...head,
    choices: [choice(text, finish)],
    ...usage,
  })
  return {
    begin: () => [],
    text: (text) => [one(text, null)],
    end: ({ finish, units }) => [
      one('', finish),
      ...(includeUsage ? [{ ...head, choices: [], usage: usageOf(units) }] : []),
    ],
  }
}

const completionTail: Omit<StreamAnswer, 'kind' | 'run'> = {
  ...doneTail,
  carry: (member, previous) => carryInChunk(member, previous, choice('', null)),
}
