import type { GenerateRequest, Model } from '@quoin/models'
import type { Units } from '@quoin/protocol'
import { gatewayError } from '../errors.ts'

type FinishReason = 'stop' | 'length'

export interface Generated {
  text: string
  finish: FinishReason
  units: Units
  /** The client left before the end. */
  isCut: boolean
}

/** What one route makes of a text on its way: the payloads of its own events. */
export interface EventWriter {
  begin(): object[]
  text(delta: string): object[]
  end(generated: Generated): object[]
}

type Generator = Required<Pick<Model, 'generate'>>

/** Collects a whole text. An aborted one counts as cut by length; one that did not begin is an error. */
export async function generateWhole(
  model: Generator,
  request: GenerateRequest,
  signal: AbortSignal,
): Promise<Generated> {
  let text = ''
  for await (const chunk of model.generate(request, { signal })) {
    if (chunk.type === 'text') text += chunk.text
    else if (chunk.reason === 'aborted' && chunk.completionTokens === 0) throw signal.reason
    else return ended(text, chunk)
  }
  throw withoutEnd()
}

/** Yields a text's payloads as it is made; after an abort nothing more is yielded, only the usage returned. */
export async function* generateEvents(
  model: Generator,
  request: GenerateRequest,
  writer: EventWriter,
  signal: AbortSignal,
): AsyncGenerator<string[], Units> {
  let text = ''
  let begun = false
  for await (const chunk of model.generate(request, { signal })) {
    const opening = begun ? [] : writer.begin()
    begun = true
    if (chunk.type === 'text') {
      text += chunk.text
      yield payloads([...opening, ...writer.text(chunk.text)])
      continue
    }
    const generated = ended(text, chunk)
    if (chunk.reason !== 'aborted') yield payloads([...opening, ...writer.end(generated)])
    return generated.units
  }
  throw withoutEnd()
}

function ended(
  text: string,
  end: { reason: 'stop' | 'length' | 'aborted'; promptTokens: number; completionTokens: number },
): Generated {
  const units = { in: end.promptTokens, out: end.completionTokens }
  const finish = end.reason === 'stop' ? 'stop' : 'length'
  return { text, finish, units, isCut: end.reason === 'aborted' }
}

function withoutEnd(): Error {
  return gatewayError('INTERNAL', 'A model ended its text without saying what it used')
}

function payloads(events: object[]): string[] {
  return events.map((one) => JSON.stringify(one))
}

/** How completions frame their events and end a stream. */
export const doneTail = {
  frame: (payload: string) => `data: ${payload}\n\n`,
  end: 'data: [DONE]\n\n',
}

/** A chunk like the one before it, with one choice that says nothing and with `member`. */
export function carryInChunk(member: object, previous: string, choice: object): string {
  const { usage: _, ...head } = JSON.parse(previous)
  return JSON.stringify({ ...head, choices: [choice], ...member })
}
