import type { CallOptions, CallRequest } from '@quoin/execution'
import { bigintToHex, type Hex } from '@quoin/kernel'
import { createAccessList } from '../calls/access-list.ts'
import { estimateGas } from '../calls/estimate-gas.ts'
import { failureToError } from '../calls/revert.ts'
import { parseBlockOverrides } from '../params/block-overrides.ts'
import { latest, parseBlockReference } from '../params/block-reference.ts'
import { parseCallObject, parseStateOverrides } from '../params/call-object.ts'
import { optional, required } from '../params/values.ts'
import { type MethodContext, type MethodTable, method } from './context.ts'
import { requireHeader, requireState } from './locate-block.ts'

/** The head's proposer is cheap to touch (EIP-3651), but the next block's is another: estimates have this one. */
const nobody: Hex = `0x${'f'.repeat(40)}`

/** Messages that run without leaving a trace on the chain. */
export const callMethods: MethodTable = {
  eth_call: method(4, async (params, context) => {
    const { request, options } = await parseCall(params, context)
    const result = await context.execution.call(withGas(request, context.limits.callGas), options)
    if (result.failure) throw failureToError(result)
    return result.returnData
  }),
  eth_estimateGas: method(4, async (params, context) => {
    const { execution, limits, signal } = context
    const { request, options: asked } = await parseCall(params, context)
    const blockOverrides = { miner: nobody, ...asked.blockOverrides }
    const options = { ...asked, blockOverrides }
    const { header, state } = await requireState(execution, {
      by: 'hash',
      hash: options.blockHash,
      requireCanonical: false,
    })
    const gas = await estimateGas({
      request,
      header,
      state,
      gasCap: limits.callGas,
      attempt: (gas) => execution.call({ ...request, gas }, options),
      signal,
    })
    return bigintToHex(gas)
  }),
  eth_createAccessList: method(3, async (params, context) => {
    const { request, options } = await parseCall(params, context)
    return createAccessList(context.execution, withGas(request, context.limits.callGas), options)
  }),
}

/** The four arguments that eth_call and its kin share: message, block, state and block overrides. */
export async function parseCall(params: readonly unknown[], context: MethodContext) {
  const request = required(params, 0, parseCallObject)
  const reference = optional(params, 1, parseBlockReference, latest)
  const stateOverrides = optional(params, 2, parseStateOverrides, undefined)
  const blockOverrides = optional(params, 3, parseBlockOverrides, undefined)
  const header = await requireHeader(context.execution, reference)
  const options: CallOptions = {
    blockHash: header.hash,
    signal: context.signal,
    ...(stateOverrides ? { stateOverrides } : {}),
    ...(blockOverrides ? { blockOverrides } : {}),
  }
  return { request, options }
}

/** Gas as asked for, under the cap. */
export function withGas(request: CallRequest, cap: bigint): CallRequest {
  const gas = request.gas ?? cap
  return { ...request, gas: gas < cap ? gas : cap }
}
