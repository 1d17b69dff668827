import type { CallFrame } from '@quoin/execution'
import { bigintToHex, type Hex } from '@quoin/kernel'
import { revertReason } from '../calls/revert.ts'
import type { LogRecord, Recorder, TraceBudget, TracedRun } from './recorder.ts'

export interface CallTracerConfig {
  onlyTopCall: boolean
  withLog: boolean
}

/** A frame as geth's callTracer prints it. */
interface Frame {
  from: Hex
  gas: Hex
  gasUsed: Hex
  to?: Hex
  input: Hex
  output?: Hex
  error?: string
  revertReason?: string
  calls?: Frame[]
  logs?: LogRecord[]
  value?: Hex
  type: CallFrame['type']
}

const frameCharacters = 400
const reverted = 'execution reverted'

/** The tree of calls of a transaction (geth's callTracer). */
export function createCallTracer(config: CallTracerConfig, budget: TraceBudget): Recorder {
  let root: Frame | null = null
  const open: Frame[] = []
  let depth = 0
  const isRecorded = () => depth === 0 || (!config.onlyTopCall && !budget.isSpent)
  return {
    tracer: {
      enter(call) {
        const frame = openFrame(call)
        if (isRecorded() && budget.spend(frameCharacters + call.input.length)) {
          const parent = open.at(-1)
          if (parent) parent.calls = append(parent.calls, frame)
          root ??= frame
        }
        open.push(frame)
        depth++
      },
      exit(result) {
        depth--
        const frame = open.pop()
        if (frame) closeFrame(frame, result)
        budget.spend(result.output.length)
      },
      ...(config.withLog
        ? {
            log(log) {
              const frame = open.at(-1)
              if (!frame || (config.onlyTopCall && depth > 1)) return
              if (!budget.spend(frameCharacters + log.data.length)) return
              const position = bigintToHex(frame.calls?.length ?? 0)
              frame.logs = append(frame.logs, { ...log, position })
            },
          }
        : {}),
    },
    finish: (run) => finishRoot(root, run),
  }
}

/** Pushes onto a list that is made when first needed. */
function append<T>(list: T[] | undefined, item: T): T[] {
  const known = list ?? []
  known.push(item)
  return known
}

function openFrame(call: CallFrame): Frame {
  return {
    from: call.from,
    gas: bigintToHex(call.gas),
    gasUsed: '0x0',
    ...(call.to ? { to: call.to } : {}),
    input: call.input,
    ...(call.type === 'STATICCALL' ? {} : { value: bigintToHex(call.value) }),
    type: call.type,
  }
}

function closeFrame(
  frame: Frame,
  result: { output: Hex; gasUsed: bigint; error: string | null; createdAddress?: Hex | null },
): void {
  frame.gasUsed = bigintToHex(result.gasUsed)
  if (result.createdAddress) frame.to = result.createdAddress
  markOutcome(frame, result.output, result.error)
}

function markOutcome(frame: Frame, output: Hex, error: string | null): void {
  if (error === null) {
    if (output !== '0x') frame.output = output
    return
  }
  frame.error = error
  forgetLogs(frame)
  if (frame.type === 'CREATE' || frame.type === 'CREATE2') delete frame.to
  if (error !== reverted || output === '0x') return
  frame.output = output
  const reason = revertReason(output)
  if (reason !== null) frame.revertReason = reason
}

/** What a failed frame and all below it logged is undone. */
function forgetLogs(frame: Frame): void {
  delete frame.logs
  frame.calls?.forEach(forgetLogs)
}

/** The outermost frame tells the transaction's gas, intrinsic gas and refunds included. */
function finishRoot(root: Frame | null, { result, gasLimit }: TracedRun): unknown {
  if (!root) return null
  root.gas = bigintToHex(gasLimit)
  root.gasUsed = bigintToHex(result.gasUsed)
  if (result.createdAddress && root.error === undefined) root.to = result.createdAddress
  return root
}
