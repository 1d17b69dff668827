import type { Hex } from '@quoin/kernel'
import { lightError } from '../errors.ts'

/** Readers of what servers answer. Each throws CodedError `SERVER_LIED` naming what is not as it must be. */
export function parseObject(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return Object.fromEntries(Object.entries(value))
  throw malformed(`${what} is no object`)
}

export function parseList(value: unknown, what: string, most: number): unknown[] {
  if (!Array.isArray(value)) throw malformed(`${what} is no list`)
  if (value.length > most) throw malformed(`${what} has ${value.length} items, at most ${most}`)
  return value
}

export function parseHex(value: unknown, what: string, size?: number): Hex {
  if (isHex(value) && (size === undefined || value.length === 2 + 2 * size))
    return `0x${value.slice(2).toLowerCase()}`
  throw malformed(`${what} is not hexadecimal${size === undefined ? '' : ` of ${size} bytes`}`)
}

export function parseQuantity(value: unknown, what: string): bigint {
  if (typeof value === 'string' && /^0x[0-9a-fA-F]{1,64}$/.test(value)) return BigInt(value)
  throw malformed(`${what} is no quantity`)
}

function isHex(value: unknown): value is Hex {
  return typeof value === 'string' && /^0x([0-9a-fA-F]{2})*$/.test(value)
}

function malformed(problem: string) {
  return lightError('SERVER_LIED', `A server answered with something malformed: ${problem}`)
}
