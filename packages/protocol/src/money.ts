import { protocolError } from './errors.ts'

/** Credit, like USDC, has six decimals: one Credit is 1,000,000 atomic units. */
export const creditDecimals = 6

/**
 * `"1.25"` → 1250000n. Only plain decimal notation; no sign, no exponent, no more decimals than exist.
 * @throws CodedError `INVALID_MONEY`
 */
export function parseMoney(text: string, decimals: number = creditDecimals): bigint {
  const match = /^([0-9]{1,39})(?:\.([0-9]+))?$/.exec(text)
  if (!match)
    throw protocolError('INVALID_MONEY', `Not an amount: ${text.slice(0, 40)}. Write it as 1.25`)
  const [, whole = '', fraction = ''] = match
  if (fraction.length > decimals)
    throw protocolError('INVALID_MONEY', `${text.slice(0, 60)} has more than ${decimals} decimals`)
  return BigInt(whole + fraction.padEnd(decimals, '0'))
}

/** 1250000n → `"1.25"`: the shortest decimal text; `parseMoney` gives the same number back. */
export function formatMoney(atomic: bigint, decimals: number = creditDecimals): string {
  const sign = atomic < 0n ? '-' : ''
  const digits = (atomic < 0n ? -atomic : atomic).toString().padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '')
  return sign + whole + (fraction === '' ? '' : `.${fraction}`)
}
