/**
 * Passes text on as it is made, up to the first stop text: holds back a tail that may yet turn into
 * one. `push` returns what can be shown; `stopped` tells that a stop text was met.
 */
export class StopFilter {
  readonly #stops: readonly string[]
  #held = ''
  stopped = false

  constructor(stops: readonly string[]) {
    this.#stops = stops
  }

  push(text: string): string {
    this.#held += text
    const found = this.#stops.map((stop) => this.#held.indexOf(stop)).filter((index) => index >= 0)
    if (found.length > 0) {
      this.stopped = true
      this.#held = this.#held.slice(0, Math.min(...found))
      return this.flush()
    }
    const safe = this.#held.length - this.#longestOpening()
    const shown = this.#held.slice(0, safe)
    this.#held = this.#held.slice(safe)
    return shown
  }

  /** What was held back, once no more text comes. */
  flush(): string {
    const rest = this.#held
    this.#held = ''
    return rest
  }

  /** Length of the longest end of the held text that begins a stop text. */
  #longestOpening(): number {
    const lengths = this.#stops.flatMap((stop) =>
      Array.from({ length: stop.length - 1 }, (_, index) => index + 1).filter((length) =>
        this.#held.endsWith(stop.slice(0, length)),
      ),
    )
    return Math.max(0, ...lengths)
  }
}
