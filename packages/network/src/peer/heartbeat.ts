import type { NetworkLimits } from '../limits.ts'
import type { Link } from './link.ts'

/**
 * Pings a peer regularly, keeps the round trip, and drops the connection when the peer has been
 * silent too long. A tick that comes late means that we were the ones asleep (a stopped process, a
 * blocked thread): then everyone gets the whole time again.
 */
export function startHeartbeat(link: Link, limits: NetworkLimits): void {
  let nonce = 0
  let sentAt = 0
  let isAnswered = true
  let heardAt = performance.now()
  let tickAt = heardAt
  const tick = () => {
    const now = performance.now()
    if (now - tickAt > 2 * limits.heartbeatMs) heardAt = now
    tickAt = now
    if (now - heardAt > limits.silenceMs)
      return link.connection.abort(new Error('The peer has fallen silent.'))
    if (!isAnswered) return
    isAnswered = false
    nonce = (nonce + 1) % 2 ** 32
    sentAt = now
    link.control.send({ type: 'ping', nonce })
  }
  const timer = setInterval(tick, limits.heartbeatMs)
  link.connection.addEventListener('close', () => clearInterval(timer))
  link.control.listen((message) => {
    heardAt = performance.now()
    if (message.type === 'ping') link.control.send({ type: 'pong', nonce: message.nonce })
    if (message.type !== 'pong' || message.nonce !== nonce || isAnswered) return
    isAnswered = true
    link.latencyMs = heardAt - sentAt
  })
  tick()
}
