import type { Deployment, Deployments, DeployRequest, Release, Service } from '@quoin/gateway'
import { CodedError, type Logger } from '@quoin/kernel'
import { defineTabular, type LiveModelHost, type ModelManifest } from '@quoin/models'
import type { Price } from '@quoin/protocol'
import { deploymentError } from './errors.ts'
import { type ModelFile, readModelFile } from './model-files.ts'
import { type DeployedVersion, DeploymentFolder, type DeploymentRecord } from './record.ts'
import { promoted, rolledBack, withoutVersion, withVersion } from './versions.ts'

export interface DeploymentOptions {
  /** Where records and files are kept. */
  path: string
  models: LiveModelHost
  /** The gateway's price list, by model id; versions are put in and taken out. */
  services: Map<string, Service>
  /** The gateway's names with versions. */
  releases: Map<string, Release>
  /** Registers what is served, and tells how it is sold. */
  publish(manifest: ModelManifest, price: Price): Promise<Service>
  /** The price that the registry has, where the model is registered already. */
  registeredPrice(manifest: ModelManifest): Promise<Price | null>
  /** Ends a service in the registry. */
  withdraw(service: Service): Promise<void>
  /** Reads an artifact that the node has or may have. */
  readArtifact(cid: string): Promise<Uint8Array>
  logger: Logger
}

/** Models that the operator had deployed, in versions; each is a model and a service of its own, `name@version`. */
export class ModelDeployments implements Deployments {
  readonly #options: DeploymentOptions
  readonly #folder: DeploymentFolder
  readonly #records = new Map<string, DeploymentRecord>()
  #last: Promise<unknown> = Promise.resolve()

  private constructor(options: DeploymentOptions, folder: DeploymentFolder) {
    this.#options = options
    this.#folder = folder
  }

  static async open(options: DeploymentOptions): Promise<ModelDeployments> {
    return new ModelDeployments(options, await DeploymentFolder.open(options.path))
  }

  /** Serves again what was served before; what cannot be is logged and left out. */
  resume(): Promise<void> {
    return this.#serially(async () => {
      for (const name of await this.#folder.names())
        try {
          await this.#resumeRecord(await this.#folder.read(name))
        } catch (error) {
          this.#options.logger.error({ name, error }, 'what was deployed cannot be read')
        }
    })
  }

  async list(): Promise<Deployment[]> {
    return [...this.#records.values()].map((record) => this.#view(record))
  }

  deploy(request: DeployRequest): Promise<Deployment> {
    return this.#serially(async () => {
      const { name } = request
      const before = this.#records.get(name) ?? null
      if (before === null && this.#options.models.models.has(name))
        throw deploymentError('DEPLOYMENT_INVALID', `${name} is a model that this node brings`)
      const { bytes, artifactCid } = await this.#read(request)
      const draft = toVersion(request, before, artifactCid)
      const record = withVersion(before, name, draft, request.canary ?? null)
      const version = await this.#serve(name, draft, bytes, before)
      const kept = { ...record, versions: [...(before?.versions ?? []), version] }
      await this.#keep(kept)
      return this.#view(kept)
    })
  }

  promote(name: string): Promise<Deployment> {
    return this.#change(name, promoted)
  }

  rollback(name: string): Promise<Deployment> {
    return this.#change(name, rolledBack)
  }

  retire(name: string, version: string | null): Promise<{ retired: string[] }> {
    return this.#serially(async () => {
      const record = this.#find(name)
      const { rest, retired } = withoutVersion(record, version)
      if (rest === null) {
        await this.#folder.remove(name)
        this.#records.delete(name)
        this.#options.releases.delete(name)
      } else await this.#keep(rest)
      const ended: Service[] = []
      for (const one of retired) ended.push(...(await this.#stop(modelIdOf(name, one))))
      for (const service of ended) await this.#options.withdraw(service)
      return { retired }
    })
  }

  async #change(
    name: string,
    change: (record: DeploymentRecord) => DeploymentRecord,
  ): Promise<Deployment> {
    return this.#serially(async () => {
      const record = change(this.#find(name))
      await this.#keep(record)
      return this.#view(record)
    })
  }

  /** On disk first: what callers see is what a restart brings back. */
  async #keep(record: DeploymentRecord): Promise<void> {
    await this.#folder.write(record)
    this.#records.set(record.name, record)
    this.#release(record)
  }

  #release({ name, current, canary, versions }: DeploymentRecord): void {
    const ids = versions.map(({ version }) => [version, modelIdOf(name, version)] as const)
    this.#options.releases.set(name, { name, current, canary, versions: new Map(ids) })
  }

  async #read({ file, cid }: DeployRequest): Promise<ModelFile> {
    if ((file === undefined) === (cid === undefined))
      throw deploymentError('DEPLOYMENT_INVALID', 'Name a file or an artifact, one of both')
    if (file !== undefined) return readModelFile(file)
    const artifactCid = cid ?? ''
    return { bytes: await this.#options.readArtifact(artifactCid), artifactCid }
  }

  async #serve(
    name: string,
    draft: Omit<DeployedVersion, 'fileCid'>,
    bytes: Uint8Array,
    before: DeploymentRecord | null,
  ): Promise<DeployedVersion> {
    const { models, services, publish } = this.#options
    const id = modelIdOf(name, draft.version)
    const { manifest, fileCid } = await this.#open(id, draft, bytes)
    try {
      const current = before && models.models.get(modelIdOf(name, before.current))?.manifest.task
      if (current && current !== manifest.task)
        throw deploymentError(
          'DEPLOYMENT_INVALID',
          `${name} is a model of ${current} and this is one of ${manifest.task}: give it another name`,
        )
      if (!draft.isArtifact) await this.#folder.keepFile(fileCid, bytes)
      services.set(id, await publish(manifest, priceOf(draft)))
      return { ...draft, fileCid }
    } catch (error) {
      await models.remove(id)
      throw error
    }
  }

  /** @throws CodedError `MODEL_REFUSED`, whatever was wrong with the file */
  async #open(id: string, version: Omit<DeployedVersion, 'fileCid'>, bytes: Uint8Array) {
    const { title, description, licence, runtime, artifactCid, deployedAt: createdAt } = version
    const offer = { id, title, description, licence, runtime, artifactCid, createdAt }
    try {
      const definition = await defineTabular(offer, bytes)
      const { manifest } = await this.#options.models.add(definition, { model: bytes })
      return { manifest, fileCid: definition.files.model }
    } catch (cause) {
      if (!(cause instanceof CodedError)) throw cause
      throw deploymentError('MODEL_REFUSED', cause.message, cause)
    }
  }

  async #resumeRecord(record: DeploymentRecord): Promise<void> {
    this.#records.set(record.name, record)
    for (const version of record.versions) await this.#resumeVersion(record.name, version)
    this.#release(record)
  }

  async #resumeVersion(name: string, version: DeployedVersion): Promise<void> {
    const { services, publish, registeredPrice, readArtifact, logger } = this.#options
    const id = modelIdOf(name, version.version)
    try {
      const bytes = version.isArtifact
        ? await readArtifact(version.artifactCid)
        : await this.#folder.file(version.fileCid)
      const { manifest } = await this.#open(id, version, bytes)
      const price = (await registeredPrice(manifest)) ?? priceOf(version)
      services.set(id, await publish(manifest, price))
    } catch (error) {
      logger.error({ model: id, error }, 'a deployed model cannot be served')
    }
  }

  /** The service that it was, if it was one. */
  async #stop(id: string): Promise<Service[]> {
    const { models, services } = this.#options
    const service = services.get(id)
    services.delete(id)
    await models.remove(id)
    return service ? [service] : []
  }

  #find(name: string): DeploymentRecord {
    const record = this.#records.get(name)
    if (record) return record
    const names = [...this.#records.keys()].join(', ')
    throw deploymentError(
      'DEPLOYMENT_UNKNOWN',
      `No model was deployed as '${name}'; ${names ? `there are ${names}` : 'there is none'}`,
    )
  }

  #view({ name, current, previous, canary, versions }: DeploymentRecord): Deployment {
    const { models, services } = this.#options
    const manifest = models.models.get(modelIdOf(name, current))?.manifest
    const title = versions.find(({ version }) => version === current)?.title ?? name
    return {
      ...{ name, title, task: manifest?.task ?? 'unknown', current, previous, canary },
      versions: versions.flatMap((one) => {
        const id = modelIdOf(name, one.version)
        const [found, service] = [models.models.get(id)?.manifest, services.get(id)]
        if (!found || !service) return []
        return {
          version: one.version,
          modelCid: one.artifactCid,
          runtimeId: found.runtimeId,
          class: found.class,
          serviceId: service.serviceId,
          callAtomic: `${service.callAtomic}`,
          rowAtomic: `${service.inAtomicPerMillion / unitsPriced}`,
          payTo: service.payTo ?? null,
          deployedAt: one.deployedAt,
        }
      }),
    }
  }

  #serially<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task)
    this.#last = result.catch(() => {})
    return result
  }
}

const unitsPriced = 1_000_000n

function modelIdOf(name: string, version: string): string {
  return `${name}@${version}`
}

function priceOf({ callAtomic, rowAtomic }: Pick<DeployedVersion, 'callAtomic' | 'rowAtomic'>) {
  return { callAtomic, inAtomicPerMillion: rowAtomic * unitsPriced, outAtomicPerMillion: 0n }
}

function toVersion(
  request: DeployRequest,
  before: DeploymentRecord | null,
  artifactCid: string,
): Omit<DeployedVersion, 'fileCid'> {
  const { name, class: serviceClass, title = name, description, licence } = request
  const { callAtomic, rowAtomic } = request
  const taken = new Set(before?.versions.map(({ version }) => version))
  let next = taken.size + 1
  while (taken.has(`${next}`)) next += 1
  return {
    version: request.version ?? `${next}`,
    artifactCid,
    isArtifact: request.cid !== undefined,
    runtime: serviceClass === 'verifiable' ? 'onnx-wasm' : 'onnx-native',
    ...{ title, description, licence, callAtomic, rowAtomic },
    deployedAt: new Date().toISOString(),
  }
}
