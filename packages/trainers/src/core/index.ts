/**
 * Trains models of rows and images, reproducibly: a declaration and a table give one ONNX file, to the
 * same bytes on every machine and in browsers with `onnx-wasm`. No clock, no I/O: the caller brings the
 * table and ONNX Runtime, and keeps checkpoints.
 *
 *     const declaration = await declareTraining({ task: 'classification', target: 'species', … })
 *     const { model, modelCid, report } = await trainModel({ declaration, table, backend })
 */
export {
  type Declaration,
  type DeclarationInput,
  declarationCid,
  declarationHash,
  declareTraining,
  encodeDeclaration,
  parseDeclaration,
  trainingRuntimeId,
} from './declaration.ts'
export type { TrainingError, TrainingErrorCode } from './errors.ts'
export type { Metrics } from './metrics/measure.ts'
export type { TrainingReport } from './report/report.ts'
export { reportToHtml } from './report/report-to-html.ts'
export { type Split, splitTable } from './split.ts'
export { type Column, type Table, type TensorColumn, tableHash } from './table.ts'
export { type TrainedModel, trainModel } from './train.ts'
export type { TrainingOptions, TrainingProgress } from './training-run.ts'
