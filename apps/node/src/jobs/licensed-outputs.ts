import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createContentKey, encryptStream, parseCid, sealContentKey } from '@quoin/artifacts'
import type { Job, Kept, MadeOutput } from '@quoin/jobs'
import { type Hex, hexToBytes } from '@quoin/kernel'
import { z } from 'zod'
import {
  keptFolder,
  type OutputContext,
  plainCidOf,
  resultJson,
  signResult,
} from './job-outputs.ts'

const hexOf = z.custom<Hex>((value) => typeof value === 'string' && /^0x[0-9a-f]+$/.test(value))

export const licensedOrderSchema = z.strictObject({
  licensed: z.strictObject({
    account: hexOf,
    publicKey: hexOf,
    nonce: hexOf,
    tokenHash: z.string(),
  }),
})
export type LicensedOrder = z.output<typeof licensedOrderSchema>['licensed']

export const licensedPublicationSchema = z.object({
  envelopes: z.record(z.string(), z.json()),
  result: z.json(),
})

/** Encrypts the outputs to the buyer's key, and signs for the buyer what was made of what. */
export async function sealOutputs(
  context: OutputContext,
  job: Job,
  given: { outputs: readonly MadeOutput[]; order: LicensedOrder; folder: string },
): Promise<Kept> {
  const { outputs, order, folder } = given
  const kept = join(folder, keptFolder)
  await mkdir(kept, { recursive: true, mode: 0o700 })
  // As licences have it: the point with even y is meant.
  const recipient = Uint8Array.of(2, ...hexToBytes(order.publicKey))
  const envelopes: Record<string, Record<string, string>> = {}
  const named: { name: string; kind: MadeOutput['kind']; cid: string }[] = []
  for (const { name, kind, path } of outputs) {
    const cid = await plainCidOf(path)
    const contentKey = createContentKey()
    await pipeline(
      encryptStream(createReadStream(path), contentKey),
      createWriteStream(join(kept, name), { mode: 0o600 }),
    )
    envelopes[name] = { ...(await sealContentKey({ root: parseCid(cid), contentKey, recipient })) }
    named.push({ name, kind, cid })
  }
  const { result } = await signResult(context, job, named, order.account)
  return { outputs: named, publication: { envelopes, result: resultJson(result) } }
}
