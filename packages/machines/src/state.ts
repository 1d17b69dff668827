import { CodedError } from '@quoin/kernel'
import type { MachineErrorCode } from './errors.ts'

export type MachineState = 'created' | 'running' | 'stopping' | 'ended' | 'removed'
export type MachineEvent = 'start' | 'stop' | 'end' | 'remove'

const transitions: Readonly<Record<MachineState, Partial<Record<MachineEvent, MachineState>>>> = {
  created: { start: 'running', remove: 'removed' },
  running: { stop: 'stopping', end: 'ended' },
  stopping: { stop: 'stopping', end: 'ended' },
  ended: { stop: 'ended', remove: 'removed' },
  removed: { remove: 'removed' },
}

/** What a machine is after an event. @throws CodedError `WRONG_STATE` */
export function nextState(state: MachineState, event: MachineEvent): MachineState {
  const next = transitions[state][event]
  if (next) return next
  throw new CodedError<MachineErrorCode>(
    'WRONG_STATE',
    `A machine that is ${state} cannot ${event}`,
  )
}
