/**
 * Owns what must be undone: disposing aborts the signal, then runs the cleanups in reverse order
 * and waits for each. A failed start disposes what was already opened (`await using`).
 */
export class Scope implements AsyncDisposable {
  readonly #controller = new AbortController()
  readonly #stack = new AsyncDisposableStack()

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  own<T extends AsyncDisposable | Disposable>(resource: T): T {
    return this.#stack.use(resource)
  }

  defer(cleanup: () => void | Promise<void>): void {
    this.#stack.defer(cleanup)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#controller.abort()
    await this.#stack.disposeAsync()
  }
}
