import { readFile, utimes, writeFile } from 'node:fs/promises'
import type { Exchange, PublishOrder } from '@quoin/exchange'
import { nodeJobError } from './errors.ts'

/** Thrown at the exchange's last step but one, which it documents to be gone on from by the same order. */
class Stored extends Error {}

/** Outputs get one time, so that the same output of the same job is one source, whenever it was written. */
const sourceTime = new Date('2020-01-01T00:00:00Z')

/**
 * Stores a file as an artifact and stops before its registration: a job's outputs need all their CIDs in the
 * result that is signed before the first is registered. The memo tells after a kill under which CID an
 * encrypted output lies already. @returns the CID
 */
export async function storeUnregistered(
  exchange: Exchange,
  order: PublishOrder,
  { plainCid, memo }: { plainCid: string; memo: string },
): Promise<string> {
  await utimes(order.source, sourceTime, sourceTime)
  const before = await storedBefore(exchange, plainCid, memo)
  const cid = before ?? (await store(exchange, order, plainCid))
  await writeFile(memo, JSON.stringify({ cid, plainCid }), { mode: 0o600 })
  return cid
}

async function store(exchange: Exchange, order: PublishOrder, plainCid: string): Promise<string> {
  try {
    const { cid } = await exchange.publish(order, {
      onProgress: ({ stage }) => {
        if (stage === 'register') throw new Stored()
      },
    })
    return cid
  } catch (error) {
    if (!(error instanceof Stored)) throw error
  }
  if (!order.encrypt) return plainCid
  const record = exchange.list().findLast(({ source }) => source?.startsWith(`${order.source} `))
  if (record) return record.cid
  throw nodeJobError('JOB_REFUSED', `What was stored of ${order.source} is not in the catalogue`)
}

async function storedBefore(
  exchange: Exchange,
  plainCid: string,
  memo: string,
): Promise<string | null> {
  const text = await readFile(memo, 'utf8').catch(() => null)
  if (text === null) return null
  const known: unknown = JSON.parse(text)
  if (typeof known !== 'object' || known === null || !('cid' in known) || !('plainCid' in known))
    return null
  const isThere = exchange.list().some(({ cid }) => cid === known.cid)
  return known.plainCid === plainCid && isThere && typeof known.cid === 'string' ? known.cid : null
}
