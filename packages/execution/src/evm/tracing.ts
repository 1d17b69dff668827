import type { EVMResult, Message as EvmMessage, InterpreterStep } from '@ethereumjs/evm'
import { toHex, toWord } from '../codec/bytes.ts'
import type { CallFrame, Tracer } from '../interface.ts'
import type { Machine } from './machine.ts'
import type { Message } from './message.ts'
import { failureOf, type Outcome } from './outcome.ts'

/**
 * Lets a tracer see what the machine runs. The outermost frame has the gas of the whole message;
 * call `end` with its outcome.
 */
export function attachTracer(
  machine: Machine,
  tracer: Tracer,
  message: Message,
): { end(outcome: Outcome): void } {
  const { events } = machine.evm
  let opcode = ''
  events.on('beforeMessage', (inner) => {
    const frame = frameOf(inner, opcode)
    tracer.enter?.(inner.depth === 0 ? { ...frame, gas: message.gas } : frame)
  })
  events.on('afterMessage', ({ execResult, createdAddress }: EVMResult) => {
    depth--
    if (depth === 0) return
    const failure = failureOf(execResult)
    tracer.exit?.({
      output: toHex(execResult.returnValue),
      gasUsed: execResult.executionGasUsed,
      error: failure?.message ?? null,
      createdAddress: failure === null && createdAddress ? toHex(createdAddress.bytes) : null,
    })
  })
  let depth = 0
  events.on('beforeMessage', () => {
    depth++
  })
  if (tracer.step || tracer.log || tracer.enter)
    events.on('step', (step) => {
      opcode = step.opcode.name
      if (tracer.step) emitStep(tracer, step)
      if (tracer.log && opcode.startsWith('LOG')) emitLog(tracer, step)
      if (opcode === 'SELFDESTRUCT') emitSelfdestruct(machine, tracer, step)
    })
  return {
    end(outcome) {
      tracer.exit?.({
        output: toHex(outcome.returnData),
        gasUsed: outcome.gasUsed,
        error: outcome.failure?.message ?? null,
        createdAddress: outcome.createdAddress,
      })
    },
  }
}

function frameOf(inner: EvmMessage, opcode: string): CallFrame {
  const { caller, to, value, gasLimit, data, depth, salt, delegatecall } = inner
  const frame = { value, gas: gasLimit, input: toHex(data) }
  if (to === undefined)
    return { type: salt ? 'CREATE2' : 'CREATE', from: toHex(caller.bytes), to: null, ...frame }
  const code = toHex(inner.codeAddress.bytes)
  if (delegatecall) return { type: 'DELEGATECALL', from: toHex(to.bytes), to: code, ...frame }
  const type = depth > 0 && (opcode === 'STATICCALL' || opcode === 'CALLCODE') ? opcode : 'CALL'
  return { type, from: toHex(caller.bytes), to: code, ...frame }
}

function emitStep(tracer: Tracer, step: InterpreterStep): void {
  tracer.step?.({
    pc: step.pc,
    opcode: step.opcode.name,
    gas: step.gasLeft,
    gasCost: step.opcode.dynamicFee ?? BigInt(step.opcode.fee),
    depth: step.depth + 1,
    stack: step.stack,
    memory: step.memory,
    address: toHex(step.address.bytes),
    refund: step.gasRefund,
  })
}

function emitLog(tracer: Tracer, step: InterpreterStep): void {
  if ((step.opcode.dynamicFee ?? 0n) > step.gasLeft) return
  const stack = [...step.stack].reverse()
  const [offset = 0n, length = 0n] = stack
  const topics = stack.slice(2, 2 + Number(step.opcode.name.slice(3)))
  const data = new Uint8Array(Number(length))
  data.set(step.memory.subarray(Number(offset), Number(offset + length)))
  tracer.log?.({
    address: toHex(step.address.bytes),
    topics: topics.map(toWord),
    data: toHex(data),
  })
}

function emitSelfdestruct({ world }: Machine, tracer: Tracer, step: InterpreterStep): void {
  const beneficiary = step.stack[step.stack.length - 1] ?? 0n
  const from = toHex(step.address.bytes)
  tracer.enter?.({
    type: 'SELFDESTRUCT',
    from,
    to: `0x${toWord(beneficiary).slice(26)}`,
    value: world.account(from)?.balance ?? 0n,
    gas: 0n,
    input: '0x',
  })
  tracer.exit?.({ output: '0x', gasUsed: 0n, error: null, createdAddress: null })
}
