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

/** An amount on the wire: decimal digits of atomic units (uint128), without leading zeros. */
export const AtomicAmount = z
  .string()
  .refine(
    (text) => /^(?:0|[1-9][0-9]{0,38})$/.test(text) && BigInt(text) < 1n << 128n,
    'an amount is decimal digits of atomic units, below 2^128',
  )

/** Decimal digits of an unsigned 256-bit number: times and nonces on the wire. */
export const Uint256Text = z
  .string()
  .refine(
    (text) => /^[0-9]{1,78}$/.test(text) && BigInt(text) < 1n << 256n,
    'expected decimal digits of a number below 2^256',
  )
