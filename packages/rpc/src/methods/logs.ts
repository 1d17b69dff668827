import { queryLogs } from '../filters/query-logs.ts'
import { parseLogFilter } from '../params/log-filter.ts'
import { parseData, required } from '../params/values.ts'
import { type MethodTable, method } from './context.ts'

/** Logs, and filters that are polled. */
export const logMethods: MethodTable = {
  eth_getLogs: method(1, (params, { execution, limits, signal }) =>
    queryLogs(execution, required(params, 0, parseLogFilter), limits, signal),
  ),
  eth_newFilter: method(1, (params, { filters }) =>
    filters.add({ type: 'logs', filter: required(params, 0, parseLogFilter) }),
  ),
  eth_newBlockFilter: method(0, (_, { filters }) => filters.add({ type: 'blocks' })),
  eth_newPendingTransactionFilter: method(1, (_, { filters }) =>
    filters.add({ type: 'pending transactions' }),
  ),
  eth_getFilterChanges: method(1, (params, { filters }) =>
    filters.takeChanges(required(params, 0, parseData)),
  ),
  eth_getFilterLogs: method(1, (params, { execution, filters, limits, signal }) =>
    queryLogs(execution, filters.logFilter(required(params, 0, parseData)), limits, signal),
  ),
  eth_uninstallFilter: method(1, (params, { filters }) =>
    filters.remove(required(params, 0, parseData)),
  ),
}
