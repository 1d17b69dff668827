import { Machine } from '../evm/machine.ts'
import type { WorldState } from '../state/world-state.ts'
import type { ForkSchedule } from './forks.ts'

/** EVMs by hard fork, each lent to one user at a time: calls and blocks never share one. */
export class Machines {
  readonly #forks: ForkSchedule
  readonly #idle = new Map<string, Machine[]>()

  constructor(forks: ForkSchedule) {
    this.#forks = forks
  }

  async use<T>(
    block: { number: bigint; timestamp: bigint },
    world: WorldState,
    work: (machine: Machine) => Promise<T>,
  ): Promise<T> {
    const fork = this.#forks.forkAt(block.number, block.timestamp)
    const idle = this.#idle.get(fork) ?? []
    this.#idle.set(fork, idle)
    const machine = idle.pop() ?? (await Machine.create(this.#forks.commonFor(fork), world))
    try {
      return await work(machine)
    } finally {
      machine.evm.events.removeAllListeners()
      if (idle.length < 4) idle.push(machine)
    }
  }
}
