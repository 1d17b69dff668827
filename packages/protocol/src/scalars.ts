import type { Hex } from '@quoin/kernel'
import { z } from 'zod'

const hexOf = (bytes: number) => new RegExp(`^0x[0-9a-fA-F]{${bytes * 2}}$`)
const isHex = (pattern: RegExp) => (text: string) => pattern.test(text)

/** 20 bytes, given back in lower case, so that equal addresses are equal strings. */
export const Address = z
  .string()
  .refine(isHex(hexOf(20)), 'an address is 0x and 40 hexadecimal digits')
  .transform((text) => text.toLowerCase() as Hex)

/** 32 bytes, in lower case. */
export const Bytes32 = z
  .string()
  .refine(isHex(hexOf(32)), 'expected 0x and 64 hexadecimal digits')
  .transform((text) => text.toLowerCase() as Hex)

/** A signature of 65 bytes, or longer for contract wallets (ERC-1271, ERC-6492). */
export const SignatureHex = z
  .string()
  .max(8194)
  .refine(isHex(/^0x(?:[0-9a-fA-F]{2}){65,}$/), 'a signature is 0x and at least 130 digits')
  .transform((text) => text.toLowerCase() as Hex)

/** Hexadecimal bytes of any length. */
export const HexData = z
  .string()
  .max(65_538)
  .refine(isHex(/^0x(?:[0-9a-fA-F]{2})*$/), 'expected hexadecimal bytes')
  .transform((text) => text.toLowerCase() as Hex)

/** An amount on the wire: decimal digits of atomic units, at most 39 (uint128). */
export const AtomicAmount = z
  .string()
  .regex(/^(?:0|[1-9][0-9]{0,38})$/, 'an amount is decimal digits of atomic units')
  .refine((text) => BigInt(text) < 1n << 128n, 'an amount fits in 128 bits')

/** Decimal digits of an unsigned 256-bit number: times and nonces on the wire. */
export const Uint256Text = z
  .string()
  .regex(/^[0-9]{1,78}$/, 'expected decimal digits')
  .refine((text) => BigInt(text) < 1n << 256n, 'the number fits in 256 bits')
