/** Lets a burst through, then a steady rate. Time is milliseconds of any clock that does not run back. */
export class TokenBucket {
  readonly #burst: number
  readonly #perSecond: number
  #tokens: number
  #at: number

  constructor({ burst, perSecond, nowMs }: { burst: number; perSecond: number; nowMs: number }) {
    this.#burst = burst
    this.#perSecond = perSecond
    this.#tokens = burst
    this.#at = nowMs
  }

  /** Whether `count` tokens were there and are now taken. */
  take(nowMs: number, count = 1): boolean {
    this.#refill(nowMs)
    if (this.#tokens < count) return false
    this.#tokens -= count
    return true
  }

  isFull(nowMs: number): boolean {
    this.#refill(nowMs)
    return this.#tokens >= this.#burst
  }

  #refill(nowMs: number): void {
    const gained = ((nowMs - this.#at) / 1000) * this.#perSecond
    this.#tokens = Math.min(this.#burst, this.#tokens + gained)
    this.#at = nowMs
  }
}
