import type { Hex } from '@quoin/kernel'
import { toWord } from '../codec/bytes.ts'
import type { CallFrame, Log, Tracer } from '../interface.ts'

/** Where logs of coin moves seem to come from (ERC-7528). */
const coinAddress: Hex = '0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee'
/** keccak256 of Transfer(address,address,uint256) */
const transferTopic: Hex = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'

interface Frame {
  logs: Log[]
  /** The log of the coins that a creation got, until its address is known. */
  endowment: Log | null
}

/** Collects a block's logs in the order of the messages, and coin moves as logs when asked to. */
export class LogCollector {
  readonly #traceTransfers: boolean
  readonly #frames: Frame[] = []
  #finished: Log[] = []
  /** Counts logs that are undone, too. */
  #count = 0
  readonly tracer: Tracer

  constructor(traceTransfers: boolean) {
    this.#traceTransfers = traceTransfers
    this.tracer = {
      enter: (frame) => this.#enter(frame),
      exit: ({ error, createdAddress }) => this.#exit(error, createdAddress),
      log: (log) => {
        this.#add(log)
      },
    }
  }

  /** The logs of the message that ended last. */
  take(): Log[] {
    const logs = this.#finished
    this.#finished = []
    return logs
  }

  #enter({ type, from, to, value }: CallFrame): void {
    const frame: Frame = { logs: [], endowment: null }
    this.#frames.push(frame)
    if (!this.#traceTransfers || value === 0n || type === 'DELEGATECALL') return
    const topics = [transferTopic, toWord(BigInt(from)), toWord(BigInt(to ?? 0n))]
    const log = this.#add({ address: coinAddress, topics, data: toWord(value) })
    if (to === null) frame.endowment = log
  }

  #exit(error: string | null, createdAddress: Hex | null): void {
    const frame = this.#frames.pop()
    if (!frame || error !== null) return
    if (frame.endowment && createdAddress)
      frame.endowment.topics[2] = toWord(BigInt(createdAddress))
    const parent = this.#frames[this.#frames.length - 1]
    if (parent) parent.logs.push(...frame.logs)
    else this.#finished = frame.logs
  }

  #add(log: Omit<Log, 'logIndex'>): Log {
    const indexed: Log = { ...log, topics: [...log.topics], logIndex: this.#count++ }
    this.#frames[this.#frames.length - 1]?.logs.push(indexed)
    return indexed
  }
}
