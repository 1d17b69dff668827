/** Facts about a failure that a program can read: flat, JSON-safe, never a secret. */
export type ErrorDetail = Readonly<Record<string, string | number | boolean | null>>

/**
 * A failure that a caller can act on. Each package narrows `C` to its own closed union of codes;
 * everything that is not a CodedError is a bug. The message says what, where, and what to do.
 */
export class CodedError<C extends string = string> extends Error {
  readonly code: C
  readonly detail: ErrorDetail

  constructor(code: C, message: string, options: { detail?: ErrorDetail; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.name = 'CodedError'
    this.code = code
    this.detail = options.detail ?? {}
  }
}

/** The first error in the chain of causes, from the outside in, that satisfies `matches`. */
export function findCause(error: unknown, matches: (cause: Error) => boolean): Error | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (matches(cause)) return cause
  return undefined
}
