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

/** A name that several versions of a model answer to, each a model and a service of its own. */
export interface Release {
  name: string
  /** By version, the id of its model. */
  versions: ReadonlyMap<string, string>
  /** The version that answers who asks for none. */
  current: string
  /** The version that answers a share of those calls instead, from 0 to 1. */
  canary: { version: string; share: number } | null
}

/** A service and the model behind it, as its callers know it. */
export interface Offer {
  name: string
  version: string
  service: Service
  model: Model
}

/** A free service needs no payment and gives no receipt. */
export function isFree(service: Service): boolean {
  const { callAtomic, inAtomicPerMillion, outAtomicPerMillion } = service
  return callAtomic === 0n && inAtomicPerMillion === 0n && outAtomicPerMillion === 0n
}

/** Of a model without releases. */
const onlyVersion = '1'

export interface CatalogueParts {
  models: ModelHost
  services: ReadonlyMap<string, Service>
  releases?: ReadonlyMap<string, Release>
}

/** What is on offer: every service of the price list whose model the host has. */
export class Catalogue {
  readonly #models: ModelHost
  readonly #services: ReadonlyMap<string, Service>
  readonly #releases: ReadonlyMap<string, Release>

  constructor({ models, services, releases = new Map() }: CatalogueParts) {
    this.#models = models
    this.#services = services
    this.#releases = releases
  }

  /**
   * `version` asks for one; else `call`, the hash that names a call, decides whether it goes to a canary: always
   * alike, so that a call that is made again with its payment gets the terms that it was told.
   * @throws CodedError `MODEL_NOT_FOUND`
   */
  get(name: string, { version, call }: { version?: string; call?: Hex } = {}): Offer {
    const release = this.#releases.get(name)
    const offer = release
      ? this.#released(release, version ?? versionFor(release, call))
      : this.#plain(name, version)
    if (offer) return offer
    const versions = release && version !== undefined ? [...release.versions.keys()].join(', ') : ''
    throw gatewayError(
      'MODEL_NOT_FOUND',
      versions
        ? `${name} has no version '${version?.slice(0, 100)}' here; it has ${versions}`
        : `The model '${name.slice(0, 100)}' is not served here; GET /v1/models lists what is`,
      { param: 'model' },
    )
  }

  /** The versions that a name has, the one that answers by default among them. */
  versions(name: string): string[] {
    return [...(this.#releases.get(name)?.versions.keys() ?? [onlyVersion])]
  }

  list(): Offer[] {
    const released = [...this.#releases.values()]
    const behind = new Set(released.flatMap(({ versions }) => [...versions.values()]))
    const plain = [...this.#services.keys()].filter((id) => !behind.has(id))
    return [
      ...plain.map((id) => this.#plain(id)),
      ...released.map((release) => this.#released(release, release.current)),
    ].filter((offer) => offer !== null)
  }

  #plain(id: string, version = onlyVersion): Offer | null {
    if (version !== onlyVersion) return null
    return this.#offer(id, { name: id, version })
  }

  #released({ name, versions }: Release, version: string): Offer | null {
    const id = versions.get(version)
    return id === undefined ? null : this.#offer(id, { name, version })
  }

  #offer(id: string, as: { name: string; version: string }): Offer | null {
    const service = this.#services.get(id)
    const model = this.#models.models.get(id)
    return service && model ? { ...as, service, model } : null
  }
}

function versionFor({ current, canary }: Release, call: Hex | undefined): string {
  if (canary === null || call === undefined) return current
  return Number.parseInt(call.slice(2, 10), 16) / 2 ** 32 < canary.share ? canary.version : current
}
