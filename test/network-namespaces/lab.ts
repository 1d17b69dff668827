import { execFileSync } from 'node:child_process'

/** Where a node of the lab is reached: by the others, and by clients on this host. */
export interface Place {
  readonly namespace: string
  readonly peerIp: string
  readonly rpcIp: string
}

/**
 * A network of its own in the kernel: each node has a namespace with one cable to a switch, where the others
 * are, and one to this host, for clients. Needs root, `ip` and `tc`.
 */
export class Lab implements Disposable {
  readonly places: readonly Place[]
  readonly #tag = process.pid.toString(36)
  readonly #subnet = process.pid % 250
  readonly #switches = [`qn${this.#tag}a`, `qn${this.#tag}b`] as const

  constructor(size: number) {
    this.places = Array.from({ length: size }, (_, index) => ({
      namespace: `qn${this.#tag}-${index}`,
      peerIp: `10.213.${this.#subnet}.${index + 1}`,
      rpcIp: `10.214.${this.#subnet}.${4 * index + 2}`,
    }))
    try {
      for (const name of this.#switches) {
        ip('link', 'add', name, 'type', 'bridge', 'forward_delay', '0')
        ip('link', 'set', name, 'up')
      }
      for (const index of this.places.keys()) this.#wire(index)
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  /** Why there can be none here; null when there can. */
  static whyNot(): string | null {
    try {
      new Lab(1)[Symbol.dispose]()
      return null
    } catch (error) {
      return error instanceof Error ? error.message.trim() : String(error)
    }
  }

  /** The kernel can delay and lose packets; without it, links can only be made narrow. */
  static hasNetem(): boolean {
    using lab = new Lab(1)
    try {
      tc('qdisc', 'add', 'dev', lab.#cable(0), 'root', 'netem', 'delay', '1ms')
      return true
    } catch {
      return false
    }
  }

  /** Puts a node's cable into the other switch, or back: what is on its way is lost, nobody is told. */
  plug(index: number, place: 'main' | 'apart'): void {
    ip('link', 'set', this.#cable(index), 'master', this.#switches[place === 'main' ? 0 : 1])
  }

  /** Takes a node's cable out, or puts it in again. */
  setLink(index: number, state: 'up' | 'down'): void {
    ip('link', 'set', this.#cable(index), state)
  }

  /** What a node sends to another is lost from now on, but not what comes from there; or no more. */
  setRoute(from: number, to: number, action: 'lose' | 'mend'): void {
    const { namespace } = this.#place(from)
    const target = `${this.#place(to).peerIp}/32`
    const route = ['route', action === 'lose' ? 'add' : 'del', 'blackhole', target]
    ip('netns', 'exec', namespace, 'ip', ...route)
  }

  /** Makes a node's link slow in both directions, with netem where there is one; null: as it was. */
  shape(
    index: number,
    quality: { kbitPerSecond: number; delayMs: number; lossPercent: number } | null,
  ) {
    const { namespace } = this.#place(index)
    const ends = [
      (...rest: string[]) =>
        tc('qdisc', rest[0] ?? '', 'dev', this.#cable(index), 'root', ...rest.slice(1)),
      (...rest: string[]) =>
        ip(
          'netns',
          'exec',
          namespace,
          'tc',
          'qdisc',
          rest[0] ?? '',
          'dev',
          'peers',
          'root',
          ...rest.slice(1),
        ),
    ]
    for (const end of ends) {
      if (quality === null) {
        end('del')
        continue
      }
      const { kbitPerSecond, delayMs, lossPercent } = quality
      const rate = `${kbitPerSecond}kbit`
      if (delayMs > 0 || lossPercent > 0)
        end('add', 'netem', 'delay', `${delayMs}ms`, 'loss', `${lossPercent}%`, 'rate', rate)
      else end('add', 'tbf', 'rate', rate, 'burst', '16kb', 'latency', '200ms')
    }
  }

  [Symbol.dispose](): void {
    for (const [index, { namespace }] of this.places.entries()) {
      attempt(() => ip('link', 'del', this.#cable(index)))
      attempt(() => ip('link', 'del', `qn${this.#tag}h${index}`))
      attempt(() => ip('netns', 'del', namespace))
    }
    for (const name of this.#switches) attempt(() => ip('link', 'del', name))
  }

  #place(index: number): Place {
    const place = this.places[index]
    if (!place) throw new RangeError(`The lab has no node ${index}`)
    return place
  }

  /** The switch's end of a node's cable. */
  #cable(index: number): string {
    return `qn${this.#tag}p${index}`
  }

  #wire(index: number): void {
    const { namespace, peerIp, rpcIp } = this.#place(index)
    const host = `qn${this.#tag}h${index}`
    const inside = (...args: string[]) => ip('-n', namespace, ...args)
    ip('netns', 'add', namespace)
    ip(
      'link',
      'add',
      this.#cable(index),
      'type',
      'veth',
      'peer',
      'name',
      'peers',
      'netns',
      namespace,
    )
    ip('link', 'add', host, 'type', 'veth', 'peer', 'name', 'clients', 'netns', namespace)
    ip('addr', 'add', `10.214.${this.#subnet}.${4 * index + 1}/30`, 'dev', host)
    ip('link', 'set', host, 'up')
    this.plug(index, 'main')
    this.setLink(index, 'up')
    inside('addr', 'add', `${peerIp}/24`, 'dev', 'peers')
    inside('addr', 'add', `${rpcIp}/30`, 'dev', 'clients')
    for (const device of ['lo', 'peers', 'clients']) inside('link', 'set', device, 'up')
  }
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

function tc(...args: string[]): void {
  execFileSync('tc', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

function attempt(act: () => void): void {
  try {
    act()
  } catch {
    // It was not there.
  }
}
