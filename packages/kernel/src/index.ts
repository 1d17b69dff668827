/**
 * What every layer shares and nothing more: errors with codes, lifetimes, the logger's shape, hex,
 * canonical JSON. Runs in Node and in browsers; imports nothing.
 */
export { canonicalJson } from './canonical-json.ts'
export { CodedError, type ErrorDetail, findCause } from './errors.ts'
export {
  bigintToBytes,
  bigintToHex,
  bytesToBigint,
  bytesToHex,
  type Hex,
  hexToBytes,
} from './hex.ts'
export { type LogFields, type Logger, silentLogger } from './log.ts'
export { Scope } from './scope.ts'
