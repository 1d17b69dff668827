import { invalidParams, rpcError } from '../errors.ts'
import { parseLogFilter } from '../params/log-filter.ts'
import { optional, parseBoolean, parseData, required } from '../params/values.ts'
import type { SubscriptionKind } from '../subscriptions/subscriptions.ts'
import { type MethodContext, type MethodTable, method } from './context.ts'

/** Notifications over a WebSocket. */
export const subscribeMethods: MethodTable = {
  eth_subscribe: method(2, (params, context) => connection(context).add(parseKind(params))),
  eth_unsubscribe: method(1, (params, context) => {
    const removed = connection(context).remove(required(params, 0, parseData))
    if (!removed) throw rpcError('SERVER', 'subscription not found')
    return true
  }),
}

function connection({ subscriptions }: MethodContext) {
  if (subscriptions) return subscriptions
  throw rpcError('METHOD_NOT_FOUND', 'notifications not supported: use a WebSocket')
}

function parseKind(params: readonly unknown[]): SubscriptionKind {
  const name = required(params, 0, (value) => value)
  switch (name) {
    case 'newHeads':
      return { type: 'newHeads' }
    case 'newPendingTransactions':
      return { type: 'newPendingTransactions', full: optional(params, 1, parseBoolean, false) }
    case 'logs':
      return {
        type: 'logs',
        criteria: optional(params, 1, parseLogFilter, { addresses: [], topics: [] }),
      }
    default:
      throw invalidParams(
        `no "${String(name).slice(0, 40)}" subscription in eth namespace: there are newHeads, logs, newPendingTransactions`,
      )
  }
}
