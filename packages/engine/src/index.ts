/** The seam between consensus and execution: Ethereum's Engine API as types. */
export type {
  EngineApi,
  ExecutionHead,
  ExecutionLayer,
  ExecutionPayload,
  ForkchoiceState,
  ForkchoiceUpdated,
  PayloadAttributes,
  PayloadEnvelope,
  PayloadStatus,
  ReadCall,
  ReadOutcome,
  Withdrawal,
} from './interface.ts'
