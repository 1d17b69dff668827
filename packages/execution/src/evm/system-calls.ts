import { createHash } from 'node:crypto'
import { Address } from '@ethereumjs/util'
import { CodedError, type Hex } from '@quoin/kernel'
import { fromHex, padLeft, toHex, toMinimalBytes } from '../codec/bytes.ts'
import type { Header } from '../interface.ts'
import { addressOf, type Machine } from './machine.ts'

const beaconRoots: Hex = '0x000f3df6d732807ef1319fb7b8bb8522d0beac02'
const history: Hex = '0x0000f90827f1c53a10cb7a02335b175320002935'
const withdrawalRequests: Hex = '0x00000961ef480eb55e80d19ad83579a64c007002'
const consolidationRequests: Hex = '0x0000bbddc7ce488642fb579f8b00f3a590007251'
const systemAddress = new Address(Buffer.from('fffffffffffffffffffffffffffffffffffffffe', 'hex'))
const systemGas = 30_000_000n

type Opening = Pick<Header, 'number' | 'timestamp' | 'parentHash' | 'parentBeaconBlockRoot'>

/** What is written to the system contracts before a block's transactions (EIP-4788, EIP-2935). */
export async function openBlock(machine: Machine, block: Opening): Promise<void> {
  const { rules } = machine
  if (rules.cancun && block.parentBeaconBlockRoot !== undefined)
    await systemCall(machine, beaconRoots, fromHex(block.parentBeaconBlockRoot))
  if (rules.prague) await systemCall(machine, history, fromHex(block.parentHash))
}

/**
 * The block's requests to the consensus layer (EIP-7685): type byte and data, empty ones left out.
 * @throws CodedError INVALID_BLOCK when a system contract is missing or fails (EIP-7002, EIP-7251)
 */
export async function collectRequests(machine: Machine, deposits: Uint8Array): Promise<Hex[]> {
  if (!machine.rules.prague) return []
  const data = [
    deposits,
    await requiredCall(machine, withdrawalRequests),
    await requiredCall(machine, consolidationRequests),
  ]
  return data.flatMap((bytes, type) =>
    bytes.length === 0 ? [] : [toHex(Buffer.concat([Uint8Array.of(type), bytes]))],
  )
}

/** EIP-7685: sha256 over the sha256 of each request. */
export function hashRequests(requests: readonly Hex[]): Hex {
  const outer = createHash('sha256')
  for (const request of requests)
    outer.update(createHash('sha256').update(fromHex(request)).digest())
  return toHex(outer.digest())
}

async function requiredCall(machine: Machine, contract: Hex): Promise<Uint8Array> {
  if (machine.world.code(contract).length === 0)
    throw new CodedError('INVALID_BLOCK', `There is no code at the system contract ${contract}`)
  const { data, error } = await systemCall(machine, contract, new Uint8Array(0))
  if (error !== undefined)
    throw new CodedError('INVALID_BLOCK', `The system contract ${contract} failed: ${error}`)
  return data
}

async function systemCall(
  { evm, world, block }: Machine,
  contract: Hex,
  input: Uint8Array,
): Promise<{ data: Uint8Array; error: string | undefined }> {
  if (world.code(contract).length === 0) return { data: input.subarray(0, 0), error: undefined }
  world.beginTransaction()
  evm.journal.addAlwaysWarmAddress(contract)
  const { execResult } = await evm.runCall({
    block,
    caller: systemAddress,
    to: addressOf(contract),
    data: input,
    gasLimit: systemGas,
    skipNonceIncrement: true,
  })
  await evm.journal.cleanup()
  world.beginTransaction()
  return { data: execResult.returnValue, error: execResult.exceptionError?.error }
}

const depositTopic = '0x649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5'
/** Offsets and sizes of the five fields in a deposit's log (EIP-6110). */
const depositFields = [
  { head: 0, offset: 160, size: 48 },
  { head: 32, offset: 256, size: 32 },
  { head: 64, offset: 320, size: 8 },
  { head: 96, offset: 384, size: 96 },
  { head: 128, offset: 512, size: 8 },
]

/** The deposits that a deposit contract's logs tell of. @throws CodedError INVALID_BLOCK for another layout */
export function depositsOf(
  logs: readonly { address: Hex; topics: readonly Hex[]; data: Hex }[],
  contract: Hex,
): Uint8Array {
  const parts: Uint8Array[] = []
  for (const { address, topics, data } of logs) {
    if (address !== contract || topics[0] !== depositTopic) continue
    const bytes = fromHex(data)
    for (const { head, offset, size } of depositFields) {
      const isPlaced = isNumber(bytes, head, offset) && isNumber(bytes, offset, size)
      if (bytes.length !== 576 || !isPlaced)
        throw new CodedError('INVALID_BLOCK', 'A deposit log has an unknown layout (EIP-6110)')
      parts.push(bytes.subarray(offset + 32, offset + 32 + size))
    }
  }
  return Buffer.concat(parts)
}

function isNumber(bytes: Uint8Array, at: number, value: number): boolean {
  const word = padLeft(toMinimalBytes(BigInt(value)), 32)
  return Buffer.compare(bytes.subarray(at, at + 32), word) === 0
}
