import type { ChatMessage, GenerateChunk, GenerateRequest, Tensor } from '../interface.ts'
import type { Backend } from './backend.ts'

/** The files of a model by role, such as `model` and `vocabulary`. */
export type ModelFiles = Readonly<Record<string, Uint8Array>>

/** A text's unit vector and the number of tokens it had. */
export interface Embedding {
  vector: Float32Array
  tokens: number
}

/**
 * A model opened on a backend, inside whatever thread runs it. Inputs have been checked for names,
 * types and shapes (`checkInputs`); the engine checks what depends on their content.
 */
export interface Engine extends AsyncDisposable {
  infer(inputs: Record<string, Tensor>): Promise<Record<string, Tensor>>
  embed?(texts: readonly string[]): Promise<Embedding[]>
  generate?(request: GenerateRequest, signal: AbortSignal): AsyncGenerator<GenerateChunk>
  /** One representative piece of work, repeated by whoever wants the code hot. */
  exercise(): Promise<void>
}

/** What turns a model's files into an engine: graph, tokenizer, pre- and post-processing. */
export interface Architecture {
  /** Raised with every change that may change an answer; part of the runtime id. */
  readonly version: number
  /** Further graphs that this code makes and runs beside the model's own. */
  readonly graphs?: Readonly<Record<string, () => Uint8Array>>
  open(backend: Backend, files: ModelFiles): Promise<Engine>
  createTokenCounter?(files: ModelFiles): (text: string) => number
  chatPrompt?(messages: readonly ChatMessage[]): string
}
