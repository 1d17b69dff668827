import type { Embedding } from '../core/engine.ts'
import { modelError } from '../core/errors.ts'
import type { Executor } from '../core/model.ts'
import { outputNamed } from '../core/rows.ts'
import { concatRows, sliceRows } from '../core/tensor.ts'
import type { GenerateChunk, GenerateRequest, Tensor } from '../interface.ts'
import { Batcher } from './batcher.ts'
import type { Work, WorkResult } from './protocol.ts'
import type { RunOptions, WorkerPool } from './worker-pool.ts'

type Tensors = Record<string, Tensor>

/** Runs each call as it is. */
export function createPoolExecutor(pool: WorkerPool): Executor {
  return {
    infer: (inputs, signal) => infer(pool, inputs, { signal }),
    embed: (texts, signal) => embed(pool, texts, { signal }),
    generate: (request, signal) => generate(pool, request, signal),
  }
}

export interface BatchLimits {
  maxRows: number
  maxRuns: number
  maxQueue: number
}

/** Joins the rows of concurrent calls into one run, for runtimes whose class allows it. */
export function createBatchingExecutor(pool: WorkerPool, limits: BatchLimits): Executor {
  const texts = new Batcher<readonly string[], Embedding[]>({
    ...limits,
    rowsOf: ({ length }) => length,
    keyOf: () => '',
    run: async (calls) => cut(await embed(pool, calls.flat(), {}), calls),
  })
  const tensors = new Batcher<Tensors, Tensors>({
    ...limits,
    rowsOf: rowCount,
    keyOf: rowForm,
    run: async (calls) => splitTensors(await infer(pool, joinTensors(calls), {}), calls),
  })
  return {
    ...createPoolExecutor(pool),
    infer: (inputs, signal) => tensors.submit(inputs, signal),
    embed: (items, signal) => texts.submit(items, signal),
  }
}

async function infer(pool: WorkerPool, inputs: Tensors, options: RunOptions): Promise<Tensors> {
  const result = await pool.run({ kind: 'infer', inputs }, options)
  if (result.kind === 'infer') return result.outputs
  throw mixedUp(result)
}

async function embed(
  pool: WorkerPool,
  texts: readonly string[],
  options: RunOptions,
): Promise<Embedding[]> {
  const result = await pool.run({ kind: 'embed', texts }, options)
  if (result.kind === 'embed') return result.embeddings
  throw mixedUp(result)
}

function mixedUp({ kind }: WorkResult): Error {
  return modelError('MODEL_FAILED', `The worker answered another kind of call (${kind})`)
}

async function* generate(
  pool: WorkerPool,
  request: GenerateRequest,
  signal?: AbortSignal,
): AsyncGenerator<GenerateChunk> {
  // A consumer that stops reading stops the model too.
  const stopped = new AbortController()
  const anySignal = signal ? AbortSignal.any([signal, stopped.signal]) : stopped.signal
  const chunks: GenerateChunk[] = []
  let wake = Promise.withResolvers<void>()
  let settled = false
  const onChunk = (chunk: GenerateChunk) => {
    chunks.push(chunk)
    wake.resolve()
  }
  const work: Work = { kind: 'generate', request }
  const done = pool.run(work, { signal: anySignal, onChunk }).finally(() => {
    settled = true
    wake.resolve()
  })
  done.catch(() => undefined)
  try {
    for (;;) {
      yield* chunks.splice(0)
      if (chunks.length > 0) continue
      if (settled) break
      await wake.promise
      wake = Promise.withResolvers()
    }
    await done
  } catch (error) {
    if (!signal?.aborted) throw error
    // Aborted while it waited for a worker: nothing was made.
    yield { type: 'end', reason: 'aborted', promptTokens: 0, completionTokens: 0 }
  } finally {
    stopped.abort()
  }
}

function rowCount(inputs: Tensors): number {
  return Object.values(inputs)[0]?.shape[0] ?? 0
}

function rowForm(inputs: Tensors): string {
  return Object.entries(inputs)
    .map(([name, { type, shape }]) => `${name}:${type}[${shape.slice(1)}]`)
    .sort()
    .join()
}

function joinTensors(calls: readonly Tensors[]): Tensors {
  const names = Object.keys(calls[0] ?? {})
  return Object.fromEntries(
    names.map((name) => [name, concatRows(calls.map((call) => outputNamed(call, name)))]),
  )
}

function splitTensors(outputs: Tensors, calls: readonly Tensors[]): Tensors[] {
  let from = 0
  return calls.map((call) => {
    const to = from + rowCount(call)
    const part = Object.fromEntries(
      Object.entries(outputs).map(([name, tensor]) => [name, sliceRows(tensor, from, to)]),
    )
    from = to
    return part
  })
}

function cut(embeddings: readonly Embedding[], calls: readonly (readonly string[])[]) {
  let from = 0
  return calls.map(({ length }) => {
    from += length
    return embeddings.slice(from - length, from)
  })
}
