import type { ModelDefinition } from './core/definition.ts'
import type { ModelFiles } from './core/engine.ts'

/**
 * A runtime executes models. `onnx-wasm` gives the same bits everywhere (the verifiable class);
 * `onnx-native` is fast and its bits depend on the CPU (the fast class).
 */
export type RuntimeName = 'onnx-wasm' | 'onnx-native'
export type ServiceClass = 'verifiable' | 'fast'
export type Task = 'embedding' | 'generation' | 'classification' | 'regression'

export type TensorType = 'float32' | 'float64' | 'int32' | 'int64' | 'uint8' | 'bool' | 'string'
export interface Tensor {
  type: TensorType
  /** Row-major. */
  shape: number[]
  data: Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array | string[]
}

export interface TensorSpec {
  name: string
  type: TensorType
  /** null where any size goes; the first is the number of rows. */
  shape: (number | null)[]
  /** An input's second accepted type, which the model converts. */
  alternative?: TensorType
}

/** Describes a servable model; `runtimeId` and `modelCid` bind receipts to exact bits. */
export interface ModelManifest {
  /** As clients name it, such as `use-lite`. */
  id: string
  title: string
  description: string
  licence: string
  task: Task
  class: ServiceClass
  runtime: RuntimeName
  /** CIDv1 (raw, sha2-256) of the ONNX file. */
  modelCid: string
  /** sha256 hex over model, WebAssembly or native library version, glue, session options, pre- and post-processing. */
  runtimeId: `0x${string}`
  inputs: TensorSpec[]
  outputs: TensorSpec[]
  limits: {
    maxInputTokens?: number
    maxOutputTokens?: number
    maxBatch: number
    maxInputBytes: number
  }
  /** What is metered: tokens for text, one unit a row for tensors. */
  unit: 'token' | 'row'
  createdAt: string
}

export interface ModelHost extends AsyncDisposable {
  readonly models: ReadonlyMap<string, Model>
  /** Resolves when every worker has been warmed up. */
  ready(): Promise<void>
}

/** A host whose models come and go while it runs. */
export interface LiveModelHost extends ModelHost {
  /**
   * Opens a further model and answers once it is warm; what cannot be opened leaves the others as they are.
   * @throws CodedError `MODEL_CORRUPT`, `MODEL_FAILED`
   */
  add(
    definition: ModelDefinition,
    files: ModelFiles,
    options?: { signal?: AbortSignal },
  ): Promise<Model>
  /** Takes no more calls for a model, lets those that run end, and closes it. */
  remove(id: string): Promise<void>
}

/** @throws CodedError with a ModelErrorCode */
export interface Model {
  readonly manifest: ModelManifest
  /** Tensors in and out, by name (Open Inference v2). Every model has it. */
  infer(
    inputs: Record<string, Tensor>,
    options?: { signal?: AbortSignal },
  ): Promise<Record<string, Tensor>>
  /** task embedding: one unit-length vector a text. */
  embed?(
    texts: string[],
    options?: { signal?: AbortSignal },
  ): Promise<{ vectors: Float32Array[]; tokens: number }>
  /** task generation: yields text as it is made. Aborting the signal stops the model; the last chunk says what was made. */
  generate?(
    request: GenerateRequest,
    options?: { signal?: AbortSignal },
  ): AsyncIterable<GenerateChunk>
  /** task generation: the prompt for a conversation, newest message last, as the model wants it. */
  chatPrompt?(messages: readonly ChatMessage[]): string
  /** The number of tokens a text has for this model. */
  countTokens?(text: string): number
}

export interface ChatMessage {
  role: string
  content: string
}

export interface GenerateRequest {
  prompt: string
  maxTokens: number
  /** 0 takes the most likely token. */
  temperature: number
  /** Sample among the k most likely tokens; 0 for no such limit. */
  topK: number
  /** Sample among the most likely tokens that together have this probability; 1 by default. */
  topP?: number
  /** Equal requests with equal seeds give equal text. Its low 32 bits count. */
  seed: number
  /** Generation ends before the first of these. */
  stop: string[]
}

export type GenerateChunk =
  /** `tokens` of this chunk; an end may hold tokens that showed no text. */
  | { type: 'text'; text: string; tokens: number }
  | {
      type: 'end'
      reason: 'stop' | 'length' | 'aborted'
      promptTokens: number
      completionTokens: number
    }

export type ModelErrorCode =
  | 'UNKNOWN_MODEL'
  | 'INPUT_INVALID'
  | 'INPUT_TOO_LARGE'
  | 'OVERLOADED'
  | 'MODEL_FAILED'
  | 'MODEL_CORRUPT'
