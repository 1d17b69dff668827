import { z } from 'zod'
import type { CallPlan, StreamAnswer } from '../call/call-plan.ts'
import type { Catalogue } from '../service.ts'
import { type EventWriter, type Generated, generateEvents, generateWhole } from './generate.ts'
import { ChatMessage, type Message, messagesToPrompt } from './messages.ts'
import { generator, planGeneration, refuseUnsupported, samplingFields } from './sampling.ts'
import { nowSeconds } from './usage.ts'

/** https://platform.openai.com/docs/api-reference/responses/create, without state: nothing is stored. */
export const ResponseRequest = z
  .looseObject({
    model: z.string(),
    input: z.union([
      z.string(),
      z.array(ChatMessage.extend({ type: z.literal('message').optional() })).min(1),
    ]),
    instructions: z.string().nullish(),
    max_output_tokens: z.int().positive().nullish(),
    ...samplingFields,
  })
  .meta({ id: 'ResponseRequest' })

export const ResponseAnswer = z
  .looseObject({
    id: z.string(),
    object: z.literal('response'),
    created_at: z.int(),
    status: z.enum(['in_progress', 'completed', 'incomplete']),
    model: z.string(),
    output: z.array(z.looseObject({ type: z.literal('message'), id: z.string() })),
  })
  .meta({ id: 'ResponseAnswer' })

export function planResponse(
  catalogue: Catalogue,
  body: z.output<typeof ResponseRequest>,
  requestId: string,
): CallPlan {
  refuseUnsupported(body)
  const offer = catalogue.get(body.model)
  const model = generator(offer)
  const { request, ceiling } = planGeneration(offer, messagesToPrompt(model, messagesOf(body)), {
    ...body,
    maxTokens: body.max_output_tokens,
    maxTokensName: 'max_output_tokens',
  })
  const head = {
    id: `resp_${requestId}`,
    object: 'response',
    created_at: nowSeconds(),
    model: body.model,
    seed: request.seed,
    temperature: request.temperature,
    top_p: request.topP,
    max_output_tokens: request.maxTokens,
    instructions: body.instructions ?? null,
    ...constants,
  }
  const itemId = `msg_${requestId}`
  if (body.stream) {
    const writer = responseEvents(head, itemId)
    const run = (signal: AbortSignal) => generateEvents(model, request, writer, signal)
    return { offer, ceiling, answer: { kind: 'stream', run, ...responseTail } }
  }
  const run = async (signal: AbortSignal) => {
    const generated = await generateWhole(model, request, signal)
    const answer = finished(head, itemId, generated)
    return { body: JSON.stringify(answer), units: generated.units, isCut: generated.isCut }
  }
  return { offer, ceiling, answer: { kind: 'whole', run } }
}

/** Members that clients' types promise and that are always the same here. */
const constants = {
  error: null,
  parallel_tool_calls: false,
  tool_choice: 'none',
  tools: [],
  store: false,
  metadata: {},
  text: { format: { type: 'text' } },
}

function messagesOf({ instructions, input }: z.output<typeof ResponseRequest>): Message[] {
  const messages: Message[] = typeof input === 'string' ? [{ role: 'user', content: input }] : input
  return instructions ? [{ role: 'system', content: instructions }, ...messages] : messages
}

function textPart(text: string) {
  return { type: 'output_text', text, annotations: [], logprobs: [] }
}

function message(id: string, status: string, content: object[]) {
  return { type: 'message', id, status, role: 'assistant', content }
}

function started(head: object) {
  return { ...head, status: 'in_progress', incomplete_details: null, output: [], usage: null }
}

function finished(head: object, itemId: string, { text, finish, units }: Generated) {
  const status = finish === 'stop' ? 'completed' : 'incomplete'
  return {
    ...head,
    status,
    incomplete_details: finish === 'stop' ? null : { reason: 'max_output_tokens' },
    output: [message(itemId, status, [textPart(text)])],
    usage: {
      input_tokens: units.in,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: units.out,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: units.in + units.out,
    },
  }
}

function responseEvents(head: object, itemId: string): EventWriter {
  let sequence = 0
  const event = (type: string, own: object) => ({ type, sequence_number: sequence++, ...own })
  const item = { output_index: 0, item_id: itemId }
  const part = { ...item, content_index: 0 }
  return {
    begin: () => [
      event('response.created', { response: started(head) }),
      event('response.in_progress', { response: started(head) }),
      event('response.output_item.added', {
        output_index: 0,
        item: message(itemId, 'in_progress', []),
      }),
      event('response.content_part.added', { ...part, part: textPart('') }),
    ],
    text: (delta) => [event('response.output_text.delta', { ...part, delta, logprobs: [] })],
    end(generated) {
      const response = finished(head, itemId, generated)
      const { text } = generated
      return [
        event('response.output_text.done', { ...part, text, logprobs: [] }),
        event('response.content_part.done', { ...part, part: textPart(text) }),
        event('response.output_item.done', { output_index: 0, item: response.output[0] }),
        event(`response.${response.status}`, { response }),
      ]
    },
  }
}

/**
 * Events are named as their payloads' `type`. The receipt comes last in a `keepalive`: a type that the
 * openai client passes over, while it fails on types that it does not know.
 */
const responseTail: Omit<StreamAnswer, 'kind' | 'run'> = {
  frame(payload) {
    const { type = 'error' } = JSON.parse(payload)
    return `event: ${type}\ndata: ${payload}\n\n`
  },
  carry(member, previous) {
    const { sequence_number = 0 } = JSON.parse(previous)
    return JSON.stringify({
      type: 'keepalive',
      sequence_number: sequence_number + 1,
      ...member,
    })
  },
  end: '',
}
