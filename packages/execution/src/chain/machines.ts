import { Machine } from '../evm/machine.ts'
import type { WorldState } from '../state/world-state.ts'
import type { ForkSchedule } from './forks.ts'

/** EVMs by hard fork, each lent to one user at a time: calls and blocks never share one. */
export class Machines {
  readonly #forks: ForkSchedule
  readonly #isPatient: boolean
  readonly #idle = new Map<string, Machine[]>()

  /** Patient ones let other work through while they run: for calls, not for blocks. */
  constructor(forks: ForkSchedule, { isPatient }: { isPatient: boolean }) {
    this.#forks = forks
    this.#isPatient = isPatient
  }

  async use<T>(
    block: { number: bigint; timestamp: bigint },
    world: WorldState,
    work: (machine: Machine) => Promise<T>,
  ): Promise<T> {
    const fork = this.#forks.forkAt(block.number, block.timestamp)
    const idle = this.#idle.get(fork) ?? []
    this.#idle.set(fork, idle)
    const machine = idle.pop() ?? (await this.#create(fork, world))
    try {
      return await work(machine)
    } finally {
      machine.evm.events.removeAllListeners()
      if (idle.length < 4) idle.push(machine)
    }
  }

  #create(fork: string, world: WorldState): Promise<Machine> {
    return Machine.create(this.#forks.commonFor(fork), world, { isPatient: this.#isPatient })
  }
}
