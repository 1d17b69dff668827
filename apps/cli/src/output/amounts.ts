import { formatMoney } from '@quoin/protocol'

/** `1250000n` → `1.25 QCR`. */
export function formatCredit(atomic: bigint): string {
  return `${formatMoney(atomic)} QCR`
}

/** Wei as the chain's own coin, six digits after the point at most. */
export function formatCoin(wei: bigint): string {
  const [whole = '0', fraction = ''] = formatMoney(wei, 18).split('.')
  const digits = fraction.slice(0, 6).replace(/0+$/, '')
  return digits === '' ? whole : `${whole}.${digits}`
}

/** `1234567n` → `1,234,567`. */
export function formatCount(count: bigint | number): string {
  return count.toLocaleString('en-US')
}
