import type { Hex } from '@quoin/kernel'
import { invalidArgument, invalidParams } from '../errors.ts'

/** Turns one JSON value into ours. `index` is the argument's place, for the message. */
export type Parser<T> = (value: unknown, index: number) => T

/** The argument at `index`. @throws CodedError INVALID_PARAMS in geth's words when it is missing. */
export function required<T>(params: readonly unknown[], index: number, parse: Parser<T>): T {
  const value = params[index]
  if (value === undefined || value === null)
    throw invalidParams(`missing value for required argument ${index}`)
  return parse(value, index)
}

/** The argument at `index`, or `fallback` when it is absent or null. */
export function optional<T, F>(
  params: readonly unknown[],
  index: number,
  parse: Parser<T>,
  fallback: F,
): T | F {
  const value = params[index]
  return value === undefined || value === null ? fallback : parse(value, index)
}

const hexPattern = /^0x[0-9a-fA-F]*$/

function hexDigits(value: unknown, index: number): string {
  if (typeof value !== 'string') throw invalidArgument(index, 'non-string where hex is expected')
  if (hexPattern.test(value)) return value
  if (value === '') throw invalidArgument(index, 'empty hex string')
  const prefixed = value.startsWith('0x') || value.startsWith('0X')
  throw invalidArgument(index, prefixed ? 'invalid hex string' : 'hex string without 0x prefix')
}

/** A byte string (DATA), lower-cased. */
export function parseData(value: unknown, index: number): Hex {
  const digits = hexDigits(value, index)
  if (digits.length % 2 === 1) throw invalidArgument(index, 'hex string of odd length')
  return lowerHex(digits)
}

export const parseHash: Parser<Hex> = (value, index) => parseFixed(value, index, 32, 'a hash')
export const parseAddress: Parser<Hex> = (value, index) =>
  parseFixed(value, index, 20, 'an address')

function parseFixed(value: unknown, index: number, size: number, what: string): Hex {
  const data = parseData(value, index)
  if (data.length !== 2 + 2 * size)
    throw invalidArgument(
      index,
      `hex string has length ${data.length - 2}, want ${2 * size} for ${what}`,
    )
  return data
}

/** A number (QUANTITY) of at most `bits` bits. Leading zeros are refused, as the standard says. */
export function parseQuantity(value: unknown, index: number, bits = 256): bigint {
  const digits = hexDigits(value, index)
  if (digits === '0x') throw invalidArgument(index, 'hex string "0x"')
  if (digits.length > 3 && digits[2] === '0')
    throw invalidArgument(index, 'hex number with leading zero digits')
  if ((digits.length - 2) * 4 > bits + 3) throw invalidArgument(index, `hex number > ${bits} bits`)
  const number = BigInt(digits)
  if (number >> BigInt(bits) !== 0n) throw invalidArgument(index, `hex number > ${bits} bits`)
  return number
}

export const parseUint64: Parser<bigint> = (value, index) => parseQuantity(value, index, 64)

/** A small count: a QUANTITY, or a JSON number as some clients send (eth_feeHistory's block count). */
export function parseCount(value: unknown, index: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  return Number(parseQuantity(value, index, 32))
}

export function parseBoolean(value: unknown, index: number): boolean {
  if (typeof value !== 'boolean')
    throw invalidArgument(index, 'non-boolean where true or false is expected')
  return value
}

/** A storage slot of up to 32 bytes in any hex form, padded to 32. Messages are geth's. */
export function parseStorageKey(value: unknown, index: number): Hex {
  if (typeof value !== 'string') throw invalidArgument(index, 'non-string storage key')
  const digits = value.startsWith('0x') || value.startsWith('0X') ? value.slice(2) : value
  if (!/^[0-9a-fA-F]*$/.test(digits))
    throw invalidParams(`invalid hex in storage key: ${JSON.stringify(value.slice(0, 100))}`)
  if (digits.length > 64)
    throw invalidParams(
      `storage key too long (want at most 32 bytes): ${JSON.stringify(value.slice(0, 200))}`,
    )
  return lowerHex(`0x${digits.padStart(64, '0')}`)
}

/** The members of a JSON object. */
export function parseObject(value: unknown, index: number): Record<string, unknown> {
  if (!isObject(value)) throw invalidArgument(index, 'non-object where an object is expected')
  return value
}

export function parseList<T>(value: unknown, index: number, parse: Parser<T>): T[] {
  if (!Array.isArray(value)) throw invalidArgument(index, 'non-array where a list is expected')
  return value.map((item) => parse(item, index))
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function lowerHex(text: string): Hex {
  return `0x${text.slice(2).toLowerCase()}`
}
