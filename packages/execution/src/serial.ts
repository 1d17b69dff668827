/** Runs pieces of work one after the other, in the order in which they were given. */
export class Serial {
  #last: Promise<unknown> = Promise.resolve()

  readonly run = <T>(work: () => Promise<T>): Promise<T> => {
    const result = this.#last.then(work)
    this.#last = result.catch(() => {})
    return result
  }

  /** Resolves when all that was given so far is done. */
  async idle(): Promise<void> {
    await this.#last
  }
}
