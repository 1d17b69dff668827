import type { Tracer } from '@quoin/execution'
import { bigintToBytes, bigintToHex, bytesToHex, type Hex } from '@quoin/kernel'
import type { Recorder, TraceBudget } from './recorder.ts'

export interface StructLoggerConfig {
  disableStack: boolean
  disableStorage: boolean
  enableMemory: boolean
  enableReturnData: boolean
  /** Steps to record; 0 is all of them. */
  limit: number
}

interface StructLog {
  pc: number
  op: string
  gas: number
  gasCost: number
  depth: number
  refund?: number
  error?: string
  stack?: Hex[]
  memory?: Hex[]
  storage?: Record<string, Hex>
  returnData?: Hex
}

type Step = Parameters<NonNullable<Tracer['step']>>[0]

/** One open call: its last step, and what its latest inner call returned. */
interface Level {
  last: StructLog | null
  /** Finishes the storage of a SLOAD once its result is on the stack. */
  awaitLoad: ((value: bigint) => void) | null
  returnData: Hex
}

/** Every step of a transaction (geth's default tracer, as ethereum/execution-apis specifies it). */
export function createStructLogger(config: StructLoggerConfig, budget: TraceBudget): Recorder {
  const logs: StructLog[] = []
  const levels: Level[] = []
  const storages = new Map<Hex, Record<string, Hex>>()
  return {
    tracer: {
      enter(call) {
        if (call.type !== 'SELFDESTRUCT' || levels.length === 0)
          levels.push({ last: null, awaitLoad: null, returnData: '0x' })
        else
          levels.push({
            last: null,
            awaitLoad: null,
            returnData: levels.at(-1)?.returnData ?? '0x',
          })
      },
      exit({ output, error }) {
        const level = levels.pop()
        if (error !== null && level?.last) level.last.error = error
        const parent = levels.at(-1)
        if (parent) parent.returnData = output
      },
      step(step) {
        const level = levels.at(-1)
        if (!level) return
        level.awaitLoad?.(step.stack.at(-1) ?? 0n)
        level.awaitLoad = null
        level.last = null
        if (config.limit > 0 && logs.length >= config.limit) return
        const log = describeStep(step, level, levels.length)
        if (!budget.spend(sizeOf(log))) return
        logs.push(log)
        level.last = log
      },
    },
    finish: ({ result }) => ({
      gas: Number(result.gasUsed),
      failed: result.failure !== null,
      returnValue: result.failure && result.failure.kind !== 'revert' ? '0x' : result.returnData,
      structLogs: logs,
    }),
  }

  function describeStep(step: Step, level: Level, depth: number): StructLog {
    const log: StructLog = {
      pc: step.pc,
      op: step.opcode,
      gas: Number(step.gas),
      gasCost: Number(step.gasCost),
      depth,
    }
    if (step.refund > 0n) log.refund = Number(step.refund)
    if (!config.disableStack) log.stack = step.stack.map(bigintToHex)
    if (config.enableMemory && step.memory.length > 0) log.memory = memoryWords(step.memory)
    if (config.enableReturnData && level.returnData !== '0x') log.returnData = level.returnData
    if (!config.disableStorage) noteStorage(step, level, log)
    return log
  }

  function noteStorage(step: Step, level: Level, log: StructLog): void {
    if (step.opcode !== 'SLOAD' && step.opcode !== 'SSTORE') return
    const slot = step.stack.at(-1)
    if (slot === undefined) return
    const storage = storages.get(step.address) ?? {}
    storages.set(step.address, storage)
    const note = (value: bigint) => {
      storage[toWord(slot)] = toWord(value)
      log.storage = { ...storage }
    }
    if (step.opcode === 'SLOAD') level.awaitLoad = note
    else note(step.stack.at(-2) ?? 0n)
  }
}

function memoryWords(memory: Uint8Array): Hex[] {
  const words: Hex[] = []
  for (let offset = 0; offset < memory.length; offset += 32)
    words.push(bytesToHex(memory.subarray(offset, offset + 32)))
  return words
}

function sizeOf(log: StructLog): number {
  const stack = (log.stack?.length ?? 0) * 20
  const memory = (log.memory?.length ?? 0) * 70
  const storage = log.storage ? Object.keys(log.storage).length * 140 : 0
  return 90 + stack + memory + storage + (log.returnData?.length ?? 0)
}

function toWord(value: bigint): Hex {
  return bytesToHex(bigintToBytes(value, 32))
}
