import { createValidatorSet, genesisId } from '@quoin/headers'
import { type Hex, Scope, silentLogger } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import { decodeMessage, encodeMessage, type Message } from '../codec/messages.ts'
import { defaultTimerDurations } from '../core/timers.ts'
import { createBftEngine } from '../engine/bft-engine.ts'
import type { ChainRules } from '../engine/chain-rules.ts'
import type { ConsensusEngine } from '../engine/interface.ts'
import type { Pace } from '../engine/pacemaker.ts'
import { createLocalSigner, type Signer } from '../engine/signer.ts'
import type { BlockRange, PeerId, Transport } from '../engine/transport.ts'
import type { DecidedBlock } from '../storage/block-store.ts'
import { type MemoryDisk, openMemoryLog } from '../storage/memory-log.ts'
import { openSignGuard } from '../storage/sign-guard.ts'
import {
  type ExecutionDisk,
  type MemoryExecution,
  openMemoryExecution,
} from './memory-execution.ts'
import { openMemoryStore } from './memory-store.ts'
import { rememberingRecover, rememberingVerifyBls } from './shell/chain.ts'
import { createVirtualClock } from './virtual-clock.ts'

/** Everything of a node that outlives a crash. */
export interface NodeDisk {
  wal: MemoryDisk
  guard: MemoryDisk
  blocks: DecidedBlock[]
  execution: ExecutionDisk
}

export interface ShellNode {
  engine: ConsensusEngine
  execution: MemoryExecution
  signer: Signer | null
  disk: NodeDisk
  /** Stops at once; what was not on the disk is gone. */
  crash(): Promise<void>
}

export interface ShellNetworkOptions {
  /** Peers that hear everything and never answer: they make a lone validator use its log. */
  silentPeers?: number
  delayMs?: (to: number) => number
  /** Whether a message (null: a request for blocks) does not arrive. */
  isLost?: (from: number, to: number, message: Message | null) => boolean
  /** Whether two nodes are connected at all. */
  isLinked?: (a: number, b: number) => boolean
  /** Nodes from `size` on that have no key. */
  observers?: number
  rules?: Partial<ChainRules>
}

/** Real engines over memory disks, a virtual clock and a network that delays, and loses what it is told to. */
export function createShellNetwork(
  size: number,
  pace: Pace,
  {
    silentPeers = 0,
    delayMs = (to) => 5 + to,
    isLost = () => false,
    isLinked = () => true,
    observers = 0,
    rules: changes = {},
  }: ShellNetworkOptions = {},
) {
  const clock = createVirtualClock(1_800_000_000_000)
  const signers = Array.from({ length: size }, (_, index) =>
    createLocalSigner(keccak256(new TextEncoder().encode(`validator ${index}`))),
  )
  const validators = createValidatorSet(
    signers.map(({ address, blsPublicKey }) => ({ address, power: 1n, blsPublicKey })),
  )
  const executionGenesis: Hex = `0x${'ab'.repeat(32)}`
  const chainId = 31402n
  const rules: ChainRules = {
    domain: { chainId, genesisId: genesisId(chainId, executionGenesis, validators) },
    executionGenesis,
    genesisTimeMs: clock.now() - 3_600_000,
    equalTimestamps: true,
    validatorsAt: () => validators,
    async advance() {},
    epochBlocks: 0,
    blockRewardGwei: 0n,
    rewardAddressOf: () => null,
    ...changes,
  }
  const listeners = new Map<number, Parameters<Transport['onMessage']>[0]>()
  const servers = new Map<number, (range: BlockRange) => Promise<DecidedBlock[]>>()
  const sent: { from: number; message: Message }[] = []
  const reports: { from: number; peer: PeerId; offence: string }[] = []
  const peersOf = (self: number): number[] =>
    Array.from({ length: size + observers + silentPeers }, (_, index) => index).filter(
      (to) => to !== self && isLinked(self, to),
    )

  const createTransport = (self: number): Transport => {
    const carry = (to: number, message: Message) => {
      if (isLost(self, to, message)) return
      const bytes = encodeMessage(message)
      clock.after(delayMs(to), () => listeners.get(to)?.(decodeMessage(bytes), String(self)))
    }
    return {
      peers: () => peersOf(self).map(String),
      broadcast(message) {
        sent.push({ from: self, message })
        for (const to of peersOf(self)) carry(to, message)
      },
      send(peer, message) {
        sent.push({ from: self, message })
        carry(Number(peer), message)
      },
      onMessage(listener) {
        listeners.set(self, listener)
        return () => listeners.delete(self)
      },
      onPeer: () => () => {},
      async requestBlocks(peer, range) {
        await new Promise<void>((resolve) => clock.after(2 * delayMs(self), resolve))
        if (isLost(self, Number(peer), null)) throw new Error('The connection broke')
        return (await servers.get(Number(peer))?.(range)) ?? []
      },
      serveBlocks(handler) {
        servers.set(self, handler)
        return () => servers.delete(self)
      },
      report: (peer, offence) => void reports.push({ from: self, peer, offence }),
    }
  }

  const createDisk = (): NodeDisk => ({
    wal: { durable: [] },
    guard: { durable: [] },
    blocks: [],
    execution: { genesisHash: executionGenesis, payloads: [] },
  })

  async function openNode(
    index: number,
    disk = createDisk(),
    watch: <T extends object>(part: T) => T = (part) => part,
  ): Promise<ShellNode> {
    const scope = new Scope()
    const signer = signers[index] ?? null
    if (index >= size + observers) throw new RangeError(`No node ${index}`)
    const execution = watch(openMemoryExecution(disk.execution))
    const engine = scope.own(
      createBftEngine({
        rules,
        signer,
        feeRecipient: signer?.address ?? `0x${'00'.repeat(20)}`,
        execution,
        store: watch(openMemoryStore(disk.blocks)),
        wal: watch(openMemoryLog(disk.wal)),
        guard: await openSignGuard(watch(openMemoryLog(disk.guard))),
        transport: createTransport(index),
        clock,
        pace,
        timers: defaultTimerDurations,
        recover: rememberingRecover,
        verifyBls: rememberingVerifyBls,
        logger: silentLogger,
      }),
    )
    await engine.start()
    return { engine, execution, signer, disk, crash: () => scope[Symbol.asyncDispose]() }
  }

  return { clock, rules, validators, signers, sent, reports, listeners, openNode }
}
