import { formatMoney } from '@quoin/protocol'

/** `1250000n` → `1.25 QCR`. */
export function formatCredit(atomic: bigint): string {
  return `${grouped(formatMoney(atomic))} QCR`
}

/** Wei as the chain's own coin, `digits` after the point at most. */
export function formatCoin(wei: bigint, maxDigits = 9): string {
  const [whole = '0', fraction = ''] = formatMoney(wei, 18).split('.')
  const digits = fraction.slice(0, maxDigits).replace(/0+$/, '')
  return grouped(digits === '' ? whole : `${whole}.${digits}`)
}

function grouped(decimal: string): string {
  const [whole = '0', fraction] = decimal.split('.')
  const groups = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return fraction === undefined ? groups : `${groups}.${fraction}`
}

/** `1234567n` → `1,234,567`. */
export function formatCount(count: bigint | number): string {
  return count.toLocaleString('en-US')
}
