import { accusedOf } from '@quoin/headers'
import type { Hex } from '@quoin/kernel'
import { decodeEvidence, encodeEvidence } from '../codec/evidence.ts'
import type { Evidence } from '../core/messages.ts'
import type { RecordLog } from './record-file.ts'

/** Older evidence convicts nobody any more: the stake behind it may have been taken out. */
const defaultEvidenceAgeBlocks = 100_000
const maxEntries = 1024
/** One liar must not push out what is known of others; one piece is enough to convict. */
const maxPerValidator = 4

/** Proofs that a validator lied, kept over restarts until they are too old to matter. */
export interface EvidencePool {
  /** Durable when it resolves. False when it is known, says nothing new of that validator, or finds no room. */
  add(evidence: Evidence): Promise<boolean>
  list(): readonly Evidence[]
  /** Forgets what is too old at this height. */
  age(height: number): Promise<void>
}

/** Without a log the pool lives in memory only. */
export function openEvidencePool(
  log: RecordLog | null,
  ageBlocks = defaultEvidenceAgeBlocks,
): EvidencePool {
  const entries = new Map<string, Evidence>()
  for (const record of log?.recovered ?? []) {
    const evidence = decodeEvidence(record)
    entries.set(keyOf(evidence), evidence)
  }
  const countOf = (validator: Hex) =>
    [...entries.values()].filter((known) => accusedOf(known).validator === validator).length
  return {
    async add(evidence) {
      const key = keyOf(evidence)
      if (entries.has(key) || entries.size >= maxEntries) return false
      if (countOf(accusedOf(evidence).validator) >= maxPerValidator) return false
      entries.set(key, evidence)
      log?.append(encodeEvidence(evidence))
      await log?.flush()
      return true
    },
    list: () => [...entries.values()],
    async age(height) {
      const before = entries.size
      for (const [key, evidence] of entries)
        if (accusedOf(evidence).height + ageBlocks < height) entries.delete(key)
      if (entries.size < before) await log?.replace([...entries.values()].map(encodeEvidence))
    },
  }
}

/** One lie is one entry: by whom, of what kind, in which height. */
function keyOf(evidence: Evidence): string {
  const { validator, height } = accusedOf(evidence)
  return `${validator}/${evidence.kind}/${height}`
}
