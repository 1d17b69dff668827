import { concat, keccak256, toHex } from 'viem'
import type { Hex } from './addresses.ts'

/** solc's `storageLayout`, of which only what places a value is kept. */
export interface StorageLayout {
  storage: readonly StorageMember[]
  types: Readonly<Record<string, StorageType>>
}

interface StorageMember {
  label: string
  /** Bytes from the low end of the slot. */
  offset: number
  slot: string
  type: string
}

interface StorageType {
  encoding: string
  numberOfBytes: string
  key?: string
  value?: string
  base?: string
  members?: readonly StorageMember[]
}

/** Numbers, enums and addresses as themselves; structs and mappings as objects by label or key. */
export type StorageValue =
  | bigint
  | number
  | boolean
  | Hex
  | readonly StorageValue[]
  | { readonly [key: string]: StorageValue }

/**
 * The slots that hold these values, by Solidity's rules ("Layout of State Variables in Storage"): values
 * of one slot packed from its low end, a mapping's at keccak256(key ‖ slot), an array's from
 * keccak256(slot). Knows what our contracts use: no strings, and arrays of words and structs only.
 * @throws RangeError for a label that the layout has not, and for a value that does not fit
 */
export function encodeStorage(
  layout: StorageLayout,
  values: Readonly<Record<string, StorageValue>>,
): Record<Hex, Hex> {
  const slots = new Map<bigint, bigint>()
  const { storage, types } = layout
  writeMembers({ slots, types }, { members: storage, slot: 0n, values })
  const written = [...slots].filter(([, value]) => value !== 0n)
  return Object.fromEntries(written.map(([slot, value]) => [word(slot), word(value)]))
}

/**
 * The words of a struct that is a state variable, by label; nothing nested.
 * @throws RangeError for a label that the layout has not
 */
export function decodeStruct(
  { storage, types }: StorageLayout,
  label: string,
  slots: Readonly<Record<Hex, Hex>>,
): Record<string, bigint> {
  const place = storage.find((one) => one.label === label)
  const members = place && types[place.type]?.members
  if (!members) throw new RangeError(`The storage layout has no struct ${label}`)
  const entries = members.map(({ label: name, slot, offset, type }) => {
    const whole = BigInt(slots[word(BigInt(place.slot) + BigInt(slot))] ?? 0)
    const bits = 8 * Number(types[type]?.numberOfBytes ?? 0)
    return [name, BigInt.asUintN(bits, whole >> BigInt(8 * offset))] as const
  })
  return Object.fromEntries(entries)
}

/** A state variable that has a slot of its own. @throws RangeError for a label that the layout has not */
export function readWord(
  { storage }: StorageLayout,
  label: string,
  slots: Readonly<Record<Hex, Hex>>,
): Hex {
  const place = storage.find((one) => one.label === label)
  if (!place) throw new RangeError(`The storage layout has no ${label}`)
  return word(BigInt(slots[word(BigInt(place.slot))] ?? 0))
}

interface Writer {
  slots: Map<bigint, bigint>
  types: StorageLayout['types']
}

interface Place {
  slot: bigint
  offset: number
  type: string
}

function writeMembers(
  writer: Writer,
  struct: { members: readonly StorageMember[]; slot: bigint; values: StorageValue },
): void {
  for (const [label, value] of entriesOf(struct.values)) {
    const member = struct.members.find((one) => one.label === label)
    if (!member) throw new RangeError(`The storage layout has no ${label}`)
    const { offset, type } = member
    write(writer, { slot: struct.slot + BigInt(member.slot), offset, type }, value)
  }
}

function write(writer: Writer, place: Place, value: StorageValue): void {
  const type = writer.types[place.type]
  if (!type) throw new RangeError(`The storage layout has no type ${place.type}`)
  const { encoding, members, key, value: mapped, base } = type
  if (members) writeMembers(writer, { members, slot: place.slot, values: value })
  else if (encoding === 'inplace') writeWord(writer, place, value)
  else if (encoding === 'mapping' && key && mapped) {
    for (const [name, item] of entriesOf(value)) {
      const slot = BigInt(keccak256(concat([word(BigInt(name)), word(place.slot)])))
      write(writer, { slot, offset: 0, type: mapped }, item)
    }
  } else if (encoding === 'dynamic_array' && base && Array.isArray(value)) {
    writeArray(writer, { ...place, type: base }, value)
  } else throw new RangeError(`Storage of ${place.type} is not known here`)
}

function writeArray(writer: Writer, { slot, type }: Place, items: readonly StorageValue[]): void {
  const size = BigInt(writer.types[type]?.numberOfBytes ?? 0)
  if (size <= 16n) throw new RangeError(`Several ${type} share a slot: not known here`)
  writer.slots.set(slot, BigInt(items.length))
  const first = BigInt(keccak256(word(slot)))
  const step = (size + 31n) / 32n
  for (const [index, item] of items.entries())
    write(writer, { slot: first + BigInt(index) * step, offset: 0, type }, item)
}

function writeWord({ slots, types }: Writer, place: Place, value: StorageValue): void {
  const bits = 8n * BigInt(types[place.type]?.numberOfBytes ?? 0)
  if (typeof value === 'object') throw new RangeError(`${place.type} takes one value`)
  const number = BigInt(value)
  if (number < 0n || number >> bits !== 0n)
    throw new RangeError(`${value} does not fit ${place.type}`)
  const before = slots.get(place.slot) ?? 0n
  slots.set(place.slot, before | (number << BigInt(8 * place.offset)))
}

function entriesOf(value: StorageValue): [string, StorageValue][] {
  if (typeof value !== 'object' || Array.isArray(value))
    throw new RangeError('A struct or mapping takes an object')
  return Object.entries(value)
}

function word(value: bigint): Hex {
  return toHex(value, { size: 32 })
}
