import type { Publication, PublishRequest, Service } from '@quoin/gateway'
import { CodedError, type Hex } from '@quoin/kernel'
import type { Ledger } from '@quoin/ledger'
import type { ModelHost, ModelManifest } from '@quoin/models'
import { defaultPrice } from './prices.ts'
import { createPublisher, registeredPrice } from './publish.ts'

/** What the node sells, kept equal to what the registry says of it. */
export class Catalogue {
  /** By model id; the gateway reads it at every call. */
  readonly services = new Map<string, Service>()
  readonly #models: ModelHost
  readonly #ledger: Ledger
  readonly #provider: Hex

  constructor({ models, ledger, provider }: { models: ModelHost; ledger: Ledger; provider: Hex }) {
    this.#models = models
    this.#ledger = ledger
    this.#provider = provider
  }

  /** Writes to the registry what is missing there: provider, artifacts, services. Prices set before stay. */
  async publishAll(endpoint: string): Promise<void> {
    const publisher = createPublisher(this.#ledger, this.#provider)
    await publisher.registerProvider(endpoint)
    const manifests = [...this.#models.models.values()].map(({ manifest }) => manifest)
    await Promise.all(
      oncePerArtifact(manifests).map(async (sharing) => {
        for (const manifest of sharing) await this.#publishAtCurrentPrice(manifest)
      }),
    )
  }

  /** @throws CodedError `UNKNOWN_MODEL` */
  async publish({ model, ...price }: PublishRequest): Promise<Publication> {
    const manifest = this.#models.models.get(model)?.manifest
    if (!manifest)
      throw new CodedError(
        'UNKNOWN_MODEL',
        `This node has no model '${model}'; GET /v1/models lists what it has`,
      )
    const { service, publication } = await createPublisher(this.#ledger, this.#provider).publish(
      manifest,
      price,
    )
    this.services.set(model, service)
    return publication
  }

  async #publishAtCurrentPrice(manifest: ModelManifest): Promise<void> {
    const price = await registeredPrice(this.#ledger, this.#provider, manifest)
    await this.publish({ model: manifest.id, ...(price ?? defaultPrice(manifest)) })
  }
}

/** Models of one artifact in one row: the artifact must be published before the second service. */
function oncePerArtifact(manifests: readonly ModelManifest[]): ModelManifest[][] {
  return [...Map.groupBy(manifests, ({ modelCid }) => modelCid).values()]
}
