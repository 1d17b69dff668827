import { type Logger, silentLogger } from '@quoin/kernel'
import { embeddedModels } from './catalog/embedded-models.ts'
import { loadFiles } from './catalog/load-files.ts'
import { createManifest, type ModelDefinition } from './core/definition.ts'
import type { ModelFiles } from './core/engine.ts'
import { modelError } from './core/errors.ts'
import { checkFiles, createModel } from './core/model.ts'
import type { LiveModelHost, Model, RuntimeName } from './interface.ts'
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
export async function createModelHost(options: ModelHostOptions = {}): Promise<LiveModelHost> {
  const { models: definitions = embeddedModels, logger = silentLogger } = options
  const runtimes = new Set(definitions.map(({ runtime }) => runtime))
  await Promise.all([...runtimes].map(checkRuntime))
  await using scope = new AsyncDisposableStack()
  const { loadFiles: load = ({ architecture }) => loadFiles(architecture) } = options
  const loaded = new Map<string, Promise<ModelFiles>>()
  const models = new Map<string, Model>()
  const pools = new Map<string, WorkerPool>()
  scope.defer(async () => {
    await Promise.all([...pools.values()].map((pool) => pool[Symbol.asyncDispose]()))
  })
  const open = async (definition: ModelDefinition, files: ModelFiles) => {
    await checkFiles(definition, files)
    const manifest = await createManifest(definition)
    const pool = createPool(definition, files, { ...options, logger })
    const executor = createExecutor(definition, pool, options)
    return { pool, model: createModel(manifest, definition, { files, executor }) }
  }
  for (const definition of definitions) {
    const { model } = definition.files
    const loading = loaded.get(model) ?? load(definition).then(toSharedMemory)
    loaded.set(model, loading)
    const opened = await open(definition, await loading)
    pools.set(definition.id, opened.pool)
    models.set(definition.id, opened.model)
  }
  const initial = [...pools.values()]
  const lifetime = scope.move()
  return {
    models,
    async ready() {
      await Promise.all(initial.map((pool) => pool.ready()))
    },
    async add(definition, files, { signal = AbortSignal.timeout(openTimeoutMs) } = {}) {
      await checkRuntime(definition.runtime)
      const shared = toSharedMemory(files)
      if (definition.runtime === 'onnx-native') await tryInWasm(definition, shared, signal)
      const opened = await open(definition, shared)
      try {
        await untilReady(opened.pool, signal)
        if (lifetime.disposed || models.has(definition.id))
          throw modelError('MODEL_FAILED', `${definition.id} cannot be added any more`)
      } catch (error) {
        // A thread inside native code cannot be stopped without ending the process.
        if (definition.runtime === 'onnx-wasm') await opened.pool.kill()
        else await opened.pool[Symbol.asyncDispose]()
        throw error
      }
      pools.set(definition.id, opened.pool)
      models.set(definition.id, opened.model)
      return opened.model
    },
    async remove(id) {
      const pool = pools.get(id)
      models.delete(id)
      pools.delete(id)
      await pool?.[Symbol.asyncDispose]()
    },
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  }
}

/** A file that crashes or hangs native code would take the process along: WebAssembly contains it. */
async function tryInWasm(
  definition: ModelDefinition,
  files: ModelFiles,
  signal: AbortSignal,
): Promise<void> {
  await checkRuntime('onnx-wasm')
  const pool = createPool({ ...definition, runtime: 'onnx-wasm' }, files, { warmUpMs: 0 })
  try {
    await untilReady(pool, signal)
  } finally {
    await pool.kill()
  }
}

/** How long a model may take to open and answer its first example. */
const openTimeoutMs = 60_000

async function untilReady(pool: WorkerPool, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>()
  const onAbort = () =>
    aborted.reject(
      modelError('MODEL_FAILED', 'The model did not open in time: it was stopped', {
        cause: signal.reason,
      }),
    )
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await Promise.race([pool.ready(), aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
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
