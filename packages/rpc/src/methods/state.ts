import { bigintToBytes, bigintToHex, bytesToHex, type Hex } from '@quoin/kernel'
import { invalidParams } from '../errors.ts'
import { latest, parseBlockReference } from '../params/block-reference.ts'
import {
  optional,
  type Parser,
  parseAddress,
  parseList,
  parseObject,
  parseStorageKey,
  required,
} from '../params/values.ts'
import { type MethodTable, method } from './context.ts'
import { requireState } from './locate-block.ts'

/** Accounts, code and storage after a block. */
export const stateMethods: MethodTable = {
  eth_getBalance: method(2, async (params, { execution }) => {
    const address = required(params, 0, parseAddress)
    const { state } = await requireState(
      execution,
      optional(params, 1, parseBlockReference, latest),
    )
    return bigintToHex((await state.account(address))?.balance ?? 0n)
  }),
  eth_getTransactionCount: method(2, async (params, { execution }) => {
    const address = required(params, 0, parseAddress)
    const reference = optional(params, 1, parseBlockReference, latest)
    if (reference.by === 'tag' && reference.tag === 'pending')
      return bigintToHex(await execution.pool.nextNonce(address))
    const { state } = await requireState(execution, reference)
    return bigintToHex((await state.account(address))?.nonce ?? 0n)
  }),
  eth_getCode: method(2, async (params, { execution }) => {
    const address = required(params, 0, parseAddress)
    const { state } = await requireState(
      execution,
      optional(params, 1, parseBlockReference, latest),
    )
    return state.code(address)
  }),
  eth_getStorageAt: method(3, async (params, { execution }) => {
    const address = required(params, 0, parseAddress)
    const slot = required(params, 1, parseStorageKey)
    const { state } = await requireState(
      execution,
      optional(params, 2, parseBlockReference, latest),
    )
    return toWord(await state.storage(address, slot))
  }),
  eth_getStorageValues: method(2, async (params, { execution, limits }) => {
    const wanted = required(params, 0, parseSlotsByAddress)
    const count = wanted.reduce((sum, [, slots]) => sum + slots.length, 0)
    if (count === 0) throw invalidParams('empty request')
    if (count > limits.storageSlots)
      throw invalidParams(`too many slots (max ${limits.storageSlots})`)
    const { state } = await requireState(
      execution,
      optional(params, 1, parseBlockReference, latest),
    )
    const values: Record<Hex, Hex[]> = {}
    for (const [address, slots] of wanted) {
      values[address] = []
      for (const slot of slots) values[address].push(toWord(await state.storage(address, slot)))
    }
    return values
  }),
  eth_getProof: method(3, async (params, { execution, limits }) => {
    const address = required(params, 0, parseAddress)
    const keys = optional(params, 1, parseKeys, [])
    if (keys.length > limits.storageSlots)
      throw invalidParams(
        `too many slots requested: ${keys.length}, want at most ${limits.storageSlots}`,
      )
    const { state } = await requireState(
      execution,
      optional(params, 2, parseBlockReference, latest),
    )
    const proof = await state.proof(
      address,
      keys.map((key) => key.slot),
    )
    return {
      address,
      accountProof: proof.accountProof,
      balance: bigintToHex(proof.balance),
      codeHash: proof.codeHash,
      nonce: bigintToHex(proof.nonce),
      storageHash: proof.storageHash,
      storageProof: proof.storageProof.map((entry, index) => ({
        key: keys[index]?.echo ?? entry.key,
        value: bigintToHex(entry.value),
        proof: entry.proof,
      })),
    }
  }),
}

/** geth echoes a key as it came: a full word as a word, a short one as a quantity. */
const parseKeys: Parser<{ slot: Hex; echo: Hex }[]> = (value, index) =>
  parseList(value, index, (item) => {
    const slot = parseStorageKey(item, index)
    const isWord = typeof item === 'string' && item.replace(/^0x/i, '').length === 64
    return { slot, echo: isWord ? slot : bigintToHex(BigInt(slot)) }
  })

const parseSlotsByAddress: Parser<[Hex, Hex[]][]> = (value, index) =>
  Object.entries(parseObject(value, index)).map(([address, slots]) => [
    parseAddress(address, index),
    parseList(slots, index, parseStorageKey),
  ])

function toWord(value: bigint): Hex {
  return bytesToHex(bigintToBytes(value, 32))
}
