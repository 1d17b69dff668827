import { CodedError } from '@quoin/kernel'

/**
 * Asks one server after the other until one answers. A server that is down, or has not what is asked for, is
 * passed over; one that lies ends it: its user should know.
 */
export async function firstThatAnswers<Server, T>(
  servers: readonly Server[],
  ask: (server: Server) => Promise<T>,
): Promise<T> {
  let failure: unknown = new Error('There is no server to ask')
  for (const server of servers) {
    try {
      return await ask(server)
    } catch (error) {
      if (!isAway(error)) throw error
      failure = error
    }
  }
  throw failure
}

export function isAway(error: unknown): boolean {
  return (
    error instanceof CodedError &&
    (error.code === 'SERVER_FAILED' || error.code === 'NOT_AVAILABLE')
  )
}
