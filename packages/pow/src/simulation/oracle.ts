import { decodeRlp, toBigint, toList, toNumber } from '@quoin/headers'
import { bytesToHex, type Hex } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import { decodeBody, type PowBody } from '../block.ts'
import { randaoOn, rlpToSealedHeader, type SealedHeader } from '../header.ts'
import type { PowRules } from '../rules.ts'
import { canonicalKey, metaKey } from '../tree/keys.ts'
import { hasDrawnWork } from './drawn-miner.ts'
import { poison } from './memory-execution.ts'
import { scheduledReward, scheduledTarget } from './oracle-schedule.ts'
import type { PowDisk } from './pow-network.ts'

/** A stored block with what the oracle adds up by itself. */
interface Judged extends SealedHeader {
  body: PowBody
  work: bigint
  elapsedMs: number
  /** Whether its payload, or one below it, cannot be run. */
  isDead: boolean
  stored: { work: bigint; elapsedMs: number; bodyHash: Hex }
}

type Parent = Pick<Judged, 'id' | 'work' | 'elapsedMs' | 'isDead'> & {
  height: number
  timeMs: number
  payloadHash: Hex
}

/**
 * What is wrong with what a node has on its disks; null when nothing is. Reads the stored bytes of all
 * branches and judges them by a second, plain writing of the rules that shares no line with the engine's.
 */
export function findWrong(disk: PowDisk, rules: PowRules): string | null {
  const blocks = readBlocks(disk)
  if (typeof blocks === 'string') return blocks
  for (const block of blocks.values()) {
    const parent = parentOf(block, blocks, rules)
    const wrong = parent ? wrongWith(block, parent, rules) : 'it stands on nothing'
    if (wrong) return `the stored block ${block.header.height} ${block.id}: ${wrong}`
  }
  return wrongChoice(disk, blocks, rules) ?? wrongAccounts(disk, blocks, rules)
}

/** In the order in which they were stored, parents first. */
function readBlocks({ blocks: disk }: PowDisk): Map<Hex, Judged> | string {
  const blocks = new Map<Hex, Judged>()
  for (const [key, value] of disk) {
    if (!key.startsWith('0x6c')) continue
    const [header, work, elapsedMs] = toList(decodeRlp(value), 'link', 3)
    const sealed = rlpToSealedHeader(header)
    const body = disk.get(`0x62${sealed.id.slice(2)}`)
    if (key !== `0x6c${sealed.id.slice(2)}` || !body) return `the store mixes up ${sealed.id}`
    const stored = {
      work: toBigint(work, 'work'),
      elapsedMs: toNumber(elapsedMs, 'elapsedMs'),
      bodyHash: bytesToHex(keccak256(body)),
    }
    blocks.set(sealed.id, {
      ...{ ...sealed, body: decodeBody(body), stored },
      ...{ work: 0n, elapsedMs: 0, isDead: false },
    })
  }
  return blocks
}

function parentOf(
  { header }: SealedHeader,
  blocks: ReadonlyMap<Hex, Judged>,
  rules: PowRules,
): Parent | null {
  if (header.parentId === rules.genesisId)
    return {
      ...{ id: rules.genesisId, height: 0, timeMs: rules.genesisTimeMs, work: 0n, elapsedMs: 0 },
      ...{ isDead: false, payloadHash: rules.executionGenesis },
    }
  const parent = blocks.get(header.parentId)
  return parent ? { ...parent, ...parent.header } : null
}

/** Also fills in what the block adds up to. */
function wrongWith(block: Judged, parent: Parent, rules: PowRules): string | null {
  const { header, body, stored } = block
  const { payload } = body
  const halfLifeMs = rules.halfLifeBlocks * rules.targetBlockMs
  block.work = parent.work + 2n ** 256n / (header.target + 1n)
  block.elapsedMs = parent.elapsedMs + Math.min(halfLifeMs, header.timeMs - parent.timeMs)
  block.isDead = parent.isDead || payload.transactions.includes(poison)
  if (!hasDrawnWork(block)) return 'its work was not done'
  if (header.chainId !== rules.chainId) return 'another chain'
  if (header.height !== parent.height + 1) return 'another height'
  if (header.timeMs <= parent.timeMs) return 'a time not after its parent'
  const target = scheduledTarget(parent.height + 1, parent.elapsedMs, rules)
  if (header.target !== target) return `the target ${header.target} where ${target} was due`
  if (stored.work !== block.work || stored.elapsedMs !== block.elapsedMs)
    return `it counts ${stored.work} work and ${stored.elapsedMs} ms`
  if (stored.bodyHash !== header.bodyHash) return "another's body"
  if (payload.blockHash !== header.payloadHash) return 'another payload'
  if (payload.parentHash !== parent.payloadHash) return 'another parent of its payload'
  if (Number(payload.blockNumber) !== header.height) return 'another number of its payload'
  if (Number(payload.timestamp) !== Math.floor(header.timeMs / 1000)) return 'another timestamp'
  if (payload.prevRandao !== randaoOn(parent.id)) return 'another randomness'
  if (payload.feeRecipient !== header.miner) return "another's fees"
  return wrongReward(block, rules)
}

function wrongReward({ header, body }: Judged, rules: PowRules): string | null {
  const due = scheduledReward(header.height, rules)
  const paid = body.payload.withdrawals
  if (paid.length !== (due > 0n ? 1 : 0)) return `${paid.length} rewards`
  for (const { amount, address, index } of paid)
    if (BigInt(amount) !== due || address !== header.miner || Number(index) !== header.height - 1)
      return `a reward of ${amount} for ${address} where ${due} was due`
  return null
}

/** The head has the most work of all that can be run, and was the first of those with as much. */
function wrongChoice(
  disk: PowDisk,
  blocks: ReadonlyMap<Hex, Judged>,
  rules: PowRules,
): string | null {
  const headBytes = disk.blocks.get(bytesToHex(metaKey('head')))
  if (!headBytes) return blocks.size === 0 ? null : 'there are blocks and no head'
  const head = blocks.get(bytesToHex(headBytes))
  if (!head) return 'the head is not stored'
  if (head.isDead) return `the head ${head.header.height} stands on what cannot be run`
  const canonical = chainOf(head, blocks)
  for (const { header, id } of canonical) {
    const named = disk.blocks.get(bytesToHex(canonicalKey(header.height)))
    if (!named || bytesToHex(named) !== id) return `height ${header.height} names another block`
  }
  const named = [...disk.blocks.keys()].filter((key) => key.startsWith('0x68')).length
  if (named !== canonical.length) return `${named} heights are named for ${canonical.length} blocks`
  const finalizedHeight = finalizedOf(disk, blocks)
  if (finalizedHeight > Math.max(0, head.header.height - rules.finalizedDepth))
    return `${finalizedHeight} is finalized under ${head.header.height}`
  const isOurs = new Set(canonical.map(({ id }) => id))
  for (const block of blocks.values()) {
    if (block.isDead || isRefused(block, { blocks, isOurs, finalizedHeight })) continue
    if (block.work > head.work) return `${block.id} has more work than the head`
    if (block.work === head.work) return block.id === head.id ? null : 'the first seen left'
  }
  return null
}

function finalizedOf({ blocks: disk }: PowDisk, blocks: ReadonlyMap<Hex, Judged>): number {
  const finalized = disk.get(bytesToHex(metaKey('finalized')))
  return (finalized && blocks.get(bytesToHex(finalized))?.header.height) ?? 0
}

interface Known {
  blocks: ReadonlyMap<Hex, Judged>
  isOurs: ReadonlySet<Hex>
  finalizedHeight: number
}

/** Whether a block leaves our chain below what is finalized. */
function isRefused(block: Judged, { blocks, isOurs, finalizedHeight }: Known): boolean {
  let below: Judged | undefined = block
  while (below && !isOurs.has(below.id)) below = blocks.get(below.header.parentId)
  return (below?.header.height ?? 0) < finalizedHeight
}

/** From the head down. */
function chainOf(head: Judged, blocks: ReadonlyMap<Hex, Judged>): Judged[] {
  const chain: Judged[] = []
  let block: Judged | undefined = head
  while (block) {
    chain.push(block)
    block = blocks.get(block.header.parentId)
  }
  return chain
}

/** Execution has run the chain, no transaction ran twice, none waits that has run. */
function wrongAccounts(
  { blocks: disk, execution }: PowDisk,
  blocks: ReadonlyMap<Hex, Judged>,
  rules: PowRules,
): string | null {
  const headBytes = disk.get(bytesToHex(metaKey('head')))
  const head = headBytes && blocks.get(bytesToHex(headBytes))
  const expected = head?.header.payloadHash ?? rules.executionGenesis
  if (execution.head !== expected) return `execution is at ${execution.head}, not at ${expected}`
  const spent = new Set<Hex>()
  for (const { body, header } of head ? chainOf(head, blocks) : []) {
    if (!execution.payloads.has(header.payloadHash)) return `execution lacks ${header.height}`
    for (const transaction of body.payload.transactions) {
      if (spent.has(transaction)) return `${transaction} is twice in the chain`
      spent.add(transaction)
    }
  }
  for (const transaction of execution.pool)
    if (spent.has(transaction)) return `${transaction} has run and still waits`
  return null
}
