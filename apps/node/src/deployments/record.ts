import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { deploymentError } from './errors.ts'

const amount = z.string().regex(/^\d+$/).transform(BigInt)

const deployedVersion = z.object({
  version: z.string(),
  /** CID of the file's bytes, under which it is kept. */
  fileCid: z.string(),
  /** Read from the node's artifacts at each start, and not kept here: it may be encrypted there. */
  isArtifact: z.boolean(),
  /** CID of the artifact that it is in the registry. */
  artifactCid: z.string(),
  runtime: z.enum(['onnx-wasm', 'onnx-native']),
  title: z.string(),
  description: z.string(),
  licence: z.string(),
  callAtomic: amount,
  rowAtomic: amount,
  deployedAt: z.string(),
})
export type DeployedVersion = z.output<typeof deployedVersion>

const deploymentRecord = z.object({
  name: z.string(),
  current: z.string(),
  /** What a rollback goes back to. */
  previous: z.string().nullable(),
  canary: z.object({ version: z.string(), share: z.number() }).nullable(),
  versions: z.array(deployedVersion).min(1),
})

/** What the node serves under a name, as it survives a restart. */
export type DeploymentRecord = z.output<typeof deploymentRecord>

/** A folder with a record for each name, and the model files by their CIDs. */
export class DeploymentFolder {
  readonly #path: string

  private constructor(path: string) {
    this.#path = path
  }

  static async open(path: string): Promise<DeploymentFolder> {
    await mkdir(join(path, 'files'), { recursive: true, mode: 0o700 })
    return new DeploymentFolder(path)
  }

  /** The names that have a record. */
  async names(): Promise<string[]> {
    const files = (await readdir(this.#path)).filter((name) => name.endsWith('.json'))
    return files.map((name) => name.slice(0, -'.json'.length)).sort()
  }

  /** @throws CodedError `DEPLOYMENT_STATE` for a record that is not one of ours */
  async read(name: string): Promise<DeploymentRecord> {
    const path = join(this.#path, `${name}.json`)
    try {
      return deploymentRecord.parse(JSON.parse(await readFile(path, 'utf8')))
    } catch (cause) {
      const message = `${path} is not the record of a deployment: move it away, and deploy again`
      throw deploymentError('DEPLOYMENT_STATE', message, cause)
    }
  }

  async write(record: DeploymentRecord): Promise<void> {
    const text = JSON.stringify(record, (_, value) =>
      typeof value === 'bigint' ? `${value}` : value,
    )
    await writeWhole(this.#path, `${record.name}.json`, text)
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.#path, `${name}.json`), { force: true })
  }

  /** Files stay when their versions retire: what was served can be checked later. */
  async keepFile(cid: string, bytes: Uint8Array): Promise<void> {
    await writeWhole(join(this.#path, 'files'), `${cid}.onnx`, bytes)
  }

  file(cid: string): Promise<Uint8Array> {
    return readFile(join(this.#path, 'files', `${cid}.onnx`))
  }
}

/** Whole and durable, or not at all. */
async function writeWhole(folder: string, name: string, content: string | Uint8Array) {
  const path = join(folder, name)
  {
    await using file = await open(`${path}.new`, 'w', 0o600)
    await file.writeFile(content)
    await file.sync()
  }
  await rename(`${path}.new`, path)
  await using directory = await open(folder, 'r')
  await directory.sync()
}
