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

/** Resolves once each of these nodes is two blocks past where the highest of them was. */
export async function grow(urls: readonly string[], what: string): Promise<void> {
  const heights = await Promise.all(urls.map((url) => heightOf(url).catch(() => 0)))
  const goal = Math.max(...heights) + 2
  await until(what, async () => {
    const now = await Promise.all(urls.map(heightOf))
    return now.every((height) => height >= goal)
  })
}
