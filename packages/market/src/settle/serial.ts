/** Runs tasks one after another; a failed one does not stop the next. */
export class Serial {
  #last: Promise<unknown> = Promise.resolve()

  run<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(task)
    this.#last = turn.catch(() => {})
    return turn
  }

  /** Resolves when nothing that was asked for until now is left. */
  async idle(): Promise<void> {
    await this.#last
  }
}
