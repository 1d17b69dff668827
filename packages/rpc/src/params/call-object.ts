import type { CallRequest, StateOverride, Transaction } from '@quoin/execution'
import type { Hex } from '@quoin/kernel'
import { invalidArgument, invalidParams } from '../errors.ts'
import {
  isObject,
  type Parser,
  parseAddress,
  parseData,
  parseHash,
  parseList,
  parseObject,
  parseQuantity,
  parseStorageKey,
  parseUint64,
} from './values.ts'

/** The transaction object of eth_call and its kin. `data` is the old name of `input`. */
export function parseCallObject(value: unknown, index: number): CallRequest {
  const object = parseObject(value, index)
  const request: CallRequest = { ...feeFields(object, index) }
  const from = field(object, 'from', parseAddress, index)
  if (from !== undefined) request.from = from
  const to = field(object, 'to', parseAddress, index)
  if (to !== undefined) request.to = to
  const gas = field(object, 'gas', parseUint64, index)
  if (gas !== undefined) request.gas = gas
  const amount = field(object, 'value', parseQuantity, index)
  if (amount !== undefined) request.value = amount
  const nonce = field(object, 'nonce', parseUint64, index)
  if (nonce !== undefined) request.nonce = nonce
  const input = callInput(object, index)
  if (input !== undefined) request.input = input
  const accessList = field(object, 'accessList', parseAccessList, index)
  if (accessList !== undefined) request.accessList = accessList
  const authorizations = field(object, 'authorizationList', parseAuthorizations, index)
  if (authorizations !== undefined) request.authorizationList = authorizations
  return request
}

function feeFields(object: Record<string, unknown>, index: number): CallRequest {
  const gasPrice = field(object, 'gasPrice', parseQuantity, index)
  const maxFeePerGas = field(object, 'maxFeePerGas', parseQuantity, index)
  const maxPriorityFeePerGas = field(object, 'maxPriorityFeePerGas', parseQuantity, index)
  if (gasPrice !== undefined && (maxFeePerGas !== undefined || maxPriorityFeePerGas !== undefined))
    throw invalidParams('both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified')
  if ((maxPriorityFeePerGas ?? 0n) > (maxFeePerGas ?? maxPriorityFeePerGas ?? 0n))
    throw invalidParams(
      `maxFeePerGas (${maxFeePerGas}) < maxPriorityFeePerGas (${maxPriorityFeePerGas})`,
    )
  return {
    ...(gasPrice === undefined ? {} : { gasPrice }),
    ...(maxFeePerGas === undefined ? {} : { maxFeePerGas }),
    ...(maxPriorityFeePerGas === undefined ? {} : { maxPriorityFeePerGas }),
  }
}

function callInput(object: Record<string, unknown>, index: number): Hex | undefined {
  const input = field(object, 'input', parseData, index)
  const data = field(object, 'data', parseData, index)
  if (input !== undefined && data !== undefined && input !== data)
    throw invalidParams(
      'both "data" and "input" are set and not equal. Please use "input" to pass transaction call data',
    )
  return input ?? data
}

function parseAccessList(value: unknown, index: number) {
  return parseList(value, index, (item) => {
    const { address, storageKeys } = parseObject(item, index)
    return {
      address: parseAddress(address, index),
      storageKeys: parseList(storageKeys ?? [], index, parseHash),
    }
  })
}

function parseAuthorizations(
  value: unknown,
  index: number,
): NonNullable<Transaction['authorizationList']> {
  return parseList(value, index, (item) => {
    const object = parseObject(item, index)
    return {
      chainId: parseQuantity(object.chainId, index),
      address: parseAddress(object.address, index),
      nonce: parseUint64(object.nonce, index),
      yParity: parseQuantity(object.yParity ?? object.v, index, 8),
      r: parseQuantity(object.r, index),
      s: parseQuantity(object.s, index),
    }
  })
}

/** The state override set of eth_call (third argument), by address. */
export function parseStateOverrides(value: unknown, index: number): Record<Hex, StateOverride> {
  const overrides: Record<Hex, StateOverride> = {}
  for (const [address, members] of Object.entries(parseObject(value, index)))
    overrides[parseAddress(address, index)] = parseStateOverride(members, index)
  return overrides
}

export function parseStateOverride(value: unknown, index: number): StateOverride {
  const object = parseObject(value, index)
  const balance = field(object, 'balance', parseQuantity, index)
  const nonce = field(object, 'nonce', parseUint64, index)
  const code = field(object, 'code', parseData, index)
  const state = field(object, 'state', parseSlots, index)
  const stateDiff = field(object, 'stateDiff', parseSlots, index)
  if (state && stateDiff) throw invalidParams("account has both 'state' and 'stateDiff'")
  return {
    ...(balance === undefined ? {} : { balance }),
    ...(nonce === undefined ? {} : { nonce }),
    ...(code === undefined ? {} : { code }),
    ...(state === undefined ? {} : { state }),
    ...(stateDiff === undefined ? {} : { stateDiff }),
  }
}

function parseSlots(value: unknown, index: number): Record<Hex, Hex> {
  if (!isObject(value)) throw invalidArgument(index, 'non-object where storage slots are expected')
  const slots: Record<Hex, Hex> = {}
  for (const [slot, content] of Object.entries(value))
    slots[parseStorageKey(slot, index)] = parseStorageKey(content, index)
  return slots
}

/** A member of an object, undefined when absent or null. */
export function field<T>(
  object: Record<string, unknown>,
  name: string,
  parse: Parser<T>,
  index: number,
): T | undefined {
  const value = object[name]
  return value === undefined || value === null ? undefined : parse(value, index)
}
