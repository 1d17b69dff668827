/**
 * Inference without a host: definitions, tokenizers, pre- and post-processing, sampling and session
 * options, for Node and browsers. The caller brings ONNX Runtime and the files:
 *
 *     const backend = createBackend(ort, 'onnx-wasm')
 *     const model = await openModel(backend, definition, { model, vocabulary })
 */
export { embeddedModels } from '../catalog/embedded-models.ts'
export { type Backend, createBackend, type OrtApi, sessionOptions } from './backend.ts'
export { contentId } from './content-id.ts'
export { createManifest, type ModelDefinition, runtimePins } from './definition.ts'
export type { ModelFiles } from './engine.ts'
export { openModel } from './model.ts'
