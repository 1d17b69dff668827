import type { Model } from '@quoin/models'
import { z } from 'zod'

const TextPart = z.object({ type: z.enum(['text', 'input_text', 'output_text']), text: z.string() })

/** Text alone: images, audio and tool calls are refused by the schema. */
export const ChatMessage = z
  .object({
    role: z.enum(['system', 'developer', 'user', 'assistant']),
    content: z.union([z.string(), z.array(TextPart)], 'Only text content is supported'),
    name: z.string().optional(),
  })
  .meta({ id: 'ChatMessage' })

export type Message = z.output<typeof ChatMessage>

/** In the model's own form; for a model without one, the texts in their order. */
export function messagesToPrompt(model: Model, messages: Message[]): string {
  const texts = messages.map(({ role, content }) => ({ role, content: contentToText(content) }))
  return model.chatPrompt?.(texts) ?? texts.map(({ content }) => content).join('\n')
}

function contentToText(content: Message['content']): string {
  return typeof content === 'string' ? content : content.map((part) => part.text).join('')
}
