import type { Units } from '@quoin/protocol'
import { errorToHttp, gatewayError } from '../errors.ts'
import type { Answer, ResponseStream } from '../operation.ts'
import type { StreamAnswer } from './call-plan.ts'
import { type Call, type CallContext, charge, isClientGone, release } from './charge.ts'
import { lowerCaseNames, receiptToMember } from './receipt-wire.ts'

const contentType = 'text/event-stream; charset=utf-8'

/**
 * Sends events as they are made, waiting for a slow reader, then charges and sends the receipt.
 * The receipt's response hash is over the payloads, as `streamContent` of the protocol says. What fails
 * before the first event is an ordinary HTTP error; what fails later is an event.
 */
export async function answerStream(
  context: CallContext,
  call: Call,
  answer: StreamAnswer,
): Promise<Answer> {
  const made = answer.run(call.signal)
  const first = await beginning(context, call, made)
  const stream = new RecordedStream(call, answer)
  await sendAll(context, call, { made, stream, first })
  stream.end()
  return { kind: 'streamed' }
}

type Made = AsyncGenerator<string[], Units>

/** The first payloads; a call that is stopped before them costs nothing. */
async function beginning(context: CallContext, call: Call, made: Made): Promise<string[]> {
  try {
    const next = await made.next()
    if (next.done) throw gatewayError('INTERNAL', 'A stream ended before it began')
    return next.value
  } catch (error) {
    await release(context, call, error)
    throw call.signal.aborted ? call.signal.reason : error
  }
}

interface Sending {
  made: Made
  stream: RecordedStream
  first: string[]
}

async function sendAll(context: CallContext, call: Call, sending: Sending): Promise<void> {
  const { stream } = sending
  let units: Units
  try {
    units = await relay(sending)
  } catch (error) {
    const { requestId } = call.exchange
    context.logger.warn({ error, requestId }, 'a stream failed after it began')
    await release(context, call, error)
    await stream.send([errorPayload(error)])
    return
  }
  if (call.signal.aborted && !isClientGone(call.signal))
    await stream.send([errorPayload(call.signal.reason)])
  await stream.charge(context, call, units)
}

async function relay({ made, stream, first }: Sending): Promise<Units> {
  await stream.send(first)
  for (;;) {
    const next = await made.next()
    if (next.done) return next.value
    await stream.send(next.value)
  }
}

function errorPayload(error: unknown): string {
  return JSON.stringify(errorToHttp(error, 'openai').body)
}

/** Keeps the payloads it sends, for the receipt's hash and for a retry. Bounded by the call's output limit. */
class RecordedStream {
  readonly #answer: StreamAnswer
  readonly #stream: ResponseStream
  #content = ''
  #last = '{}'

  constructor(call: Call, answer: StreamAnswer) {
    this.#answer = answer
    this.#stream = call.exchange.connection.stream(200, {
      'content-type': contentType,
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      ...lowerCaseNames(call.paid?.streamHeaders ?? {}),
    })
  }

  async send(payloads: string[]): Promise<void> {
    let events = ''
    for (const payload of payloads) {
      this.#content += `${payload}\n`
      this.#last = payload
      events += this.#answer.frame(payload)
    }
    await this.#stream.write(events)
  }

  async charge(context: CallContext, call: Call, units: Units): Promise<void> {
    const { frame, carry, end } = this.#answer
    const body = Buffer.from(this.#content)
    const isCut = call.signal.aborted
    try {
      const charged = await charge(context, call, { units, contentType, body, isCut })
      const receipt = charged ? frame(carry(receiptToMember(charged.receipt), this.#last)) : ''
      await this.#stream.write(receipt + end)
    } catch (error) {
      const { requestId } = call.exchange
      context.logger.error({ error, requestId }, 'a stream went out that could not be charged')
      await this.#stream.write(frame(errorPayload(error)))
    }
  }

  end(): void {
    this.#stream.end()
  }
}
