import { parseCid, verifyAnswer } from '@quoin/artifacts'
import { createNodeApi, endpointsOf, requestReading } from '@quoin/exchange'
import { bytesToHex } from '@quoin/kernel'
import { type DataHolder, openDataHolder } from '../client/data-holder.ts'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { describeBytes } from '../output/progress-bar.ts'

interface Verdict {
  node: string
  isProven: boolean
  reason: string | null
  samples: number
  bytes: number
}

/** Asks each node for random places that nobody knew before; believes nothing but the CID. */
export async function verifyData(
  context: Context,
  { cid, samples, from }: { cid: string; samples: number; from?: string },
): Promise<void> {
  if (samples > 64) throw cliError('USAGE', 'At most 64 samples go into one challenge')
  await using reader = await openDataHolder(context, cid)
  const nodes = from === undefined ? await endpointsOf(reader.ledger, cid) : [from]
  const { terminal } = context
  const verdicts: Verdict[] = []
  for (const node of nodes) {
    terminal.progress(`Challenging ${node} …`)
    verdicts.push(await challenge(context, reader, { cid, samples, node }))
  }
  terminal.progress(null)
  terminal.document({ cid, verdicts })
  for (const { node, isProven, reason, bytes } of verdicts)
    terminal.line(
      isProven
        ? `${terminal.style('green', 'has it')}  ${node}  (${samples} random places, ${describeBytes(bytes)} checked)`
        : `${terminal.style('red', 'has not proven it')}  ${node}  ${reason}`,
    )
  if (verdicts.length === 0)
    throw cliError('NOT_REACHABLE', `No node of ${cid} is in the registry: name one with --from`)
  if (verdicts.some(({ isProven }) => !isProven))
    throw cliError('VERIFICATION_FAILED', `Not every node has shown that it has ${cid}`)
}

async function challenge(
  { signal }: Context,
  { holder, ledger }: DataHolder,
  { cid, samples, node }: { cid: string; samples: number; node: string },
): Promise<Verdict> {
  const api = createNodeApi(node, { signal })
  const seed = crypto.getRandomValues(new Uint8Array(32))
  try {
    const { isEncrypted, access, node: account } = await api.describe(cid)
    const needsToken = !isEncrypted && access === 'licensed'
    const token = needsToken
      ? await requestReading(api, { cid, node: account }, { ledger, holder })
      : null
    const asked = { root: parseCid(cid), seed, count: samples }
    const answer = api.challenge(cid, { seed: bytesToHex(seed), count: samples }, token)
    const { bytes } = await verifyAnswer(asked, answer, { signal })
    return { node, isProven: true, reason: null, samples, bytes }
  } catch (error) {
    signal.throwIfAborted()
    const reason = error instanceof Error ? error.message : 'it failed'
    return { node, isProven: false, reason, samples, bytes: 0 }
  }
}
