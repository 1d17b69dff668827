import { z } from 'zod'
import { protocolError } from './errors.ts'
import { Network } from './network.ts'
import { Address, AtomicAmount } from './scalars.ts'

/** x402 version 2 (https://github.com/coinbase/x402, specs/x402-specification-v2). */
export const x402Version = 2

const Json = z.record(z.string(), z.unknown())

export const ResourceInfo = z.object({
  url: z.string().min(1).max(2048),
  description: z.string().max(2048).nullish(),
  mimeType: z.string().max(256).nullish(),
})
export type ResourceInfo = z.infer<typeof ResourceInfo>

/** One way to pay: what a 402 offers, and what a payment echoes as `accepted`. */
export const PaymentRequirements = z.object({
  scheme: z.string().min(1).max(64),
  network: Network,
  amount: AtomicAmount,
  asset: Address,
  payTo: Address,
  maxTimeoutSeconds: z.number().min(0).max(31_536_000),
  extra: Json.nullish(),
})
export type PaymentRequirements = z.infer<typeof PaymentRequirements>

/** The body of PAYMENT-REQUIRED. */
export const PaymentRequired = z.object({
  x402Version: z.literal(x402Version),
  error: z.string().max(4096).nullish(),
  resource: ResourceInfo,
  accepts: z.array(PaymentRequirements).min(1).max(16),
  extensions: Json.nullish(),
})
export type PaymentRequired = z.infer<typeof PaymentRequired>

/** The body of PAYMENT-SIGNATURE; `payload` is the scheme's own (ExactPayload, BatchPayload). */
export const PaymentPayload = z.object({
  x402Version: z.literal(x402Version),
  resource: ResourceInfo.nullish(),
  accepted: PaymentRequirements,
  payload: Json,
  extensions: Json.nullish(),
})
export type PaymentPayload = z.infer<typeof PaymentPayload>

/** The body of PAYMENT-RESPONSE and of a facilitator's `/settle`. `transaction` is empty until it is settled. */
export const SettlementResponse = z.object({
  success: z.boolean(),
  errorReason: z.string().optional(),
  errorMessage: z.string().optional(),
  payer: z.string().optional(),
  transaction: z.string(),
  network: Network,
  amount: z.string().optional(),
  extra: Json.optional(),
})
export type SettlementResponse = z.infer<typeof SettlementResponse>

/** The body of a facilitator's `/verify`. */
export const VerifyResponse = z.object({
  isValid: z.boolean(),
  invalidReason: z.string().optional(),
  invalidMessage: z.string().optional(),
  payer: z.string().optional(),
  extra: Json.optional(),
})
export type VerifyResponse = z.infer<typeof VerifyResponse>

/** What a resource server posts to a facilitator's `/verify` and `/settle`. */
export const FacilitatorRequest = z.object({
  x402Version: z.literal(x402Version).optional(),
  paymentPayload: PaymentPayload,
  paymentRequirements: PaymentRequirements,
})
export type FacilitatorRequest = z.infer<typeof FacilitatorRequest>

/**
 * Parses with a schema of this package.
 * @throws CodedError `INVALID_MESSAGE` naming the first wrong member.
 */
export function parseMessage<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const path = issue?.path.join('.') || 'the whole'
  throw protocolError('INVALID_MESSAGE', `${what}: ${path}: ${issue?.message ?? 'is wrong'}`)
}
