/** One JSON-RPC call; throws when the node is away or says no. */
export async function rpc(url: string, method: string, params: unknown[] = []): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    signal: AbortSignal.timeout(3_000),
  })
  const answer: unknown = await response.json()
  if (typeof answer !== 'object' || answer === null) throw new Error('Not an answer.')
  if ('error' in answer) throw new Error(JSON.stringify(answer.error))
  return 'result' in answer ? answer.result : undefined
}

export async function heightOf(url: string): Promise<number> {
  return Number(await rpc(url, 'eth_blockNumber'))
}

/** Resolves once `isSo`; failures of the check count as no. */
export async function until(
  what: string,
  isSo: () => Promise<boolean>,
  limitMs = 60_000,
): Promise<void> {
  const end = performance.now() + limitMs
  let last: unknown
  while (true) {
    try {
      if (await isSo()) return
    } catch (error) {
      last = error
    }
    if (performance.now() > end) throw new Error(`Waited in vain for ${what}.`, { cause: last })
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
