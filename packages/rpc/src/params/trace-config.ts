import { invalidParams } from '../errors.ts'
import { createCallTracer } from '../tracers/call-tracer.ts'
import type { RecorderFactory } from '../tracers/recorder.ts'
import { createStructLogger } from '../tracers/struct-logger.ts'
import { field } from './call-object.ts'
import { isObject, parseBoolean, parseCount, parseObject } from './values.ts'

/** The struct logger with its defaults: stack and storage, no memory, no return data. */
export const defaultTracer: RecorderFactory = traceConfig({})

/** The tracing options of debug_trace*: which tracer, and what it records. */
export function parseTraceConfig(value: unknown, index: number): RecorderFactory {
  return traceConfig(parseObject(value, index), index)
}

function traceConfig(object: Record<string, unknown>, index = 1): RecorderFactory {
  const flag = (from: Record<string, unknown>, name: string) =>
    field(from, name, parseBoolean, index) ?? false
  const { tracer } = object
  if (tracer === undefined || tracer === null || tracer === '') {
    const config = {
      disableStack: flag(object, 'disableStack'),
      disableStorage: flag(object, 'disableStorage'),
      enableMemory: flag(object, 'enableMemory'),
      enableReturnData: flag(object, 'enableReturnData'),
      limit: field(object, 'limit', parseCount, index) ?? 0,
    }
    return (budget) => createStructLogger(config, budget)
  }
  if (tracer !== 'callTracer')
    throw invalidParams(
      `there is no tracer ${JSON.stringify(tracer).slice(0, 60)}: there are callTracer and the default struct logger`,
    )
  const options = isObject(object.tracerConfig) ? object.tracerConfig : {}
  const config = { onlyTopCall: flag(options, 'onlyTopCall'), withLog: flag(options, 'withLog') }
  return (budget) => createCallTracer(config, budget)
}
