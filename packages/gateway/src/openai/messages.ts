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

/** The embedded models have no chat template: they go on where the messages' texts end, in order. */
export function messagesToPrompt(messages: Message[]): string {
  return messages.map(({ content }) => contentToText(content)).join('\n')
}

function contentToText(content: Message['content']): string {
  return typeof content === 'string' ? content : content.map((part) => part.text).join('')
}
