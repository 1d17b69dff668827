import type {
  SimulatedBlockOverrides,
  SimulatedBlockRequest,
  SimulatedCallRequest,
  SimulatedStateOverride,
  Simulation,
} from '@quoin/execution'
import type { Hex } from '@quoin/kernel'
import { invalidParams, NumberedError } from '../errors.ts'
import { parseBlockOverrides } from './block-overrides.ts'
import { field, parseCallObject, parseStateOverride } from './call-object.ts'
import {
  parseAddress,
  parseBoolean,
  parseHash,
  parseList,
  parseObject,
  parseQuantity,
  parseUint64,
} from './values.ts'

const maxBlocks = 256
const tooManyBlocks = -38026

/** The first argument of eth_simulateV1, and how its blocks are to be shown. */
export interface SimulationRequest {
  simulation: Omit<Simulation, 'gasCap'>
  returnFullTransactions: boolean
}

export function parseSimulation(value: unknown, index: number): SimulationRequest {
  const object = parseObject(value, index)
  const flag = (name: string) => field(object, name, parseBoolean, index) ?? false
  if (!Array.isArray(object.blockStateCalls) || object.blockStateCalls.length === 0)
    throw invalidParams('empty input')
  if (object.blockStateCalls.length > maxBlocks)
    throw new NumberedError(tooManyBlocks, 'too many blocks')
  return {
    simulation: {
      blocks: parseList(object.blockStateCalls, index, parseBlock),
      validation: flag('validation'),
      traceTransfers: flag('traceTransfers'),
    },
    returnFullTransactions: flag('returnFullTransactions'),
  }
}

function parseBlock(value: unknown, index: number): SimulatedBlockRequest {
  const object = parseObject(value, index)
  return {
    overrides: field(object, 'blockOverrides', parseOverrides, index) ?? {},
    stateOverrides: field(object, 'stateOverrides', parseStates, index) ?? {},
    calls: field(object, 'calls', parseCalls, index) ?? [],
  }
}

function parseCalls(value: unknown, index: number): SimulatedCallRequest[] {
  return parseList(value, index, parseCall)
}

function parseCall(value: unknown, index: number): SimulatedCallRequest {
  const object = parseObject(value, index)
  const maxFeePerBlobGas = field(object, 'maxFeePerBlobGas', parseQuantity, index)
  const blobVersionedHashes = field(object, 'blobVersionedHashes', parseHashes, index)
  return {
    ...parseCallObject(object, index),
    ...(maxFeePerBlobGas === undefined ? {} : { maxFeePerBlobGas }),
    ...(blobVersionedHashes === undefined ? {} : { blobVersionedHashes }),
  }
}

function parseOverrides(value: unknown, index: number): SimulatedBlockOverrides {
  const object = parseObject(value, index)
  const withdrawals = field(object, 'withdrawals', parseWithdrawals, index)
  const parentBeaconBlockRoot = field(object, 'beaconRoot', parseHash, index)
  const blobBaseFee = field(object, 'blobBaseFee', parseQuantity, index)
  return {
    ...parseBlockOverrides(object, index),
    ...(withdrawals === undefined ? {} : { withdrawals }),
    ...(parentBeaconBlockRoot === undefined ? {} : { parentBeaconBlockRoot }),
    ...(blobBaseFee === undefined ? {} : { blobBaseFee }),
  }
}

function parseStates(value: unknown, index: number): Record<Hex, SimulatedStateOverride> {
  const states: Record<Hex, SimulatedStateOverride> = {}
  for (const [address, members] of Object.entries(parseObject(value, index))) {
    const to = field(parseObject(members, index), 'movePrecompileToAddress', parseAddress, index)
    states[parseAddress(address, index)] = {
      ...parseStateOverride(members, index),
      ...(to === undefined ? {} : { movePrecompileTo: to }),
    }
  }
  return states
}

function parseWithdrawals(value: unknown, index: number) {
  return parseList(value, index, (item) => {
    const withdrawal = parseObject(item, index)
    return {
      index: parseUint64(withdrawal.index, index),
      validatorIndex: parseUint64(withdrawal.validatorIndex, index),
      address: parseAddress(withdrawal.address, index),
      amount: parseUint64(withdrawal.amount, index),
    }
  })
}

function parseHashes(value: unknown, index: number): Hex[] {
  return parseList(value, index, parseHash)
}
