import type { PoolErrorCode, TransactionPool } from '@quoin/execution'
import { CodedError, type Hex, hexToBytes } from '@quoin/kernel'

/** What became of transactions that came from another node. */
export interface IntakeCounts {
  /** New here, and in the pool now. */
  added: number
  known: number
  /** What nobody could ever use: no honest node passes such a thing on. */
  malformed: number
  /** What this pool cannot use now: an old nonce, too little balance, no room. */
  refused: number
}

/** The two ways into the pool, and what others may be told of it. */
export interface TransactionIntake {
  /** For clients: what it takes is told to `onLocal`. */
  readonly pool: TransactionPool
  addFromPeers(raws: readonly Uint8Array[]): Promise<IntakeCounts>
  pooled(limits: { maxBytes: number; isLocalOnly: boolean }): Uint8Array[]
}

/** At most this many wait for `pool.add` at a time; what comes on top is refused. */
const maxWaiting = 8192
/** After this many additions everything else in the thread gets its turn. */
const additionsPerTurn = 16
const maxLocal = 16_384
/** The first of a burst is told at once, the rest together. */
const gatherMs = 5

export function createTransactionIntake(
  pool: TransactionPool,
  onLocal: (raws: Uint8Array[]) => void,
): TransactionIntake {
  const local = new Set<Hex>()
  const tell = gather(onLocal)
  let waiting = 0

  async function addOfClient(raw: Uint8Array): Promise<Hex> {
    const hash = await pool.add(raw)
    local.add(hash)
    if (local.size > maxLocal) forgetMined()
    tell(raw)
    return hash
  }

  function forgetMined(): void {
    for (const hash of local) if (pool.get(hash) === null) local.delete(hash)
    for (const hash of local) {
      if (local.size <= maxLocal / 2) return
      local.delete(hash)
    }
  }

  async function addFromPeers(raws: readonly Uint8Array[]): Promise<IntakeCounts> {
    const counts: IntakeCounts = { added: 0, known: 0, malformed: 0, refused: 0 }
    const taken = raws.slice(0, Math.max(0, maxWaiting - waiting))
    counts.refused += raws.length - taken.length
    waiting += taken.length
    for (const [index, raw] of taken.entries()) {
      if (index > 0 && index % additionsPerTurn === 0)
        await new Promise((resolve) => setImmediate(resolve))
      counts[await offer(pool, raw)]++
      waiting--
    }
    return counts
  }

  function pooled({ maxBytes, isLocalOnly }: { maxBytes: number; isLocalOnly: boolean }) {
    const raws: Uint8Array[] = []
    let bytes = 0
    for (const transactions of pool.content().pending.values())
      for (const { hash, raw } of transactions) {
        if (isLocalOnly && !local.has(hash)) continue
        bytes += raw.length / 2 - 1
        if (bytes > maxBytes) return raws
        raws.push(hexToBytes(raw))
      }
    return raws
  }

  return {
    pool: {
      add: addOfClient,
      get: (hash) => pool.get(hash),
      content: () => pool.content(),
      status: () => pool.status(),
      nextNonce: (address) => pool.nextNonce(address),
      onPending: (listener) => pool.onPending(listener),
    },
    addFromPeers,
    pooled,
  }
}

const malformed: ReadonlySet<string> = new Set<PoolErrorCode>([
  'DECODE',
  'OVERSIZED',
  'TIP_ABOVE_FEE_CAP',
  'TYPE_NOT_SUPPORTED',
])

async function offer(pool: TransactionPool, raw: Uint8Array): Promise<keyof IntakeCounts> {
  try {
    await pool.add(raw)
    return 'added'
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    if (error.code === 'ALREADY_KNOWN') return 'known'
    return malformed.has(error.code) ? 'malformed' : 'refused'
  }
}

/** Calls `flush` with the first item soon, and with those of the next few milliseconds together. */
function gather(flush: (items: Uint8Array[]) => void): (item: Uint8Array) => void {
  let items: Uint8Array[] = []
  let lastMs = 0
  let isDue = false
  const send = () => {
    isDue = false
    lastMs = performance.now()
    const ready = items
    items = []
    flush(ready)
  }
  return (item) => {
    items.push(item)
    if (isDue) return
    isDue = true
    if (performance.now() - lastMs > gatherMs) setImmediate(send)
    else setTimeout(send, gatherMs)
  }
}
