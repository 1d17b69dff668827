import { errorToJson, invalidParams, isBug, rpcError } from '../errors.ts'
import type { Method, MethodTable } from '../methods/context.ts'
import { isObject } from '../params/values.ts'
import { type Caller, RequestContext, type ServerContext } from './request-context.ts'

/** A request's identity as it came, already as JSON text. */
type IdText = string

/** Answers JSON-RPC 2.0 texts (https://www.jsonrpc.org/specification). */
export interface Dispatcher {
  /** The answer to a request or a batch, null when nothing is to be said (notifications). */
  answer(body: string, caller: Caller): Promise<string | null>
  /** The answer to something that could not be read as a request. */
  refuse(error: unknown): string
}

export function createDispatcher(methods: MethodTable, server: ServerContext): Dispatcher {
  return { answer, refuse: (error) => errorText('null', error) }

  async function answer(body: string, caller: Caller) {
    let message: unknown
    try {
      message = JSON.parse(body)
    } catch {
      return errorText('null', rpcError('PARSE_ERROR', 'parse error: the body is not JSON'))
    }
    if (Array.isArray(message)) return answerBatch(message, caller)
    return answerOne(message, caller)
  }

  async function answerBatch(messages: unknown[], caller: Caller) {
    const { batchItems, batchCharacters } = server.limits
    if (messages.length === 0) return errorText('null', rpcError('INVALID_REQUEST', 'empty batch'))
    if (messages.length > batchItems) {
      const problem = `batch too large: ${messages.length} requests, at most ${batchItems}`
      return `[${errorText(firstId(messages), rpcError('INVALID_REQUEST', problem))}]`
    }
    const answers: string[] = []
    const deadlineMs = performance.now() + server.limits.requestMs
    let characters = 0
    for (const message of messages) {
      const text =
        characters > batchCharacters
          ? tooLargeText(message)
          : await answerOne(message, caller, deadlineMs)
      if (text === null) continue
      answers.push(text)
      characters += text.length
    }
    return answers.length === 0 ? null : `[${answers.join(',')}]`
  }

  function tooLargeText(message: unknown): string | null {
    const id = isObject(message) ? idText(message) : 'null'
    return id === null
      ? null
      : errorText(id, rpcError('RESPONSE_TOO_LARGE', 'response too large: split the batch'))
  }

  /** Requests of a batch share the time of one. */
  async function answerOne(message: unknown, caller: Caller, deadlineMs?: number) {
    if (!isObject(message) || typeof message.method !== 'string')
      return errorText('null', rpcError('INVALID_REQUEST', 'invalid request'))
    const id = idText(message)
    try {
      if (id === '') throw rpcError('INVALID_REQUEST', 'invalid request: id is no string or number')
      const result = await run(message.method, message.params, { caller, deadlineMs })
      return id === null
        ? null
        : `{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify(result ?? null)}}`
    } catch (error) {
      if (isBug(error)) server.logger.error({ error, method: message.method }, 'A method failed')
      return id === null ? null : errorText(id === '' ? 'null' : id, error)
    }
  }

  async function run(
    name: string,
    params: unknown,
    { caller, deadlineMs }: { caller: Caller; deadlineMs: number | undefined },
  ) {
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined
    if (!method)
      throw rpcError(
        'METHOD_NOT_FOUND',
        `the method ${name.slice(0, 100)} does not exist/is not available`,
      )
    const list = checkParams(method, params ?? [])
    const { requestMs } = server.limits
    const leftMs = deadlineMs === undefined ? requestMs : deadlineMs - performance.now()
    if (leftMs < 1) throw timeoutError(requestMs)
    const context = new RequestContext(server, caller)
    const result = method.run(list, context)
    return result instanceof Promise ? withDeadline(result, context, leftMs) : result
  }

  async function withDeadline(work: Promise<unknown>, context: RequestContext, leftMs: number) {
    const { promise: expired, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      const error = timeoutError(server.limits.requestMs)
      reject(error)
      context.abort(error)
    }, Math.ceil(leftMs))
    try {
      return await Promise.race([work, expired])
    } finally {
      clearTimeout(timer)
    }
  }
}

function timeoutError(requestMs: number) {
  return rpcError('TIMEOUT', `request timed out after ${requestMs} ms`)
}

function checkParams(method: Method, params: unknown): readonly unknown[] {
  if (!Array.isArray(params)) throw invalidParams('non-array args')
  if (params.length > method.most)
    throw invalidParams(`too many arguments, want at most ${method.most}`)
  return params
}

/** The id as JSON text; null for a notification; empty when it is neither string, number nor null. */
function idText({ id }: Record<string, unknown>): IdText | null {
  if (id === undefined) return null
  if (typeof id === 'string' || typeof id === 'number' || id === null) return JSON.stringify(id)
  return ''
}

function firstId(messages: unknown[]): IdText {
  for (const message of messages) {
    const id = isObject(message) ? idText(message) : null
    if (id) return id
  }
  return 'null'
}

function errorText(id: IdText, error: unknown): string {
  return `{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify(errorToJson(error))}}`
}
