const windowMs = 10_000
const sampleMs = 250

/** The rate of a counter over the last ten seconds in which it was running. */
export class RateMeter {
  readonly #count: () => number
  readonly #nowMs: () => number
  /** Running time and count, oldest first. */
  readonly #samples: { ranMs: number; count: number }[] = []
  #ranMs = 0
  #runningSince: number | null = null

  constructor(count: () => number, nowMs = () => performance.now()) {
    this.#count = count
    this.#nowMs = nowMs
  }

  run(): void {
    this.#runningSince ??= this.#nowMs()
    this.#sample()
  }

  pause(): void {
    this.#sample()
    this.#runningSince = null
  }

  /** Zero before there is anything to say. */
  perSecond(): number {
    this.#sample()
    const [first] = this.#samples
    const ranMs = this.#ranMs - (first?.ranMs ?? 0)
    if (!first || ranMs <= 0) return 0
    return Math.round(((this.#count() - first.count) * 1000) / ranMs)
  }

  #sample(): void {
    const now = this.#nowMs()
    if (this.#runningSince !== null) {
      this.#ranMs += now - this.#runningSince
      this.#runningSince = now
    }
    const last = this.#samples.at(-1)
    if (!last || this.#ranMs - last.ranMs >= sampleMs)
      this.#samples.push({ ranMs: this.#ranMs, count: this.#count() })
    while ((this.#samples[1]?.ranMs ?? Number.POSITIVE_INFINITY) < this.#ranMs - windowMs)
      this.#samples.shift()
  }
}
