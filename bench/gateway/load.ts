import { type Agent, request } from 'node:http'

export interface Target {
  url: string
  body: string
  agent: Agent
}

/** One POST over a kept-open connection. @returns its time in ms; throws unless it is answered with 200. */
export function post({ url, body, agent }: Target, payment?: string): Promise<number> {
  const started = performance.now()
  const headers: Record<string, string | number> = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  }
  if (payment !== undefined) headers['PAYMENT-SIGNATURE'] = payment
  return new Promise((resolve, reject) => {
    const call = request(url, { method: 'POST', headers, agent }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - started)
        else reject(new Error(`${url} answered ${response.statusCode}: ${text.slice(0, 500)}`))
      })
    })
    call.on('error', reject)
    call.end(body)
  })
}

/** Runs the calls with so many at a time. @returns what it took in ms */
export async function inParallel(
  calls: readonly (() => Promise<unknown>)[],
  width: number,
): Promise<number> {
  const started = performance.now()
  let next = 0
  const worker = async (): Promise<void> => {
    for (let call = calls[next++]; call; call = calls[next++]) await call()
  }
  await Promise.all(Array.from({ length: width }, worker))
  return performance.now() - started
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}
