import type { Answer } from '../operation.ts'
import type { WholeAnswer } from './call-plan.ts'
import { type Call, type CallContext, charge, isClientGone, release } from './charge.ts'
import { receiptHeaders } from './receipt-wire.ts'

/** Runs the model to its end, charges, then answers. A time limit or a stop of ours costs nothing. */
export async function answerWhole(
  context: CallContext,
  call: Call,
  answer: WholeAnswer,
): Promise<Answer> {
  const { body, units, isCut = false } = await run(context, call, answer)
  const bytes = Buffer.from(body)
  const contentType = 'application/json'
  const charged = await charge(context, call, { units, contentType, body: bytes, isCut })
  return {
    kind: 'bytes',
    status: 200,
    headers: { 'content-type': contentType, ...(charged && receiptHeaders(charged)) },
    body: bytes,
  }
}

async function run(context: CallContext, call: Call, answer: WholeAnswer) {
  try {
    const made = await answer.run(call.signal)
    if (call.signal.aborted && !isClientGone(call.signal)) throw call.signal.reason
    return made
  } catch (error) {
    await release(context, call, error)
    throw call.signal.aborted ? call.signal.reason : error
  }
}
