/** Writes and looks into ONNX models. Knows the file format and nothing of what the graphs compute. */
export { checkForeignModel } from './check-foreign.ts'
export { OnnxGraph, type ValueName } from './graph.ts'
export { readMetadata } from './metadata.ts'
