import { bigintToHex, bytesToBigint, bytesToHex, type Hex } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import { bodyHash, type PowBlock } from '../block.ts'
import { withdrawalsAt } from '../check-block.ts'
import { type PowHeader, randaoOn, sealHash, sealHeader } from '../header.ts'
import type { PowRules } from '../rules.ts'
import { earliestTimeMs, type Link, targetAfter } from '../tree/link.ts'
import { poison, seal } from './memory-execution.ts'

/** Where a forger works, and what makes its blocks differ from each other. */
export interface Forge {
  parent: Link
  rules: PowRules
  nowMs: number
  miner: Hex
}

type Payload = PowBlock['payload']

interface Draft {
  header: PowHeader
  payload: Payload
}

const other: Hex = `0x${'0f'.repeat(32)}`

/** Blocks whose work is done and that break one rule each, by the rule's name. */
const lies: Record<string, (draft: Draft, forge: Forge) => void> = {
  chain: ({ header }) => {
    header.chainId += 1n
  },
  height: (draft, { rules, miner }) => {
    const height = draft.header.height + 1
    draft.header.height = height
    const withdrawals = withdrawalsAt(height, miner, rules)
    draft.payload = { ...draft.payload, blockNumber: bigintToHex(height), withdrawals }
  },
  time: (draft, { parent }) => {
    draft.header.timeMs = parent.timeMs
    draft.payload = { ...draft.payload, timestamp: secondsOf(parent.timeMs) }
  },
  target: ({ header }) => {
    header.target *= 2n
  },
  payload: ({ header }) => {
    header.payloadHash = other
  },
  'payload parent': (draft) => {
    draft.payload = { ...draft.payload, parentHash: other }
  },
  'payload number': (draft) => {
    const blockNumber = bigintToHex(draft.header.height + 1)
    draft.payload = { ...draft.payload, blockNumber }
  },
  'payload time': (draft) => {
    const timestamp = bigintToHex(BigInt(draft.payload.timestamp) + 1n)
    draft.payload = { ...draft.payload, timestamp }
  },
  randomness: (draft) => {
    draft.payload = { ...draft.payload, prevRandao: other }
  },
  fees: (draft) => {
    draft.payload = { ...draft.payload, feeRecipient: `0x${'0f'.repeat(20)}` }
  },
  reward: (draft) => {
    const withdrawals = draft.payload.withdrawals.map((each) => ({
      ...each,
      amount: '0xffff' as Hex,
    }))
    draft.payload = { ...draft.payload, withdrawals }
  },
  execution: (draft) => {
    draft.payload = { ...draft.payload, transactions: [poison] }
  },
  future: (draft, { nowMs }) => {
    draft.header.timeMs = nowMs + 90_000
    draft.payload = { ...draft.payload, timestamp: secondsOf(draft.header.timeMs) }
  },
}

export const lieNames: readonly string[] = [...Object.keys(lies), 'work', 'body']

/** A block that breaks the named rule and no other. */
export function forge(name: string, place: Forge): PowBlock {
  const draft = draftOn(place)
  lies[name]?.(draft, place)
  const { payload, header } = draft
  const sealed = seal(payload, place.parent.id)
  if (sealed.blockHash !== payload.blockHash) {
    draft.payload = sealed
    header.payloadHash = sealed.blockHash
  }
  const body = { payload: draft.payload, executionRequests: [] }
  header.bodyHash = name === 'body' ? other : bodyHash(body)
  const nonce = bytesToBigint(keccak256(sealHash(header)).slice(0, 8))
  return { ...sealHeader(header, name === 'work' ? nonce ^ 1n : nonce), ...body }
}

/** A good block on a parent that nobody has. */
export function forgeOrphan(place: Forge, index: number): PowBlock {
  const id = bytesToHex(keccak256(Buffer.from(`nobody has ${index}`)))
  return forge('none', { ...place, parent: { ...place.parent, id } })
}

function draftOn(place: Forge): Draft {
  const { parent, rules, nowMs, miner } = place
  const timeMs = Math.max(nowMs, earliestTimeMs(parent, rules))
  const height = parent.height + 1
  const content = {
    ...{ parentHash: parent.payloadHash, feeRecipient: miner, prevRandao: randaoOn(parent.id) },
    ...{ timestamp: secondsOf(timeMs), blockNumber: bigintToHex(height), transactions: [] },
    withdrawals: withdrawalsAt(height, miner, rules),
  }
  const payload = seal(content, parent.id)
  const header: PowHeader = {
    ...{ chainId: rules.chainId, height, timeMs, parentId: parent.id, miner },
    ...{ payloadHash: payload.blockHash, bodyHash: other, target: targetAfter(parent, rules) },
  }
  return { header, payload }
}

function secondsOf(timeMs: number): Hex {
  return bigintToHex(Math.floor(timeMs / 1000))
}
