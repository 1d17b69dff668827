/** One change; without a value the key goes. */
export interface Change {
  key: Uint8Array
  value: Uint8Array | null
}

/** What the tree of blocks is kept in. */
export interface KeyValue extends AsyncDisposable {
  get(key: Uint8Array): Uint8Array | undefined
  /** Keys from `from` on, below `to`, ascending. */
  keys(from: Uint8Array, to: Uint8Array): Promise<Uint8Array[]>
  /** All changes or none; durable when it resolves. */
  write(changes: readonly Change[]): Promise<void>
}
