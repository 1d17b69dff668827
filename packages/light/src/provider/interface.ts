/**
 * One server's JSON-RPC, of which nothing is believed. `name` is for messages.
 * Rejects when the server cannot be asked or answers with an error.
 */
export interface LightProvider {
  readonly name: string
  request(
    method: string,
    params: readonly unknown[],
    options: { signal: AbortSignal },
  ): Promise<unknown>
}
