import { Agent, request } from 'node:http'
import { bytesToHex } from '@quoin/kernel'

const agent = new Agent({ keepAlive: true, maxSockets: 64 })

/** Sends raw transactions over JSON-RPC: `batch` in a request, `inFlight` requests at a time. */
export async function sendAll(
  url: string,
  transactions: readonly Uint8Array[],
  { batch, inFlight }: { batch: number; inFlight: number },
): Promise<void> {
  const bodies: string[] = []
  for (let start = 0; start < transactions.length; start += batch) {
    const calls = transactions.slice(start, start + batch).map((raw, index) => ({
      jsonrpc: '2.0',
      id: start + index,
      method: 'eth_sendRawTransaction',
      params: [bytesToHex(raw)],
    }))
    bodies.push(JSON.stringify(batch === 1 ? calls[0] : calls))
  }
  let next = 0
  const worker = async () => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
      const answer = await post(url, body)
      if (answer.includes('"error"')) throw new Error(`Refused: ${answer.slice(0, 300)}`)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
}

/** Resolves when blocks from `from` on hold this many transactions; gives the last block's number. */
export async function untilMined(url: string, from: number, count: number): Promise<number> {
  const deadlineMs = Date.now() + 120_000
  let block = from
  let mined = 0
  while (mined < count) {
    if (Number(await callRpc(url, 'eth_blockNumber', [])) >= block) {
      const hex = `0x${block.toString(16)}`
      mined += Number(await callRpc(url, 'eth_getBlockTransactionCountByNumber', [hex]))
      block++
    } else if (Date.now() > deadlineMs) throw new Error(`Only ${mined} of ${count} were mined`)
    else await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return block
}

export async function callRpc(url: string, method: string, params: unknown[]): Promise<unknown> {
  const answer: unknown = JSON.parse(
    await post(url, JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })),
  )
  if (typeof answer !== 'object' || answer === null || !('result' in answer))
    throw new Error(`${method}: ${JSON.stringify(answer)}`)
  return answer.result
}

function post(url: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    }
    const outgoing = request(url, { method: 'POST', agent, headers }, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('end', () => resolve(Buffer.concat(chunks).toString()))
      incoming.on('error', reject)
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
