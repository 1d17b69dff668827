/** Writes ONNX models. Knows the file format and nothing of what the graphs compute. */
export {
  type Attribute,
  type Dimension,
  type ElementType,
  OnnxGraph,
  type ValueName,
} from './graph.ts'
