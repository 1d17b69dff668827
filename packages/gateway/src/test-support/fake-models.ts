import { CodedError, type Hex } from '@quoin/kernel'
import type { GenerateRequest, Model, ModelHost, ModelManifest } from '@quoin/models'

const bytes32 = (digit: string): Hex => `0x${digit.repeat(64)}`

function manifestOf(own: Pick<ModelManifest, 'id' | 'task' | 'unit' | 'inputs' | 'outputs'>) {
  return {
    title: `Test model ${own.id}`,
    description: '',
    licence: 'Apache-2.0',
    class: 'fast',
    runtime: 'onnx-native',
    modelCid: `bafkrei-${own.id}`,
    runtimeId: bytes32('7'),
    limits: { maxBatch: 4, maxInputBytes: 10_000, maxInputTokens: 50, maxOutputTokens: 1_000_000 },
    createdAt: '2026-01-01T00:00:00Z',
    ...own,
  } satisfies ModelManifest
}

const words = (text: string) => text.split(/\s+/).filter((word) => word !== '').length
const noTensors = () => Promise.reject(new CodedError('INPUT_INVALID', 'No tensors here'))

/** Embeds a text as its length and its number of words. */
export function createFakeEmbedder(): Model {
  return {
    manifest: manifestOf({
      id: 'embedder',
      task: 'embedding',
      unit: 'token',
      inputs: [],
      outputs: [{ name: 'vectors', type: 'float32', shape: [null, 2] }],
    }),
    infer: noTensors,
    countTokens: words,
    embed: async (texts) => ({
      vectors: texts.map((text) => Float32Array.of(text.length, words(text))),
      tokens: texts.reduce((sum, text) => sum + words(text), 0),
    }),
  }
}

/** Says `tock ` for every token; knows how far it got, and can be held up and made to fail. */
export class FakeGenerator implements Model {
  readonly manifest = manifestOf({
    id: 'talker',
    task: 'generation',
    unit: 'token',
    inputs: [],
    outputs: [],
  })
  readonly infer = noTensors
  readonly countTokens = words
  made = 0
  aborted = false
  /** Awaited before each token. */
  beforeToken: (index: number, request: GenerateRequest) => Promise<void> = async () => {}

  async *generate(request: GenerateRequest, { signal }: { signal?: AbortSignal }) {
    const promptTokens = words(request.prompt)
    let tokens = 0
    while (tokens < request.maxTokens && !signal?.aborted) {
      await this.beforeToken(tokens, request)
      if (signal?.aborted) break
      tokens++
      this.made++
      yield { type: 'text' as const, text: 'tock ', tokens: 1 }
    }
    this.aborted = signal?.aborted ?? false
    const reason = this.aborted ? ('aborted' as const) : ('length' as const)
    yield { type: 'end' as const, reason, promptTokens, completionTokens: tokens }
  }
}

/** Doubles a matrix with rows of two numbers. */
export function createFakeDoubler(): Model {
  const side = { name: 'x', type: 'float32' as const, shape: [null, 2] }
  return {
    manifest: manifestOf({
      id: 'doubler',
      task: 'classification',
      unit: 'row',
      inputs: [side],
      outputs: [
        { ...side, name: 'y' },
        { name: 'rows', type: 'int64', shape: [1] },
      ],
    }),
    async infer({ x }) {
      if (!(x?.data instanceof Float32Array)) throw new CodedError('INPUT_INVALID', 'x is wrong')
      const data = x.data.map((value) => 2 * value)
      const rows = BigInt64Array.of(BigInt(x.shape[0] ?? 0))
      return {
        y: { type: 'float32', shape: x.shape, data },
        rows: { type: 'int64', shape: [1], data: rows },
      }
    },
  }
}

export function createFakeHost(models: Model[], ready = Promise.resolve()): ModelHost {
  return {
    models: new Map(models.map((model) => [model.manifest.id, model])),
    ready: () => ready,
    async [Symbol.asyncDispose]() {},
  }
}
