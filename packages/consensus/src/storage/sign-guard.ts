import { decodeRlp, encodeRlp, hexItem, numberItem, toHex, toList, toNumber } from '@quoin/headers'
import { bytesToHex, CodedError, type Hex } from '@quoin/kernel'
import type { RecordLog } from './record-file.ts'

/** What a validator may sign once: a message of a kind in a round of a height. */
export interface SignSlot {
  height: number
  round: number
  kind: 'proposal' | 'prevote' | 'precommit'
}

/** What is signed there, as far as it binds what may be signed later. */
export interface Statement extends SignSlot {
  /** Null for nil. */
  id: Hex | null
  validRound: number
}

/**
 * Remembers what was signed, in a file of its own, so that not even a lost or wrong write-ahead log
 * can make a validator contradict itself: neither in one round (`Duplicate`) nor by forgetting over rounds
 * what it precommitted (`Amnesia`).
 */
export interface SignGuard extends AsyncDisposable {
  /**
   * The signature of a statement: the stored one when the same was signed before, else a new one.
   * @throws CodedError `CONFLICTING_SIGNATURE` when something else was signed there, or anything later, or
   * when it is a prevote for a block against a precommit for a block of an earlier round.
   */
  sign(statement: Statement, digest: Uint8Array, sign: () => Promise<Hex>): Promise<Hex>
  /** Makes the signatures durable: before they leave. The write-ahead log must be durable first. */
  flush(): Promise<void>
  /** Nothing below `height` will be asked for again: it was decided and stored. */
  advance(height: number): Promise<void>
}

interface Signed extends SignSlot {
  digest: Hex
  signature: Hex
  /** Whether it is a precommit for a block. */
  isLock: boolean
}

const kinds = ['proposal', 'prevote', 'precommit'] as const
const rewriteAfter = 4096

export async function openSignGuard(log: RecordLog): Promise<SignGuard> {
  const signed = new Map<string, Signed>()
  let latest: SignSlot = { height: 0, round: 0, kind: 'proposal' }
  let written = log.recovered.length

  const remember = (entry: Signed) => {
    signed.set(keyOf(entry), entry)
    if (compareSlots(entry, latest) > 0) latest = entry
  }
  for (const record of log.recovered) remember(decodeSigned(record))

  return {
    async sign(statement, digest, makeSignature) {
      const { height, round, kind, id } = statement
      const hex = bytesToHex(digest)
      const stored = signed.get(keyOf(statement))
      if (stored?.digest === hex) return stored.signature
      if (stored || compareSlots(statement, latest) < 0) throw conflict(statement, stored ?? latest)
      const forgotten = [...signed.values()].find((entry) => forgets(statement, entry))
      if (forgotten) throw conflict(statement, forgotten)
      const isLock = kind === 'precommit' && id !== null
      const signature = await makeSignature()
      const entry = { height, round, kind, digest: hex, signature, isLock }
      remember(entry)
      log.append(encodeSigned(entry))
      written += 1
      return entry.signature
    },
    flush: () => log.flush(),
    async advance(height) {
      for (const [key, entry] of signed) if (entry.height < height) signed.delete(key)
      if (written < rewriteAfter) return
      const kept = [...signed.values()]
      const floor = { ...latest, digest: '0x', signature: '0x', isLock: false } as const
      await log.replace((kept.length > 0 ? kept : [floor]).map(encodeSigned))
      written = kept.length
    },
    [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
  }
}

/** Whether a prevote claims no proof of lock from the round on in which a block was precommitted. */
function forgets({ height, round, kind, id, validRound }: Statement, lock: Signed): boolean {
  const isBound = lock.isLock && lock.height === height && lock.round < round
  return isBound && kind === 'prevote' && id !== null && validRound < lock.round
}

function conflict(slot: SignSlot, earlier: SignSlot): CodedError<'CONFLICTING_SIGNATURE'> {
  const describe = ({ kind, height, round }: SignSlot) =>
    `${kind} at height ${height}, round ${round}`
  return new CodedError(
    'CONFLICTING_SIGNATURE',
    `Refused to sign a ${describe(slot)}: this key has already signed a ${describe(earlier)}`,
  )
}

function compareSlots(a: SignSlot, b: SignSlot): number {
  return a.height - b.height || a.round - b.round || kinds.indexOf(a.kind) - kinds.indexOf(b.kind)
}

function keyOf({ height, round, kind }: SignSlot): string {
  return `${height}/${round}/${kind}`
}

function encodeSigned({ height, round, kind, digest, signature, isLock }: Signed): Uint8Array {
  return encodeRlp([
    numberItem(height),
    numberItem(round),
    numberItem(kinds.indexOf(kind)),
    hexItem(digest),
    hexItem(signature),
    numberItem(isLock ? 1 : 0),
  ])
}

function decodeSigned(bytes: Uint8Array): Signed {
  const items = toList(decodeRlp(bytes), 'signed slot', 6)
  const [height, round, index, digest, signature, isLock] = items
  const kind = kinds[toNumber(index, 'kind')]
  if (!kind) throw new CodedError('INVALID_ENCODING', 'Unknown kind of signed message')
  return {
    height: toNumber(height, 'height'),
    round: toNumber(round, 'round'),
    kind,
    digest: toHex(digest, 'digest'),
    signature: toHex(signature, 'signature'),
    isLock: toNumber(isLock, 'lock') === 1,
  }
}
