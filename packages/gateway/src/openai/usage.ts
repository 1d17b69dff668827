import type { Units } from '@quoin/protocol'
import { z } from 'zod'

export const Usage = z
  .object({ prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() })
  .meta({ id: 'Usage' })

export function usageOf(units: Units): z.output<typeof Usage> {
  return {
    prompt_tokens: units.in,
    completion_tokens: units.out,
    total_tokens: units.in + units.out,
  }
}

/** Seconds since 1970, as OpenAI's `created`. */
export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}
