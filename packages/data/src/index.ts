/**
 * Tables in files: SQL over them in a process that can reach nothing else, their columns described, and
 * declared steps that make the same tables again anywhere. Node only.
 */
export type { DataErrorCode } from './errors.ts'
export {
  formatOfMediaType,
  formatOfName,
  mediaTypeOf,
  type TableFormat,
  tableFormats,
} from './format.ts'
export type { SessionLimits } from './limits.ts'
export { type Pipeline, parsePipeline, pipelineSchema } from './pipeline/declaration.ts'
export { type PipelineOptions, type PipelineOutput, runPipeline } from './pipeline/run-pipeline.ts'
export { type ColumnProfile, profileTable, type TableProfile } from './profile.ts'
export type { TableValues, Values } from './session/read-table.ts'
export {
  type Answer,
  openSession,
  type Session,
  type SessionOptions,
  type Source,
} from './session/session.ts'
export type { Cell, Column } from './table.ts'
