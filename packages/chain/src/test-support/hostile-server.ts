import { setTimeout as delay } from 'node:timers/promises'
import { decodeDecidedBlock, encodeDecidedBlock } from '@quoin/consensus'
import {
  ballotDigest,
  blockId,
  certificateToRlp,
  createValidatorSet,
  decodeRlp,
  encodeRlp,
  headerToRlp,
  rlpToHeader,
} from '@quoin/headers'
import { bytesToHex, type Hex, hexToBytes } from '@quoin/kernel'
import { privateKeyToAddress, signatureToBytes, signHash } from '@quoin/keys'
import { type Network, openNetwork, type Protocol } from '@quoin/network'
import { type Genesis, genesisIdOf, networkIdOf, validatorOf } from '../index.ts'

const protocols = ['light', 'state', 'bft-blocks'] as const
export type Served = (typeof protocols)[number]

interface Question {
  of: Served
  request: Uint8Array
  /** What an honest node of the same chain, or of another one, answers. */
  truth: () => AsyncIterable<Uint8Array>
  signal: AbortSignal
  genesis: Genesis
  server: HostileServer
}

/** What a server makes of the truth. */
export type Lie = (question: Question) => AsyncIterable<Uint8Array>

interface HostileOptions {
  /** Fills its network key. */
  fill: number
  /** The chain that it says it is of. */
  genesis: Genesis
  /** Whom it asks for the truth, and of what chain they are. */
  honest: readonly string[]
  honestGenesis?: Genesis
  lie: Lie
}

/** A peer with real connections that answers what a sync asks, each in its own way. */
export class HostileServer implements AsyncDisposable {
  readonly network: Network
  readonly #source: Network
  /** Questions so far. */
  readonly asked: Record<Served, number> = { light: 0, state: 0, 'bft-blocks': 0 }

  private constructor(network: Network, source: Network) {
    this.network = network
    this.#source = source
  }

  static async open(options: HostileOptions): Promise<HostileServer> {
    const { fill, genesis, honest, honestGenesis = genesis, lie } = options
    const listen = ['/ip4/127.0.0.1/tcp/0']
    const faces = [
      { key: fill, listen, bootstrap: [], chain: networkIdOf(genesis) },
      { key: fill + 1, listen: [], bootstrap: honest, chain: networkIdOf(honestGenesis) },
    ].map(({ key, ...rest }) => openNetwork({ privateKey: new Uint8Array(32).fill(key), ...rest }))
    const [network, source] = await Promise.all(faces)
    if (!network || !source) throw new Error('It has two faces')
    const server = new HostileServer(network, source)
    while (source.peers().length === 0) await delay(20)
    for (const of of protocols) server.#serve(of, genesis, lie)
    return server
  }

  get addresses(): readonly string[] {
    return this.network.addresses
  }

  #serve(of: Served, genesis: Genesis, lie: Lie): void {
    const asking = protocol(this.#source, of)
    const truth = (request: Uint8Array, signal: AbortSignal) => {
      const [honest] = this.#source.peers()
      if (!honest) throw new Error('Nobody honest is there')
      return asking.request(honest.id, request, { signal })
    }
    protocol(this.network, of).serve((request, { signal }) => {
      this.asked[of] += 1
      return lie({
        of,
        request,
        truth: () => truth(request, signal),
        signal,
        genesis,
        server: this,
      })
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.network[Symbol.asyncDispose]()
    await this.#source[Symbol.asyncDispose]()
  }
}

function protocol(network: Network, name: Served): Protocol {
  return network.protocol(name, {
    maxRequestBytes: 64 * 1024,
    maxChunkBytes: 32 * 1024 * 1024,
    maxResponseBytes: 64 * 1024 * 1024,
    maxConcurrent: 32,
  })
}

/** How one may serve a sync. */
export const lies = {
  /** A bit of each part is another. */
  async *wrongParts({ of, truth }) {
    for await (const chunk of truth()) {
      const copy = Uint8Array.from(chunk)
      const last = copy.length - 1
      if (of === 'state' && last > 0) copy[last] = (copy[last] ?? 0) ^ 1
      yield copy
    }
  },

  async *emptyAnswers() {},

  /** The truth, one piece at a time, so slowly that it never comes to an end. */
  async *drips({ of, truth, signal }) {
    for await (const chunk of truth()) {
      const step = of === 'state' ? chunk.length : 1
      for (let at = 0; at < chunk.length; at += step) {
        await delay(300, undefined, { signal })
        yield chunk.subarray(at, at + step)
      }
    }
  },

  /** A later block, certified by validators of its own. */
  async *forgedHead({ of, request, truth, genesis }) {
    const isHead = of === 'light' && new TextDecoder().decode(request).includes('latest')
    if (isHead) yield forge(genesis, await whole(truth()))
    else yield* truth()
  },

  /** True headers over states that they do not have. */
  async *wrongBodies({ of, truth }) {
    for await (const chunk of truth()) {
      if (of !== 'bft-blocks') yield chunk
      else {
        const decided = decodeDecidedBlock(chunk)
        const payload = { ...decided.block.payload, stateRoot: `0x${'5a'.repeat(32)}` as const }
        yield encodeDecidedBlock({ ...decided, block: { ...decided.block, payload } })
      }
    }
  },

  /** All there is to say, of wherever its honest peers are. */
  async *relays({ truth }) {
    yield* truth()
  },

  /** It gives some of the state and is gone. */
  async *vanishes({ of, truth, server }) {
    if (of === 'state' && server.asked.state > 2) {
      void server[Symbol.asyncDispose]()
      return
    }
    yield* truth()
  },

  /** More than anybody asked for, without end. */
  async *floods({ signal }) {
    const chunk = new Uint8Array(250_000).fill(1)
    while (!signal.aborted) yield chunk
  },
} satisfies Record<string, Lie>

async function whole(chunks: AsyncIterable<Uint8Array>): Promise<unknown> {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return JSON.parse(Buffer.concat(parts).toString())
}

function forge(genesis: Genesis, answer: unknown): Uint8Array {
  const key = new Uint8Array(32).fill(0x66)
  const validators = createValidatorSet([validatorOf(key, 1n)])
  const result = answer as { result: { header: Hex } }
  const known = rlpToHeader(decodeRlp(hexToBytes(result.result.header)))
  const height = known.height + 64
  const header = { ...known, height, proposer: privateKeyToAddress(key) }
  const ballot = {
    kind: 'precommit',
    height,
    round: 0,
    id: blockId(header),
    validRound: -1,
  } as const
  const domain = { chainId: BigInt(genesis.config.chainId), genesisId: genesisIdOf(genesis) }
  const signature = bytesToHex(signatureToBytes(signHash(ballotDigest(ballot, domain), key)))
  const certificate = { height, round: 0, id: ballot.id, signatures: [signature] }
  const forged = {
    header: bytesToHex(encodeRlp(headerToRlp(header))),
    certificate: bytesToHex(encodeRlp(certificateToRlp(certificate))),
    validators: validators.validators.map(({ address, power, blsPublicKey }) => ({
      address,
      power: `0x${power.toString(16)}`,
      blsPublicKey,
    })),
  }
  return new TextEncoder().encode(JSON.stringify({ result: forged }))
}
