import type { ErrorDetail } from '@quoin/kernel'
import type { ArchitectureName } from '../core/architectures.ts'
import type { Embedding, ModelFiles } from '../core/engine.ts'
import type { GenerateChunk, GenerateRequest, RuntimeName, Tensor } from '../interface.ts'

/** What a worker is started with. Files lie in shared memory. */
export interface WorkerSetup {
  runtime: RuntimeName
  architecture: ArchitectureName
  files: ModelFiles
  /** How long to exercise the model before taking calls, so that V8 has compiled its hot code. */
  warmUpMs: number
}

export type Work =
  | { kind: 'infer'; inputs: Record<string, Tensor> }
  | { kind: 'embed'; texts: readonly string[] }
  | { kind: 'generate'; request: GenerateRequest }

export type WorkResult =
  | { kind: 'infer'; outputs: Record<string, Tensor> }
  | { kind: 'embed'; embeddings: Embedding[] }
  | { kind: 'generate' }

export type ToWorker =
  | { type: 'work'; id: number; work: Work }
  | { type: 'cancel'; id: number }
  | { type: 'close' }

export type FromWorker =
  | { type: 'ready' }
  | { type: 'chunk'; id: number; chunk: GenerateChunk }
  | { type: 'done'; id: number; result: WorkResult }
  | { type: 'failed'; id: number; error: WorkerError }

/** An error as it crosses threads; only codes of ours keep theirs. */
export interface WorkerError {
  code: string | undefined
  message: string
  detail: ErrorDetail
}
