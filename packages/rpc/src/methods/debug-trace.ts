import type { Block, Transaction } from '@quoin/execution'
import { rpcError, serverError } from '../errors.ts'
import { parseBlockOverrides } from '../params/block-overrides.ts'
import { type BlockReference, parseBlockNumber } from '../params/block-reference.ts'
import { field, parseStateOverrides } from '../params/call-object.ts'
import { defaultTracer, parseTraceConfig } from '../params/trace-config.ts'
import { isObject, optional, type Parser, parseHash, required } from '../params/values.ts'
import { type RecorderFactory, TraceBudget } from '../tracers/recorder.ts'
import { parseCall, withGas } from './calls.ts'
import { type Method, type MethodContext, type MethodTable, method } from './context.ts'
import { findBlock } from './locate-block.ts'

/** Runs of mined transactions and of messages, seen from inside. */
export const debugTraceMethods: MethodTable = {
  debug_traceTransaction: method(2, async (params, context) => {
    const hash = required(params, 0, parseHash)
    const factory = optional(params, 1, parseTraceConfig, defaultTracer)
    const place = await context.execution.blocks.locate(hash)
    const transaction = place?.block.transactions[place.index]
    if (!transaction) throw serverError('transaction not found')
    return traceMined(transaction, { factory, budget: newBudget(context) }, context)
  }),
  debug_traceBlockByNumber: traceBlock(parseBlockNumber),
  debug_traceBlockByHash: traceBlock((value, index) => ({
    by: 'hash',
    hash: parseHash(value, index),
    requireCanonical: false,
  })),
  debug_traceCall: method(3, traceCall),
}

interface Tracing {
  factory: RecorderFactory
  budget: TraceBudget
}

function traceBlock(parse: Parser<BlockReference>): Method {
  return method(2, async (params, context) => {
    const block = await findBlock(context.execution, required(params, 0, parse))
    const factory = optional(params, 1, parseTraceConfig, defaultTracer)
    if (!block) throw serverError('block not found')
    if (block.header.number === 0n) throw serverError('genesis is not traceable')
    return traceAll(block, { factory, budget: newBudget(context) }, context)
  })
}

async function traceAll(block: Block, { factory, budget }: Tracing, context: MethodContext) {
  const { transactions } = block
  const recorders = transactions.map(() => factory(budget))
  const results = await context.execution.replayBlock(block.header.hash, {
    tracerFor: (index) => recorders[index]?.tracer ?? {},
    signal: context.signal,
  })
  if (!results) throw serverError(`the state before block ${block.header.number} is not kept`)
  refuseOverlong(budget, context)
  return transactions.map(({ hash, gas }, index) => {
    const result = results[index]
    return {
      txHash: hash,
      result: result ? recorders[index]?.finish({ result, gasLimit: gas }) : null,
    }
  })
}

async function traceMined(transaction: Transaction, tracing: Tracing, context: MethodContext) {
  const recorder = tracing.factory(tracing.budget)
  const result = await context.execution.replay(transaction.hash, recorder.tracer)
  if (!result) throw serverError('transaction not found')
  refuseOverlong(tracing.budget, context)
  return recorder.finish({ result, gasLimit: transaction.gas })
}

/** (message, block, config): overrides are members of the config, unlike in eth_call. */
async function traceCall(params: readonly unknown[], context: MethodContext) {
  const config = isObject(params[2]) ? params[2] : {}
  const { request, options } = await parseCall(params.slice(0, 2), context)
  const stateOverrides = field(config, 'stateOverrides', parseStateOverrides, 2)
  const blockOverrides = field(config, 'blockOverrides', parseBlockOverrides, 2)
  const budget = newBudget(context)
  const recorder = optional(params, 2, parseTraceConfig, defaultTracer)(budget)
  const message = withGas(request, context.limits.callGas)
  const result = await context.execution.call(message, {
    ...options,
    ...(stateOverrides ? { stateOverrides } : {}),
    ...(blockOverrides ? { blockOverrides } : {}),
    tracer: recorder.tracer,
  })
  refuseOverlong(budget, context)
  return recorder.finish({ result, gasLimit: message.gas ?? 0n })
}

function newBudget({ limits }: MethodContext): TraceBudget {
  return new TraceBudget(limits.traceCharacters)
}

function refuseOverlong(budget: TraceBudget, { limits }: MethodContext): void {
  if (budget.isSpent)
    throw rpcError(
      'LIMIT_EXCEEDED',
      `the trace is longer than ${limits.traceCharacters} characters: use callTracer, or limit, disableStack and disableStorage`,
    )
}
