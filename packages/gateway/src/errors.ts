import { CodedError } from '@quoin/kernel'

/** What the gateway itself refuses; codes of models and of the market pass through unchanged. */
export type GatewayErrorCode =
  | 'REQUEST_INVALID'
  | 'PARAMETER_UNSUPPORTED'
  | 'JSON_MALFORMED'
  | 'BODY_TOO_LARGE'
  | 'HEADERS_TOO_LARGE'
  | 'MEDIA_TYPE_UNSUPPORTED'
  | 'INPUT_TOO_LARGE'
  | 'MODEL_NOT_FOUND'
  | 'TASK_UNSUPPORTED'
  | 'ROUTE_NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'NOT_FOUND'
  | 'TOKEN_WRONG'
  | 'NOT_LOCAL'
  | 'CALL_CANCELLED'
  | 'CALL_TIMED_OUT'
  | 'REQUEST_TIMED_OUT'
  | 'OUTPUT_NOT_JSON'
  | 'OVERLOADED'
  | 'STOPPING'
  | 'PORT_TAKEN'
  | 'INTERNAL'

interface Meaning {
  status: number
  /** OpenAI's `error.type`. */
  type: 'invalid_request_error' | 'authentication_error' | 'permission_error' | 'server_error'
  /** OpenAI's `error.code`, as its clients know it. */
  code: string
}

const invalid = (status: number, code: string): Meaning => ({
  status,
  type: 'invalid_request_error',
  code,
})
const failed = (status: number, code: string): Meaning => ({ status, type: 'server_error', code })

const unexpected = failed(500, 'internal_error')

/** One table from code to answer, for the gateway's own codes and those of models, market and protocol. */
const meanings: Readonly<Record<string, Meaning>> = {
  REQUEST_INVALID: invalid(400, 'invalid_value'),
  PARAMETER_UNSUPPORTED: invalid(400, 'unsupported_parameter'),
  JSON_MALFORMED: invalid(400, 'invalid_json'),
  BODY_TOO_LARGE: invalid(413, 'request_too_large'),
  HEADERS_TOO_LARGE: invalid(431, 'headers_too_large'),
  MEDIA_TYPE_UNSUPPORTED: invalid(415, 'unsupported_media_type'),
  MODEL_NOT_FOUND: invalid(404, 'model_not_found'),
  TASK_UNSUPPORTED: invalid(400, 'unsupported_task'),
  ROUTE_NOT_FOUND: invalid(404, 'unknown_url'),
  METHOD_NOT_ALLOWED: invalid(405, 'method_not_allowed'),
  NOT_FOUND: invalid(404, 'not_found'),
  TOKEN_WRONG: { status: 401, type: 'authentication_error', code: 'invalid_token' },
  NOT_LOCAL: { status: 403, type: 'permission_error', code: 'not_local' },
  CALL_CANCELLED: invalid(499, 'call_cancelled'),
  CALL_TIMED_OUT: failed(504, 'call_timed_out'),
  REQUEST_TIMED_OUT: invalid(408, 'request_timed_out'),
  OUTPUT_NOT_JSON: failed(500, 'output_not_json'),
  OVERLOADED: failed(503, 'overloaded'),
  STOPPING: failed(503, 'stopping'),
  PORT_TAKEN: unexpected,
  INTERNAL: unexpected,
  UNKNOWN_MODEL: invalid(404, 'model_not_found'),
  INPUT_INVALID: invalid(400, 'invalid_input'),
  INPUT_TOO_LARGE: invalid(400, 'context_length_exceeded'),
  MODEL_FAILED: failed(500, 'model_failed'),
  MODEL_CORRUPT: failed(500, 'model_corrupt'),
  MODEL_REFUSED: invalid(400, 'model_refused'),
  DEPLOYMENT_INVALID: invalid(400, 'invalid_value'),
  DEPLOYMENT_UNKNOWN: invalid(404, 'not_found'),
  DEPLOYMENT_STATE: invalid(409, 'conflict'),
  CALL_REVERTED: invalid(409, 'chain_refused'),
  TRANSACTION_REVERTED: invalid(409, 'chain_refused'),
  STORE_FAILED: failed(503, 'store_failed'),
  STORE_BUSY: failed(503, 'store_busy'),
  MARKET_CLOSED: failed(503, 'stopping'),
  CHAIN_UNREACHABLE: failed(503, 'chain_unreachable'),
  TRANSACTION_FAILED: failed(502, 'transaction_failed'),
  INVALID_HEADER: invalid(400, 'invalid_header'),
  HEADER_TOO_LARGE: invalid(400, 'invalid_header'),
  INVALID_MESSAGE: invalid(400, 'invalid_payment'),
  INVALID_NETWORK: invalid(400, 'invalid_payment'),
  ARTIFACT_UNKNOWN: invalid(404, 'artifact_unknown'),
  RIGHT_MISSING: { status: 403, type: 'permission_error', code: 'right_missing' },
  REQUEST_REFUSED: { status: 401, type: 'authentication_error', code: 'request_refused' },
  KEY_UNAVAILABLE: invalid(404, 'key_unavailable'),
  PUBLISH_REFUSED: invalid(400, 'publish_refused'),
  NODE_UNREACHABLE: failed(502, 'node_unreachable'),
  NODE_ANSWER_WRONG: failed(502, 'node_answer_wrong'),
  CATALOGUE_BROKEN: failed(503, 'store_failed'),
  INVALID_CID: invalid(400, 'invalid_cid'),
  INVALID_KEY: invalid(400, 'invalid_key'),
  INVALID_PROOF: invalid(400, 'invalid_challenge'),
  BLOCK_MISSING: failed(503, 'block_missing'),
  BLOCK_CORRUPT: failed(503, 'block_corrupt'),
  FETCH_FAILED: failed(502, 'fetch_failed'),
  STORE_FULL: failed(507, 'store_full'),
  SOURCE_UNREADABLE: invalid(400, 'source_unreadable'),
  SOURCE_CHANGED: invalid(409, 'source_changed'),
  INVALID_FILE: invalid(400, 'invalid_file'),
  LIMIT_EXCEEDED: invalid(400, 'limit_exceeded'),
  INVALID_JOB: invalid(400, 'invalid_job'),
  UNKNOWN_JOB: invalid(404, 'unknown_job'),
  OUTPUT_UNKNOWN: invalid(404, 'unknown_output'),
  JOB_REFUSED: invalid(409, 'job_refused'),
  JOBS_FULL: failed(503, 'jobs_full'),
  INVALID_ORDER: invalid(400, 'invalid_order'),
  INSUFFICIENT_FUNDS: failed(503, 'node_out_of_coins'),
}

/** An error as it goes over HTTP, in either of the two shapes that clients know. */
export interface HttpError {
  status: number
  headers: Record<string, string>
  body: object
}

/** OpenAI's shape: `{error: {message, type, param, code}}`; Open Inference's: `{error: message}`. */
export type ErrorShape = 'openai' | 'inference'

/** Errors without a known code are bugs: their text stays in the log, the client gets `internal_error`. */
export function errorToHttp(error: unknown, shape: ErrorShape): HttpError {
  const known = error instanceof CodedError ? meanings[error.code] : undefined
  const { status, type, code } = known ?? unexpected
  const message =
    known && error instanceof Error
      ? error.message
      : 'The gateway failed on this request; its log has the reason under the request id'
  const param = error instanceof CodedError ? (error.detail.param ?? null) : null
  const body =
    shape === 'inference' ? { error: message } : { error: { message, type, param, code } }
  return { status, headers: status === 503 ? { 'retry-after': '1' } : {}, body }
}

export function isUnexpected(error: unknown): boolean {
  return !(error instanceof CodedError) || (meanings[error.code] ?? unexpected).status >= 500
}

export function gatewayError(
  code: GatewayErrorCode,
  message: string,
  options: { param?: string; cause?: unknown } = {},
): CodedError<GatewayErrorCode> {
  return new CodedError(code, message, {
    ...(options.param !== undefined && { detail: { param: options.param } }),
    cause: options.cause,
  })
}
