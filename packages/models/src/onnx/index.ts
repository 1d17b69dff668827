/** Writes ONNX models. Knows the file format and nothing of what the graphs compute. */
export { OnnxGraph, type ValueName } from './graph.ts'
export { readMetadata } from './metadata.ts'
