/**
 * Machines: programs with limits, cut off from what their specification does not name. Node only, Linux for
 * real isolation.
 */
export type { MachineErrorCode } from './errors.ts'
export type {
  EndReason,
  Isolation,
  LogLine,
  Machine,
  MachineDriver,
  MachineEnd,
  MachineUsage,
} from './interface.ts'
export { createProcessDriver } from './process/drivers.ts'
export type { MachineSpec, MachineSpecInput } from './specification.ts'
export type { MachineState } from './state.ts'
