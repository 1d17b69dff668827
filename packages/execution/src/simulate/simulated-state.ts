import { CodedError, type Hex } from '@quoin/kernel'
import { overrideState } from '../chain/overrides.ts'
import type { Machine } from '../evm/machine.ts'
import type { SimulatedStateOverride, SimulationErrorCode } from './simulation.ts'

/**
 * Changes the machine's state before a simulated block, its precompiles included: one that is
 * overridden stops being one, and may work at another address.
 * @returns what gives the machine its own precompiles back
 * @throws CodedError PRECOMPILE_TO_ITSELF, PRECOMPILE_TARGET_OVERRIDDEN, NOT_A_PRECOMPILE
 */
export function overrideSimulatedState(
  machine: Machine,
  overrides: Record<Hex, SimulatedStateOverride>,
): () => void {
  const { precompiles } = machine.evm
  const own = new Map(precompiles)
  const restore = () => {
    precompiles.clear()
    for (const [address, precompile] of own) precompiles.set(address, precompile)
  }
  try {
    const moved = new Set<Hex>()
    for (const [address, override] of entries(overrides)) {
      if (override.movePrecompileTo !== undefined)
        movePrecompile(machine, { from: address, to: override.movePrecompileTo, overrides, moved })
      if (own.has(keyOf(address)) && !moved.has(address)) precompiles.delete(keyOf(address))
    }
    overrideState(machine.world, overrides)
    return restore
  } catch (error) {
    restore()
    throw error
  }
}

function movePrecompile(
  { evm: { precompiles } }: Machine,
  move: {
    from: Hex
    to: Hex
    overrides: Record<Hex, SimulatedStateOverride>
    moved: Set<Hex>
  },
): void {
  const { from, to } = move
  const precompile = precompiles.get(keyOf(from))
  if (precompile === undefined)
    throw failure('NOT_A_PRECOMPILE', `account ${from} is not a precompile`)
  if (from === to) throw failure('PRECOMPILE_TO_ITSELF', `cannot move precompile ${from} to itself`)
  if (Object.hasOwn(move.overrides, to) || move.moved.has(to))
    throw failure('PRECOMPILE_TARGET_OVERRIDDEN', `account ${to} is already overridden`)
  move.moved.add(to)
  precompiles.set(keyOf(to), precompile)
}

function entries(overrides: Record<Hex, SimulatedStateOverride>) {
  return Object.entries(overrides).map(([address, override]): [Hex, SimulatedStateOverride] => [
    `0x${address.slice(2)}`,
    override,
  ])
}

function keyOf(address: Hex): string {
  return address.slice(2).toLowerCase()
}

function failure(code: SimulationErrorCode, message: string) {
  return new CodedError<SimulationErrorCode>(code, message)
}
