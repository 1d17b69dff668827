import {
  ballotDigest,
  blockId,
  type Proposal,
  proposalDigest,
  type SigningDomain,
  type Vote,
} from '@quoin/headers'
import type { Hex } from '@quoin/kernel'
import { maxMessageBytes } from '../../codec/limits.ts'
import type { Message } from '../../codec/messages.ts'
import type { BlockRange, PeerId } from '../../engine/transport.ts'
import type { DecidedBlock } from '../../storage/block-store.ts'
import type { Random } from '../random.ts'
import type { SimulatedSigner } from './chain.ts'
import type { Wire } from './simulated-network.ts'

export const lies = [
  'equivocate',
  'forget-locks',
  'lie-valid-round',
  'forge-proof',
  'select',
  'forge-decided',
  'flood-future',
  'replay',
  'garbage',
  'bad-blocks',
  'lie-status',
] as const

export type Lie = (typeof lies)[number]

export interface ByzantineOptions {
  signer: SimulatedSigner
  domain: SigningDomain
  random: Random
  lies: ReadonlySet<Lie>
}

const heardAtMost = 400

/**
 * Between a real engine of a validator with bad intentions and its network: changes what the engine says,
 * for each peer apart, and adds what it never would say. All of it is signed with the validator's own key.
 */
export class ByzantineWire implements Wire {
  readonly #options: ByzantineOptions
  readonly #heard: Message[] = []
  /** Ids that were proposed, by height and round. */
  readonly #proposed = new Map<string, Extract<Message, { type: 'proposal' }>[]>()
  #latest = { height: 1, round: 0 }

  constructor(options: ByzantineOptions) {
    this.#options = options
  }

  outgoing(message: Message, to: PeerId): readonly (Message | Uint8Array)[] {
    const { random } = this.#options
    if (this.#does('select', 0.5) && isOdd(to)) return []
    const said: (Message | Uint8Array)[] = [this.#twist(message, to)]
    if (this.#does('equivocate', 0.2)) said.push(message)
    if (this.#does('replay', 0.3) && this.#heard.length > 0) said.push(random.pick(this.#heard))
    if (this.#does('garbage', 0.2)) said.push(this.#garbage())
    if (this.#does('flood-future', 0.3)) said.push(...this.#flood())
    if (this.#does('forget-locks', 0.5)) said.push(...this.#forget())
    if (this.#does('forge-decided', 0.2)) said.push(...this.#forgeDecided())
    return said
  }

  incoming(message: Message): void {
    const { random } = this.#options
    if (this.#heard.length >= heardAtMost) this.#heard.splice(random.below(heardAtMost), 1)
    this.#heard.push(message)
    if (message.type === 'proposal') {
      const { height, round } = message.proposal
      this.#latest = { height, round }
      const key = `${height}/${round}`
      this.#proposed.set(key, [...(this.#proposed.get(key) ?? []), message].slice(-4))
    }
  }

  async blocks(_range: BlockRange, honest: () => Promise<DecidedBlock[]>): Promise<DecidedBlock[]> {
    const blocks = await honest()
    if (!this.#does('bad-blocks', 0.8) || blocks.length === 0) return blocks
    const { random } = this.#options
    switch (random.below(5)) {
      case 0:
        return []
      case 1:
        return blocks.toReversed()
      case 2:
        return blocks.map((decided) => this.#underQuorum(decided))
      case 3:
        return blocks.map((decided) => this.#otherBody(decided))
      default:
        return new Promise(() => {})
    }
  }

  #twist(message: Message, to: PeerId): Message {
    if (message.type === 'vote') return this.#twistVote(message, to)
    if (message.type === 'proposal') return this.#twistProposal(message, to)
    if (message.type === 'status' && this.#does('lie-status', 0.5))
      return this.#twistStatus(message)
    return message
  }

  #twistVote(message: Extract<Message, { type: 'vote' }>, to: PeerId): Message {
    const { vote } = message
    if (vote.validator !== this.#options.signer.address) return message
    if (this.#does('equivocate', 0.7) && isOdd(to)) {
      const { height, round } = vote
      const other = this.#proposed.get(`${height}/${round}`)?.find((p) => p.proposal.id !== vote.id)
      const id = other?.proposal.id ?? null
      const validRound = vote.kind === 'prevote' && other ? other.proposal.validRound : -1
      return this.#vote({ ...vote, id, validRound })
    }
    if (this.#does('lie-valid-round', 0.5) && vote.kind === 'prevote' && vote.id !== null)
      return this.#vote({ ...vote, validRound: vote.round - 1 })
    return message
  }

  #twistProposal(message: Extract<Message, { type: 'proposal' }>, to: PeerId): Message {
    const { proposal, block } = message
    if (proposal.proposer !== this.#options.signer.address) return message
    if (this.#does('equivocate', 0.7) && isOdd(to)) {
      const header = { ...block.header, timeMs: block.header.timeMs + 1 }
      const id = blockId(header)
      return this.#propose({ ...proposal, id }, { ...block, header })
    }
    if (this.#does('forge-proof', 0.7) && proposal.round > 0) return this.#forgeProof(message)
    return message
  }

  /** A claim of a lock with fewer votes than a quorum, or the same one many times. */
  #forgeProof({ proposal }: Extract<Message, { type: 'proposal' }>): Message {
    const { random, signer } = this.#options
    const validRound = random.below(proposal.round)
    const earlier = [...this.#proposed.values()]
      .flat()
      .filter((p) => p.proposal.height === proposal.height && p.proposal.round <= validRound)
    const claimed = earlier.length > 0 ? random.pick(earlier) : null
    if (!claimed) return { type: 'vote', vote: this.#nil(proposal) }
    const { id } = claimed.proposal
    const own = this.#vote({
      kind: 'prevote',
      height: proposal.height,
      round: validRound,
      id,
      validRound: -1,
      validator: signer.address,
      signature: '0x',
    }).vote
    const others = this.#heard.flatMap((heard) =>
      heard.type === 'vote' && heard.vote.kind === 'prevote' && heard.vote.round === validRound
        ? [random.chance(0.5) ? { ...heard.vote, id } : heard.vote]
        : [],
    )
    const proofOfLock = random.chance(0.5) ? [own, own, own] : [own, ...others.slice(0, 3)]
    return this.#propose({ ...proposal, id, validRound, proofOfLock }, claimed.block)
  }

  /** Votes for whatever was proposed last, as if there were no locks. */
  #forget(): Message[] {
    const { height, round } = this.#latest
    const proposed = this.#proposed.get(`${height}/${round}`)?.at(-1)
    if (!proposed) return []
    const { id } = proposed.proposal
    const base = { height, round, id, validRound: -1, validator: this.#options.signer.address }
    return (['prevote', 'precommit'] as const).map((kind) =>
      this.#vote({ ...base, kind, signature: '0x' }),
    )
  }

  #forgeDecided(): Message[] {
    const { random } = this.#options
    const known = [...this.#proposed.values()].flat()
    if (known.length === 0) return []
    const { proposal, block } = random.pick(known)
    const { height, round, id } = proposal
    const vote = this.#vote({ ...this.#nil(proposal), kind: 'precommit', id }).vote
    const repeated = random.chance(0.5) ? [vote.signature, vote.signature, vote.signature] : []
    const signatures = [vote.signature, ...repeated]
    return [
      { type: 'decided', decided: { id, block, certificate: { height, round, id, signatures } } },
    ]
  }

  #flood(): Message[] {
    const { random } = this.#options
    const { height, round } = this.#latest
    return Array.from({ length: 8 }, () => {
      const far = random.pick([1, 2, 3, 50, 1_000_000])
      const isHeight = random.chance(0.5)
      return this.#vote({
        ...this.#nil({
          height: height + (isHeight ? far : 0),
          round: round + (isHeight ? 0 : far),
        }),
        kind: random.chance(0.5) ? 'prevote' : 'precommit',
      })
    })
  }

  #twistStatus(message: Extract<Message, { type: 'status' }>): Message {
    const { random } = this.#options
    const { status } = message
    const height = Math.max(1, status.height + random.pick([-1, 0, 1, 5, 1_000_000_000]))
    return { type: 'status', status: { ...status, height, round: random.below(1000) - 1 } }
  }

  #garbage(): Uint8Array {
    const { random } = this.#options
    if (random.chance(0.02)) return new Uint8Array(maxMessageBytes + 1)
    return Uint8Array.from({ length: random.below(300) }, () => random.below(256))
  }

  #underQuorum(decided: DecidedBlock): DecidedBlock {
    const { certificate } = decided
    return {
      ...decided,
      certificate: { ...certificate, signatures: certificate.signatures.slice(0, 1) },
    }
  }

  #otherBody(decided: DecidedBlock): DecidedBlock {
    const { block } = decided
    return {
      ...decided,
      block: { ...block, payload: { ...block.payload, transactions: ['0x66'] } },
    }
  }

  #nil({ height, round }: { height: number; round: number }): Vote {
    const { address: validator } = this.#options.signer
    const slot = { kind: 'prevote', height, round, id: null, validRound: -1 } as const
    const { vote } = this.#vote({ ...slot, validator, signature: '0x' })
    return vote
  }

  #vote(vote: Vote): Extract<Message, { type: 'vote' }> {
    const { domain } = this.#options
    const ballot = vote.kind === 'precommit' ? { ...vote, validRound: -1 } : vote
    return {
      type: 'vote',
      vote: { ...ballot, signature: this.#sign(ballotDigest(ballot, domain)) },
    }
  }

  #propose(
    proposal: Proposal,
    block: Extract<Message, { type: 'proposal' }>['block'],
  ): Extract<Message, { type: 'proposal' }> {
    const signature = this.#sign(proposalDigest(proposal, this.#options.domain))
    return { type: 'proposal', proposal: { ...proposal, signature }, block }
  }

  #sign(digest: Uint8Array): Hex {
    return this.#options.signer.signNow(digest)
  }

  #does(lie: Lie, probability: number): boolean {
    return this.#options.lies.has(lie) && this.#options.random.chance(probability)
  }
}

/** Splits the peers into two halves. */
function isOdd(peer: PeerId): boolean {
  return (peer.charCodeAt(0) & 1) === 1
}
