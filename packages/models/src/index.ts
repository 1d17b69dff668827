/**
 * Serves models: opens them in worker threads on one of two runtimes, checks what is asked of them,
 * batches where the class allows it, and describes each by a manifest whose `runtimeId` binds its
 * answers to exact bits. `createModelHost` is the way in; `@quoin/models/core` is the part that also
 * runs in browsers, to re-execute a verifiable call.
 */
export { embeddedModels } from './catalog/embedded-models.ts'
export { loadFiles } from './catalog/load-files.ts'
export type { ModelDefinition } from './core/definition.ts'
export type { ModelFiles } from './core/engine.ts'
export { defineTabular, maxTabularBytes, type TabularOffer } from './core/tabular-definition.ts'
export { byteSize } from './core/tensor.ts'
export { createModelHost, type ModelHostOptions } from './host.ts'
export type {
  ChatMessage,
  GenerateChunk,
  GenerateRequest,
  LiveModelHost,
  Model,
  ModelErrorCode,
  ModelHost,
  ModelManifest,
  RuntimeName,
  ServiceClass,
  Task,
  Tensor,
  TensorSpec,
  TensorType,
} from './interface.ts'
export { openBackend } from './runtime/open-backend.ts'
