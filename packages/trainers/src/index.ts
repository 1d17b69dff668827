/** The trainers for Node: the core, and ONNX Runtime opened for it. */
export { openBackend } from '@quoin/models'
export * from './core/index.ts'
