const secondsOf: Readonly<Record<string, number>> = { m: 60, h: 3600, d: 86_400 }

/** `90m`, `12h`, `7d` from now, in seconds since 1970; null when it is not written like that. */
export function parseExpiry(text: string, nowMs: number): number | null {
  const match = /^([1-9][0-9]{0,5})([mhd])$/.exec(text)
  if (!match) return null
  return Math.floor(nowMs / 1000) + Number(match[1]) * (secondsOf[match[2] ?? ''] ?? 0)
}
