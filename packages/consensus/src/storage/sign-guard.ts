import { decodeRlp, encodeRlp, hexItem, numberItem, toHex, toList, toNumber } from '@quoin/headers'
import { bytesToHex, CodedError, type Hex } from '@quoin/kernel'
import type { RecordLog } from './record-file.ts'

/** What a validator may sign once: a message of a kind in a round of a height. */
interface SignSlot {
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
  /** What was signed at a height that is not over: all that is left of it when the log is lost. */
  signedAt(height: number): readonly SignedStatement[]
  /** Makes the signatures durable: before they leave. The write-ahead log must be durable first. */
  flush(): Promise<void>
  /** Nothing below `height` will be asked for again: it was decided and stored. */
  advance(height: number): Promise<void>
}

interface SignedStatement extends Statement {
  digest: Hex
  signature: Hex
}

const kinds = ['proposal', 'prevote', 'precommit'] as const
const rewriteAfter = 4096

export async function openSignGuard(log: RecordLog): Promise<SignGuard> {
  const signed = new Map<string, SignedStatement>()
  let latest: SignSlot = { height: 0, round: 0, kind: 'proposal' }
  let written = log.recovered.length

  const remember = (entry: SignedStatement) => {
    signed.set(keyOf(entry), entry)
    if (compareSlots(entry, latest) > 0) latest = entry
  }
  for (const record of log.recovered) remember(decodeSigned(record))

  return {
    async sign(statement, digest, makeSignature) {
      const { height, round, kind, id, validRound } = statement
      const hex = bytesToHex(digest)
      const stored = signed.get(keyOf(statement))
      if (stored?.digest === hex) return stored.signature
      if (stored || compareSlots(statement, latest) < 0) throw conflict(statement, stored ?? latest)
      const forgotten = [...signed.values()].find((entry) => forgets(statement, entry))
      if (forgotten) throw conflict(statement, forgotten)
      const signature = await makeSignature()
      const entry = { height, round, kind, id, validRound, digest: hex, signature }
      remember(entry)
      log.append(encodeSigned(entry))
      written += 1
      return entry.signature
    },
    signedAt: (height) => [...signed.values()].filter((entry) => entry.height === height),
    flush: () => log.flush(),
    async advance(height) {
      for (const [key, entry] of signed) if (entry.height < height) signed.delete(key)
      if (written < rewriteAfter) return
      const kept = [...signed.values()]
      const nothing = { id: null, validRound: -1, digest: '0x', signature: '0x' } as const
      const floor = { ...latest, ...nothing }
      await log.replace((kept.length > 0 ? kept : [floor]).map(encodeSigned))
      written = kept.length
    },
    [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
  }
}

/** Whether a prevote claims no proof of lock from the round on in which a block was precommitted. */
function forgets({ height, round, kind, id, validRound }: Statement, earlier: Statement): boolean {
  const isLock = earlier.kind === 'precommit' && earlier.id !== null
  const isBound = isLock && earlier.height === height && earlier.round < round
  return isBound && kind === 'prevote' && id !== null && validRound < earlier.round
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

function encodeSigned(entry: SignedStatement): Uint8Array {
  return encodeRlp([
    numberItem(entry.height),
    numberItem(entry.round),
    numberItem(kinds.indexOf(entry.kind)),
    hexItem(entry.id ?? '0x'),
    numberItem(entry.validRound + 1),
    hexItem(entry.digest),
    hexItem(entry.signature),
  ])
}

function decodeSigned(bytes: Uint8Array): SignedStatement {
  const items = toList(decodeRlp(bytes), 'signed statement', 7)
  const kind = kinds[toNumber(items[2], 'kind')]
  if (!kind) throw new CodedError('INVALID_ENCODING', 'Unknown kind of signed message')
  const id = toHex(items[3], 'id')
  return {
    height: toNumber(items[0], 'height'),
    round: toNumber(items[1], 'round'),
    kind,
    id: id === '0x' ? null : id,
    validRound: toNumber(items[4], 'validRound') - 1,
    digest: toHex(items[5], 'digest'),
    signature: toHex(items[6], 'signature'),
  }
}
