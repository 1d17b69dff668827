import type { Common } from '@ethereumjs/common'
import { createEVM, type EVM, EVMError } from '@ethereumjs/evm'

/**
 * The EVM library's interpreter loop, made several times faster without changing what it computes:
 * jump destinations are found once for each code instead of at each call, and only operations that
 * touch the state are awaited. Made for the exact version of the library that is pinned; tests
 * compare both loops. Traced runs and formats from later forks go through the library's own loop.
 */
interface RunState {
  programCounter: number
  opCode: number
  code: Uint8Array
  validJumps: Uint8Array
  cachedPushes: Record<number, bigint>
  shouldDoJumpAnalysis: boolean
  gasLeft: bigint
}

interface Operation {
  opcodeInfo: {
    code: number
    feeBigInt: bigint
    dynamicGas: boolean
    isAsync: boolean
    isInvalid: boolean
  }
  opHandler(state: RunState, common: Common): void | Promise<void>
  gasHandler(state: RunState, gas: bigint, common: Common): bigint | Promise<bigint>
}

interface Analysis {
  jumps: Uint8Array
  pushes: Record<number, bigint>
  opcodesCached: (Operation | undefined)[]
}

interface Result {
  runState: RunState
  exceptionError: EVMError | undefined
}

interface Interpreter {
  _evm: EVM
  _runState: RunState
  common: Common
  run(code: Uint8Array, options?: { pc?: number }): Promise<Result>
  _getValidJumpDestinations(code: Uint8Array): Analysis
}

const analyses = new WeakMap<EVM, WeakMap<Uint8Array, Analysis>>()
let original: Interpreter['run'] | null = null

/** Replaces the loop, in the whole process, once. `common` is any configuration of the library. */
export async function installFasterInterpreter(common: Common): Promise<void> {
  if (original !== null) return
  const prototype = await interpreterPrototype(common)
  if (original !== null || typeof prototype?._getValidJumpDestinations !== 'function') return
  const libraryRun = prototype.run
  original = libraryRun
  prototype.run = function (this: Interpreter, code, options = {}) {
    const isTraced = this._evm.events.listenerCount('step') > 0
    if (isTraced || options.pc !== undefined || code[0] === 0xef)
      return libraryRun.call(this, code, options)
    return runFast(this, code)
  }
}

/** The class is not exported; an operation of our own is handed an instance. */
async function interpreterPrototype(common: Common): Promise<Interpreter | null> {
  let prototype: Interpreter | null = null
  const evm = await createEVM({
    common: common.copy(),
    customOpcodes: [
      {
        opcode: 0x5b,
        opcodeName: 'JUMPDEST',
        baseFee: 1,
        logicFunction: ({ interpreter }) => {
          prototype = Object.getPrototypeOf(interpreter)
        },
      },
    ],
  })
  await evm.runCode({ code: Uint8Array.of(0x5b), gasLimit: 100n })
  return prototype
}

async function runFast(interpreter: Interpreter, code: Uint8Array): Promise<Result> {
  const { common, _runState: state } = interpreter
  const { jumps, pushes, opcodesCached: operations } = analysisOf(interpreter, code)
  state.code = code
  state.validJumps = jumps
  state.cachedPushes = pushes
  state.shouldDoJumpAnalysis = false
  const { length } = code
  try {
    while (state.programCounter < length) {
      const operation = operations[state.programCounter]
      if (operation === undefined) throw new Error('The program counter points into a push')
      const { opcodeInfo } = operation
      state.opCode = opcodeInfo.code
      let gas = opcodeInfo.feeBigInt
      if (opcodeInfo.dynamicGas) {
        const dynamic = operation.gasHandler(state, gas, common)
        gas = typeof dynamic === 'bigint' ? dynamic : await dynamic
      }
      if (opcodeInfo.isInvalid) throw new EVMError(EVMError.errorMessages.INVALID_OPCODE)
      state.gasLeft -= gas
      if (state.gasLeft < 0n) {
        state.gasLeft = 0n
        throw new EVMError(EVMError.errorMessages.OUT_OF_GAS)
      }
      state.programCounter++
      if (opcodeInfo.isAsync) await operation.opHandler(state, common)
      else operation.opHandler(state, common)
    }
  } catch (cause) {
    if (!(cause instanceof EVMError)) throw cause
    const isStop = cause.error === EVMError.errorMessages.STOP
    return { runState: state, exceptionError: isStop ? undefined : cause }
  }
  return { runState: state, exceptionError: undefined }
}

function analysisOf(interpreter: Interpreter, code: Uint8Array): Analysis {
  let ofEvm = analyses.get(interpreter._evm)
  if (ofEvm === undefined) {
    ofEvm = new WeakMap()
    analyses.set(interpreter._evm, ofEvm)
  }
  let analysis = ofEvm.get(code)
  if (analysis === undefined) {
    analysis = interpreter._getValidJumpDestinations(code)
    ofEvm.set(code, analysis)
  }
  return analysis
}
