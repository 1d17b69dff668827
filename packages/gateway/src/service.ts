import type { Hex } from '@quoin/kernel'
import type { Model, ModelHost, ServiceClass } from '@quoin/models'
import type { Price } from '@quoin/protocol'
import { gatewayError } from './errors.ts'

/** A model as it is sold here: an entry of the price list. */
export interface Service extends Price {
  /** Its id in the Registry (bytes32). */
  serviceId: Hex
  modelId: string
  class: ServiceClass
  /** Where its income goes: the till of its split; default the provider. */
  payTo?: Hex
}

/** A service and the model behind it. */
export interface Offer {
  service: Service
  model: Model
}

/** A free service needs no payment and gives no receipt. */
export function isFree(service: Service): boolean {
  const { callAtomic, inAtomicPerMillion, outAtomicPerMillion } = service
  return callAtomic === 0n && inAtomicPerMillion === 0n && outAtomicPerMillion === 0n
}

/** What is on offer: every service of the price list whose model the host has. */
export class Catalogue {
  readonly #models: ModelHost
  readonly #services: ReadonlyMap<string, Service>

  constructor(models: ModelHost, services: ReadonlyMap<string, Service>) {
    this.#models = models
    this.#services = services
  }

  /** @throws CodedError `MODEL_NOT_FOUND` */
  get(modelId: string): Offer {
    const service = this.#services.get(modelId)
    const model = this.#models.models.get(modelId)
    if (service && model) return { service, model }
    throw gatewayError(
      'MODEL_NOT_FOUND',
      `The model '${modelId.slice(0, 100)}' is not served here; GET /v1/models lists what is`,
      { param: 'model' },
    )
  }

  list(): Offer[] {
    return [...this.#services.values()].flatMap((service) => {
      const model = this.#models.models.get(service.modelId)
      return model ? [{ service, model }] : []
    })
  }
}
