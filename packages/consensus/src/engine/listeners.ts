/** Who wants to be told, in the order in which they asked. */
export class Listeners<T> {
  readonly #listeners = new Set<(value: T) => void>()

  /** Gives the way to stop. */
  add(listener: (value: T) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  tell(value: T): void {
    for (const listener of this.#listeners) listener(value)
  }
}
