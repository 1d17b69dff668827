import type { Publication, Service } from '@quoin/gateway'
import { CodedError, type Hex } from '@quoin/kernel'
import { artifactIdOf, type Ledger, type ServicePrice, serviceIdOf } from '@quoin/ledger'
import type { ModelManifest } from '@quoin/models'
import type { Price } from '@quoin/protocol'

/** What the provider writes to the registry for the models that it sells. */
export interface Publisher {
  /** Registers the provider's endpoint and receipt signer, unless the registry says the same already. */
  registerProvider(endpoint: string): Promise<Hex | null>
  /** Registers the model as an artifact and a service at this price; writes only what is missing or changed. */
  publish(
    manifest: ModelManifest,
    price: Price,
  ): Promise<{ service: Service; publication: Publication }>
  /** Says in the registry that a service is no more. */
  withdraw(serviceId: Hex): Promise<void>
}

export function createPublisher(ledger: Ledger, provider: Hex): Publisher {
  const { registry, addresses } = ledger

  async function publishArtifact({ modelCid, licence }: ModelManifest): Promise<Hex | null> {
    const known = await registry.artifact(artifactIdOf(modelCid))
    if (known) return null
    const order = { cid: modelCid, kind: 'model', terms: licence } as const
    return (await registry.publishArtifact(order)).transactionHash
  }

  async function publishService(manifest: ModelManifest, price: ServicePrice): Promise<Hex | null> {
    const artifact = artifactIdOf(manifest.modelCid)
    const id = serviceIdOf(provider, artifact, manifest.id)
    const known = await registry.service(id)
    if (known?.active && isSamePrice(known.price, price)) return null
    if (known) return (await registry.changeService(id, { active: true, price })).transactionHash
    const { transactionHash } = await registry.registerService({
      name: manifest.id,
      artifact,
      runtimeId: manifest.runtimeId,
      verification: manifest.class === 'verifiable' ? 'deterministic' : 'signed',
      price,
    })
    return transactionHash
  }

  /** Where a lineage has shares of the income, it goes to the split's till. */
  async function tillOf(serviceId: Hex): Promise<Hex | null> {
    const service = await registry.service(serviceId)
    return service && BigInt(service.split) !== 0n ? ledger.splits.till(service.split) : null
  }

  return {
    async registerProvider(endpoint) {
      const known = await registry.provider(provider)
      if (known?.endpoint === endpoint && isSameAddress(known.receiptSigner, provider)) return null
      return (await registry.registerProvider({ endpoint, receiptSigner: provider }))
        .transactionHash
    },
    async withdraw(serviceId) {
      const known = await registry.service(serviceId)
      if (!known?.active) return
      await registry.changeService(serviceId, { active: false, price: known.price })
    },
    async publish(manifest, price) {
      const artifactTransaction = await publishArtifact(manifest)
      const onChain = priceOnChain(price, addresses.credit, manifest.unit)
      const serviceTransaction = await publishService(manifest, onChain)
      const serviceId = serviceIdOf(provider, artifactIdOf(manifest.modelCid), manifest.id)
      const payTo = await tillOf(serviceId)
      const service = {
        ...price,
        serviceId,
        modelId: manifest.id,
        class: manifest.class,
        ...(payTo && { payTo }),
      }
      const publication = {
        modelCid: manifest.modelCid,
        serviceId,
        artifactTransaction,
        serviceTransaction,
      }
      return { service, publication }
    },
  }
}

/** The price that the registry has for a model, if the provider sells it already. */
export async function registeredPrice(
  ledger: Ledger,
  provider: Hex,
  manifest: ModelManifest,
): Promise<Price | null> {
  const id = serviceIdOf(provider, artifactIdOf(manifest.modelCid), manifest.id)
  const service = await ledger.registry.service(id)
  if (!service) return null
  const { input, output, call, unitSize } = service.price
  if (unitSize !== unitsPriced)
    throw new CodedError(
      'FOREIGN_PRICE',
      `The registry's price of ${manifest.id} is for ${unitSize} units, not ${unitsPriced}`,
    )
  return { callAtomic: call, inAtomicPerMillion: input, outAtomicPerMillion: output }
}

const unitsPriced = 1_000_000n

function priceOnChain(price: Price, token: Hex, unit: string): ServicePrice {
  const { callAtomic: call, inAtomicPerMillion: input, outAtomicPerMillion: output } = price
  return { token, input, output, call, unitSize: unitsPriced, unit }
}

function isSamePrice(a: ServicePrice, b: ServicePrice): boolean {
  return (
    isSameAddress(a.token, b.token) &&
    a.input === b.input &&
    a.output === b.output &&
    a.call === b.call &&
    a.unitSize === b.unitSize &&
    a.unit === b.unit
  )
}

function isSameAddress(a: Hex, b: Hex): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
