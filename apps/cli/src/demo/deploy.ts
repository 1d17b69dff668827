import type { Hex } from '@quoin/kernel'
import { artifactIdOf } from '@quoin/ledger'
import { cliError } from '../exit-codes.ts'
import { formatCredit } from '../output/amounts.ts'
import type { Deed, Stage } from './stage.ts'

/**
 * The model as an artifact, and a service that sells it. A node publishes what it has when it starts, so the
 * transactions may be older than the demo; what the registry says is checked either way.
 */
export async function deploy(stage: Stage): Promise<Deed> {
  const { consumer, model, token } = stage
  const { callAtomic, inAtomicPerMillion, outAtomicPerMillion } = model.quoin
  const price = { callAtomic, inAtomicPerMillion, outAtomicPerMillion }
  const published = await consumer.node.publish(token, { model: model.id, ...price })
  const { registry } = consumer.ledger
  const artifactId = artifactIdOf(published.modelCid)
  const [artifact, service] = await Promise.all([
    registry.artifact(artifactId),
    registry.service(published.serviceId),
  ])
  if (!artifact || !service?.active)
    throw cliError(
      'CHECK_FAILED',
      `The registry does not have ${model.id}, though it was published`,
    )
  const transactions = [
    {
      doing: 'artifact',
      hash: published.artifactTransaction ?? (await findFirstEvent(stage, artifactId)),
    },
    {
      doing: 'service',
      hash: published.serviceTransaction ?? (await findFirstEvent(stage, service.id)),
    },
  ]
  const { provider, name, verification, runtimeId } = service
  return {
    summary: `${model.quoin.title} is an artifact, and a service sells it: ${priceOf(model.quoin)}`,
    transactions,
    creditsSpent: 0n,
    detail: {
      artifact: {
        id: artifact.id,
        cid: artifact.cid,
        owner: artifact.owner,
        licence: artifact.terms,
      },
      service: { id: service.id, name, provider, verification, runtimeId, price },
    },
  }
}

function priceOf(quoin: Stage['model']['quoin']): string {
  const { unit, inAtomicPerMillion, outAtomicPerMillion } = quoin
  const input = `${formatCredit(inAtomicPerMillion)} in`
  if (outAtomicPerMillion === 0n) return `${input} for 1M ${unit}s`
  return `${input}, ${formatCredit(outAtomicPerMillion)} out for 1M ${unit}s`
}

/** The transaction that first wrote an entry of the registry: each of its events has the id as first topic. */
async function findFirstEvent({ consumer }: Stage, id: Hex): Promise<Hex> {
  const { client, addresses } = consumer.ledger
  const logs = await client.request({
    method: 'eth_getLogs',
    params: [{ address: addresses.registry, topics: [null, id], fromBlock: '0x0' }],
  })
  const hash = logs[0]?.transactionHash
  if (hash) return hash
  throw cliError('CHECK_FAILED', `The registry has ${id}, and no event of it is on the chain`)
}
