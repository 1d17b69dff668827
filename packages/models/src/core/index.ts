/**
 * Inference without a host: definitions, tokenizers, pre- and post-processing, sampling and session
 * options, for Node and browsers. The caller brings ONNX Runtime and the files:
 *
 *     const backend = createBackend(ort, 'onnx-wasm')
 *     const model = await openModel(backend, definition, { model, vocabulary })
 */
export { embeddedModels } from '../catalog/embedded-models.ts'
export type { Tensor, TensorSpec } from '../interface.ts'
export { OnnxGraph, type ValueName } from '../onnx/index.ts'
export {
  type Backend,
  createBackend,
  type OrtApi,
  type Session,
  sessionOptions,
} from './backend.ts'
export { contentId, sha256 } from './content-id.ts'
export { createManifest, type ModelDefinition, runtimePins } from './definition.ts'
export type { ModelFiles } from './engine.ts'
export { openModel } from './model.ts'
export { readTabularSchema, type TabularSchema, tabularSchemaKey } from './tabular-schema.ts'
