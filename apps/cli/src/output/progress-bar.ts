const width = 24
const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** `1.5 MiB`. */
export function describeBytes(bytes: number): string {
  let [value, unit] = [bytes, 0]
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${units[unit]}`
}

/** `Storing ━━━━━━╌╌╌╌ 40 %  12 MiB of 30 MiB`; without a total just the bytes. */
export function progressLine(what: string, bytes: number, totalBytes: number | null): string {
  if (totalBytes === null || totalBytes <= 0) return `${what}  ${describeBytes(bytes)} …`
  const share = Math.min(1, bytes / totalBytes)
  const filled = Math.round(share * width)
  const bar = '━'.repeat(filled) + '╌'.repeat(width - filled)
  const percent = `${Math.floor(share * 100)}`.padStart(3)
  return `${what} ${bar} ${percent} %  ${describeBytes(bytes)} of ${describeBytes(totalBytes)}`
}

const steps = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const

/** A histogram in one line: a block as high as its count. */
export function sparkline(counts: readonly number[]): string {
  const most = Math.max(...counts, 1)
  return counts
    .map((count) => steps[count === 0 ? 0 : Math.max(1, Math.round((count / most) * 8))])
    .join('')
}
