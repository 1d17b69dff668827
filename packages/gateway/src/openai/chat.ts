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
import { ChatMessage, messagesToPrompt } from './messages.ts'
import { generator, planGeneration, refuseUnsupported, samplingFields } from './sampling.ts'
import { nowSeconds, Usage, usageOf } from './usage.ts'

/** https://platform.openai.com/docs/api-reference/chat/create */
export const ChatRequest = z
  .looseObject({
    model: z.string(),
    messages: z.array(ChatMessage).min(1),
    max_completion_tokens: z.int().positive().nullish(),
    max_tokens: z.int().positive().nullish().describe('The older name of max_completion_tokens'),
    ...samplingFields,
  })
  .meta({ id: 'ChatRequest' })

export const ChatAnswer = z
  .object({
    id: z.string(),
    object: z.literal('chat.completion'),
    created: z.int(),
    model: z.string(),
    system_fingerprint: z.string().describe("The model's runtime id"),
    seed: z.int().describe('The seed that gives this answer again'),
    choices: z.array(
      z.object({
        index: z.int(),
        message: z.object({
          role: z.literal('assistant'),
          content: z.string(),
          refusal: z.null(),
        }),
        logprobs: z.null(),
        finish_reason: z.enum(['stop', 'length']),
      }),
    ),
    usage: Usage,
  })
  .meta({ id: 'ChatAnswer' })

export function planChat(
  catalogue: Catalogue,
  body: z.output<typeof ChatRequest>,
  requestId: string,
): CallPlan {
  refuseUnsupported(body)
  const offer = catalogue.get(body.model)
  const model = generator(offer)
  const older = body.max_completion_tokens == null && body.max_tokens != null
  const { request, ceiling } = planGeneration(offer, messagesToPrompt(model, body.messages), {
    ...body,
    maxTokens: body.max_completion_tokens ?? body.max_tokens,
    maxTokensName: older ? 'max_tokens' : 'max_completion_tokens',
  })
  const head = {
    id: `chatcmpl-${requestId}`,
    created: nowSeconds(),
    model: body.model,
    system_fingerprint: model.manifest.runtimeId,
    seed: request.seed,
  }
  if (body.stream) {
    const writer = chatEvents(head, body.stream_options?.include_usage ?? false)
    const run = (signal: AbortSignal) => generateEvents(model, request, writer, signal)
    return { offer, ceiling, answer: { kind: 'stream', run, ...chatTail } }
  }
  const run = async (signal: AbortSignal) => {
    const { text, finish, units, isCut } = await generateWhole(model, request, signal)
    const message = { role: 'assistant', content: text, refusal: null }
    const choices = [{ index: 0, message, logprobs: null, finish_reason: finish }]
    const answer = { ...head, object: 'chat.completion', choices, usage: usageOf(units) }
    return { body: JSON.stringify(answer), units, isCut }
  }
  return { offer, ceiling, answer: { kind: 'whole', run } }
}

function chatChoice(delta: object, finish: string | null) {
  return { index: 0, delta, logprobs: null, finish_reason: finish }
}

function chatEvents(head: object, includeUsage: boolean): EventWriter {
  const chunk = { ...head, object: 'chat.completion.chunk' }
  const usage = includeUsage ? { usage: null } : {}
  const one = (delta: object, finish: string | null) => ({
    ...chunk,
    choices: [chatChoice(delta, finish)],
    ...usage,
  })
  return {
    begin: () => [one({ role: 'assistant', content: '', refusal: null }, null)],
    text: (content) => [one({ content }, null)],
    end: ({ finish, units }) => [
      one({}, finish),
      ...(includeUsage ? [{ ...chunk, choices: [], usage: usageOf(units) }] : []),
    ],
  }
}

/** The receipt comes in a chunk with an empty delta, because some clients read `choices[0]` of every chunk. */
const chatTail: Omit<StreamAnswer, 'kind' | 'run'> = {
  ...doneTail,
  carry: (member, previous) => carryInChunk(member, previous, chatChoice({}, null)),
}
