import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { peerIdOf } from '@quoin/network'
import { TcpProxy } from '@quoin/testing'
import { NodeProcess } from './node-process.ts'
import { networkKeyOf } from './setting.ts'

/** Validators in processes of their own; every wire between two of them is a proxy. */
export class Cluster implements AsyncDisposable {
  readonly nodes: NodeProcess[] = []
  /** Those that came later and do not vote. */
  readonly followers: NodeProcess[] = []
  /** Where each node's network listens now. */
  readonly #ports = new Map<number, number>()
  #folder = ''
  readonly #proxies: { from: number; to: number; proxy: TcpProxy }[] = []
  readonly #stack = new AsyncDisposableStack()

  /** `main` is the module of a node's process; that of a validator by default. */
  static async open(
    size: number,
    main = new URL('./node-main.ts', import.meta.url),
  ): Promise<Cluster> {
    const cluster = new Cluster()
    try {
      await cluster.#wire(size, main)
      await Promise.all(cluster.nodes.map((node) => node.start()))
      return cluster
    } catch (error) {
      await cluster[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Proxies of all wires between nodes of different sides. */
  between(side: readonly number[]): TcpProxy[] {
    return this.#proxies
      .filter(({ from, to }) => side.includes(from) !== side.includes(to))
      .map(({ proxy }) => proxy)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }

  /** A node more, wired to all validators. */
  async join(main = new URL('./node-main.ts', import.meta.url)): Promise<NodeProcess> {
    const validators = this.nodes.length
    const index = validators + this.followers.length
    for (const to of this.nodes.keys()) await this.#lay(index, to)
    const node = this.#create(main, { index, validators })
    this.followers.push(node)
    await node.start()
    return node
  }

  async #wire(size: number, main: URL): Promise<void> {
    this.#folder = await mkdtemp(join(tmpdir(), 'quoin-faults-'))
    this.#stack.defer(() => rm(this.#folder, { recursive: true, force: true }))
    const indices = Array.from({ length: size }, (_, index) => index)
    for (const from of indices)
      for (const to of indices.filter((other) => other !== from)) await this.#lay(from, to)
    for (const index of indices) this.nodes.push(this.#create(main, { index, validators: size }))
  }

  async #lay(from: number, to: number): Promise<void> {
    const proxy = this.#stack.use(await TcpProxy.open({ port: this.#ports.get(to) ?? 1 }))
    this.#proxies.push({ from, to, proxy })
  }

  #create(main: URL, { index, validators }: { index: number; validators: number }): NodeProcess {
    const bootstrap = this.#proxies
      .filter(({ from }) => from === index)
      .map(({ to, proxy }) => {
        return `/ip4/127.0.0.1/tcp/${proxy.port}/p2p/${peerIdOf(networkKeyOf(to))}`
      })
    const onPort = (port: number) => {
      this.#ports.set(index, port)
      for (const { to, proxy } of this.#proxies)
        if (to === index) proxy.target = { host: '127.0.0.1', port }
    }
    const dataDir = join(this.#folder, `node-${index}`)
    const node = new NodeProcess({ main, index, validators, dataDir, bootstrap, onPort })
    return this.#stack.use(node)
  }
}
