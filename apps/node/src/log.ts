import type { Logger } from '@quoin/kernel'
import { destination, pino, stdSerializers } from 'pino'

/** JSON lines on standard error, so that standard output stays for results. */
export function createLogger(level: string): Logger {
  return pino(
    {
      level,
      base: null,
      redact: { paths: ['key', 'privateKey', 'password', '*.privateKey'] },
      // An Error has no members of its own that JSON shows.
      serializers: { error: stdSerializers.err },
    },
    destination(2),
  )
}
