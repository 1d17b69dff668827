export type LogFields = Record<string, unknown>

/**
 * The logger every package takes as an argument (pino satisfies it). Messages are constant, facts
 * go into fields. error: someone must act; warn: degraded; info: an operator's story of the node;
 * debug: the rest. Never a key, a prompt, or a peer's bytes.
 */
export interface Logger {
  error(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  debug(fields: LogFields, message: string): void
  child(bindings: LogFields): Logger
}

/** A logger that drops everything: the default in libraries and tests. */
export const silentLogger: Logger = {
  error() {},
  warn() {},
  info() {},
  debug() {},
  child: () => silentLogger,
}
