import type { MessagePort } from 'node:worker_threads'
import type { LogFields, Logger } from '@quoin/kernel'
import { errorToMessage, type FromWorker, type LogLevel } from './messages.ts'

/** A logger whose lines are written by the owner's logger. */
export function createPortLogger(port: MessagePort, bindings: LogFields = {}): Logger {
  const write = (level: LogLevel) => (fields: LogFields, message: string) => {
    const line: FromWorker = {
      type: 'log',
      level,
      fields: plainFields({ ...bindings, ...fields }),
      message,
    }
    port.postMessage(line)
  }
  return {
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
    child: (more) => createPortLogger(port, { ...bindings, ...more }),
  }
}

/** Values that can cross threads: errors with their code, everything exotic as text. */
function plainFields(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, plainValue(value)]),
  )
}

function plainValue(value: unknown): unknown {
  if (value instanceof Error) return errorToMessage(value)
  if (typeof value === 'function' || typeof value === 'symbol') return String(value)
  if (typeof value !== 'object' || value === null) return value
  try {
    return structuredClone(value)
  } catch {
    return String(value)
  }
}
