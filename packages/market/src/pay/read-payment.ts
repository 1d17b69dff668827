import { CodedError } from '@quoin/kernel'
import { maxHeaderBytes, PaymentPayload, parseMessage, x402Errors } from '@quoin/protocol'
import type { z } from 'zod'
import type { Refusal } from './offers.ts'

export type Read<T> = { ok: true; value: T } | { ok: false; refusal: Refusal }

/** PAYMENT-SIGNATURE: base64, JSON, schema, each with its own message. */
export function readPayment(header: string): Read<PaymentPayload> {
  if (header.length > maxHeaderBytes)
    return invalid(`PAYMENT-SIGNATURE has ${header.length} characters, at most ${maxHeaderBytes}`)
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(header, 'base64').toString('utf8'))
  } catch {
    return invalid('PAYMENT-SIGNATURE is not base64 of a JSON text')
  }
  return readWith(PaymentPayload, value, 'PAYMENT-SIGNATURE')
}

export function readWith<T>(schema: z.ZodType<T>, value: unknown, what: string): Read<T> {
  try {
    return { ok: true, value: parseMessage(schema, value, what) }
  } catch (error) {
    if (error instanceof CodedError) return invalid(error.message)
    throw error
  }
}

function invalid(message: string): Read<never> {
  const hint = 'Build the payment as x402 version 2 says, from one of the entries in accepts'
  return { ok: false, refusal: { code: x402Errors.invalidPayment, message, hint } }
}
