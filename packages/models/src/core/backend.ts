import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-web/wasm'
import type { RuntimeName, Tensor } from '../interface.ts'
import { modelError } from './errors.ts'

/** What the core needs of ONNX Runtime; onnxruntime-web (wasm) and onnxruntime-node both have it. */
export type OrtApi = Pick<typeof import('onnxruntime-web/wasm'), 'InferenceSession' | 'Tensor'>

/** Opens models on one ONNX Runtime instance. */
export interface Backend {
  readonly runtime: RuntimeName
  /** Whether rows of different calls may share a run: their bits then depend on each other's presence. */
  readonly batches: boolean
  open(model: Uint8Array): Promise<Session>
}

export interface Session extends AsyncDisposable {
  run(inputs: Record<string, Tensor>): Promise<Record<string, Tensor>>
}

/** Part of the runtime id: any change here may change bits. */
export const sessionOptions = {
  'onnx-wasm': {
    executionProviders: ['wasm'],
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    enableCpuMemArena: true,
    enableMemPattern: true,
    logSeverityLevel: 3,
  },
  'onnx-native': {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  },
} as const satisfies Record<RuntimeName, InferenceSession.SessionOptions>

export function createBackend(ort: OrtApi, runtime: RuntimeName): Backend {
  // ORT's WebAssembly saves and restores one stack around awaits: runs must not interleave.
  let lastRun: Promise<unknown> = Promise.resolve()
  return {
    runtime,
    batches: runtime === 'onnx-native',
    async open(model) {
      // A copy, because onnxruntime-web writes defaults into the options that it is given.
      const options = structuredClone<InferenceSession.SessionOptions>(sessionOptions[runtime])
      // The native library refuses shared memory.
      const bytes = model.buffer instanceof ArrayBuffer ? model : Uint8Array.from(model)
      const session = await ort.InferenceSession.create(bytes, options)
      return {
        run(inputs) {
          const run = lastRun.then(() => runSession(ort, session, inputs))
          lastRun = run.catch(() => undefined)
          return run
        },
        async [Symbol.asyncDispose]() {
          await lastRun
          await session.release()
        },
      }
    },
  }
}

async function runSession(
  ort: OrtApi,
  session: InferenceSession,
  inputs: Record<string, Tensor>,
): Promise<Record<string, Tensor>> {
  const feeds: Record<string, OrtTensor> = {}
  for (const [name, { type, data, shape }] of Object.entries(inputs))
    feeds[name] = new ort.Tensor(type, data, shape)
  const results = await session.run(feeds).catch((cause: unknown) => {
    throw modelError('MODEL_FAILED', `The model could not run: ${String(cause)}`, { cause })
  })
  return Object.fromEntries(
    Object.entries(results).map(([name, value]) => [name, fromOrt(name, value)]),
  )
}

function fromOrt(name: string, { type, data, dims }: OrtTensor): Tensor {
  const shape = [...dims]
  if (type === 'float32' && data instanceof Float32Array) return { type, shape, data }
  if (type === 'float64' && data instanceof Float64Array) return { type, shape, data }
  if (type === 'string' && Array.isArray(data)) return { type, shape, data }
  if (type === 'int32' && data instanceof Int32Array) return { type, shape, data }
  if (type === 'int64' && data instanceof BigInt64Array) return { type, shape, data }
  if ((type === 'uint8' || type === 'bool') && data instanceof Uint8Array)
    return { type, shape, data }
  throw modelError('MODEL_FAILED', `Output ${name} has the unsupported type ${type}`)
}
