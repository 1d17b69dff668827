import { type Logger, silentLogger } from '@quoin/kernel'
import { embeddedModels } from './catalog/embedded-models.ts'
import { loadFiles } from './catalog/load-files.ts'
import { createManifest, type ModelDefinition } from './core/definition.ts'
import type { ModelFiles } from './core/engine.ts'
import { checkFiles, createModel } from './core/model.ts'
import type { Model, ModelHost, RuntimeName } from './interface.ts'
import { checkRuntime } from './runtime/open-backend.ts'
import { createBatchingExecutor, createPoolExecutor } from './runtime/pool-executor.ts'
import { WorkerPool } from './runtime/worker-pool.ts'

export interface ModelHostOptions {
  logger?: Logger
  /** What to serve; the embedded models by default. */
  models?: readonly ModelDefinition[]
  /** Gets a model's files; by default those that this package brings. They are checked against their CIDs. */
  loadFiles?: (definition: ModelDefinition) => Promise<ModelFiles>
  /** Threads of each model: one at the start, more while calls wait. Default 1. */
  maxWorkersPerModel?: number
  /** Calls of each model that may wait; one more gets `OVERLOADED`. Default 256. */
  maxQueue?: number
  /** How long each worker exercises its model before it takes calls (V8 compiles hot code). Default 400. */
  warmUpMs?: number
}

/** Texts that one worker makes in turns, a token of each at a time. */
const generationsPerWorker = 4

/**
 * Checks the files of the models, starts a worker for each and gives them at once; `ready` tells
 * when they are warm, and calls made before that wait.
 * @throws CodedError `MODEL_CORRUPT` when files or runtime are not those that the manifests promise
 */
export async function createModelHost(options: ModelHostOptions = {}): Promise<ModelHost> {
  const { models: definitions = embeddedModels, logger = silentLogger } = options
  const runtimes = new Set(definitions.map(({ runtime }) => runtime))
  await Promise.all([...runtimes].map(checkRuntime))
  await using scope = new AsyncDisposableStack()
  const { loadFiles: load = ({ architecture }) => loadFiles(architecture) } = options
  const loaded = new Map<string, Promise<ModelFiles>>()
  const models = new Map<string, Model>()
  const pools: WorkerPool[] = []
  for (const definition of definitions) {
    const { model } = definition.files
    const loading = loaded.get(model) ?? load(definition).then(toSharedMemory)
    loaded.set(model, loading)
    const files = await loading
    await checkFiles(definition, files)
    const pool = scope.use(createPool(definition, files, { ...options, logger }))
    pools.push(pool)
    const executor = createExecutor(definition, pool, options)
    models.set(
      definition.id,
      createModel(await createManifest(definition), definition, { files, executor }),
    )
  }
  const lifetime = scope.move()
  return {
    models,
    async ready() {
      await Promise.all(pools.map((pool) => pool.ready()))
    },
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  }
}

function createPool(
  { id, architecture, runtime, task }: ModelDefinition,
  files: ModelFiles,
  {
    maxWorkersPerModel = 1,
    maxQueue = 256,
    warmUpMs = 400,
    logger = silentLogger,
  }: ModelHostOptions,
): WorkerPool {
  return new WorkerPool({
    setup: { runtime, architecture, files, warmUpMs },
    maxWorkers: maxWorkersPerModel,
    callsPerWorker: task === 'generation' ? generationsPerWorker : 1,
    maxQueue,
    logger: logger.child({ model: id }),
  })
}

const batchingRuntimes: ReadonlySet<RuntimeName> = new Set(['onnx-native'])

function createExecutor(
  { runtime, task, limits }: ModelDefinition,
  pool: WorkerPool,
  { maxWorkersPerModel = 1, maxQueue = 256 }: ModelHostOptions,
) {
  if (!batchingRuntimes.has(runtime) || task === 'generation') return createPoolExecutor(pool)
  return createBatchingExecutor(pool, {
    maxRows: limits.maxBatch,
    maxRuns: maxWorkersPerModel,
    maxQueue,
  })
}

/** Workers then read one copy instead of getting one each. */
function toSharedMemory(files: ModelFiles): ModelFiles {
  return Object.fromEntries(
    Object.entries(files).map(([role, bytes]) => {
      const shared = new Uint8Array(new SharedArrayBuffer(bytes.length))
      shared.set(bytes)
      return [role, shared]
    }),
  )
}
