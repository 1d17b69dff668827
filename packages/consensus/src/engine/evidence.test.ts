import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  accusedOf,
  type Ballot,
  ballotDigest,
  blockId,
  type Certificate,
  commitHash,
  type Evidence,
  type Vote,
} from '@quoin/headers'
import type { Hex } from '@quoin/kernel'
import { createShellNetwork, type ShellNode } from '../simulation/shell-network.ts'

const pace = { blockTimeMs: 500, heartbeatMs: 15_000 }
const red: Hex = `0x${'aa'.repeat(32)}`
const blue: Hex = `0x${'bb'.repeat(32)}`

/** Four validators, of which the last one is ours to lie with. */
async function openNetwork() {
  const network = createShellNetwork(4, pace)
  const nodes = await Promise.all([0, 1, 2].map((index) => network.openNode(index)))
  const liar = network.signers[3]
  assert.ok(liar)
  await network.clock.advance(3000)
  const say = async (to: number, content: Omit<Ballot, 'validator'>): Promise<Vote> => {
    const ballot = { ...content, validator: liar.address }
    const digest = ballotDigest(ballot, network.rules.domain)
    const vote = { ...ballot, signature: await liar.sign(digest) }
    network.listeners.get(to)?.({ type: 'vote', vote }, 'x')
    await network.clock.advance(1)
    return vote
  }
  const height = () => nodes[0]?.disk.blocks.length ?? 0
  return { ...network, nodes, say, height, liar }
}

function kindsOf(node: ShellNode | undefined): string[] {
  return node?.engine.evidence().map(({ kind }: Evidence) => kind) ?? []
}

async function close(nodes: readonly ShellNode[]): Promise<void> {
  for (const node of nodes) await node.crash()
}

describe('evidence', () => {
  it('of two votes is found at the height that waits, told once and kept', async () => {
    const { nodes, say, height } = await openNetwork()
    const told: Evidence[] = []
    nodes[0]?.engine.onEvidence((evidence) => told.push(evidence))
    const content = { kind: 'prevote', height: height() + 1, round: 0, validRound: -1 } as const
    await say(0, { ...content, id: red })
    await say(0, { ...content, id: blue })
    await say(0, { ...content, id: null })
    assert.deepEqual(kindsOf(nodes[0]), ['duplicate-vote'])
    assert.equal(told.length, 1)
    await close(nodes)
  })

  it('is found in late votes of heights that are over, also across rounds', async () => {
    const { nodes, say, height } = await openNetwork()
    const past = { height: height(), validRound: -1 }
    await say(0, { ...past, kind: 'precommit', round: 1, id: red })
    assert.deepEqual(kindsOf(nodes[0]), [])
    await say(0, { ...past, kind: 'prevote', round: 2, id: blue })
    assert.deepEqual(kindsOf(nodes[0]), ['amnesia'])
    await close(nodes)
  })

  it('against a quorum comes from the certificate of another block, after a restart, too', async () => {
    const network = createShellNetwork(4, pace)
    const nodes = await Promise.all([0, 1, 2, 3].map((index) => network.openNode(index)))
    await network.clock.advance(3000)
    const [node] = nodes
    const last = node?.disk.blocks.at(-1)
    assert.ok(node && last)
    await close(nodes)
    const again = await network.openNode(0, node.disk)
    await network.clock.advance(10)
    const liars = network.signers.slice(1).sort((a, b) => (a.address < b.address ? -1 : 1))
    const certify = async (height: number, id: Hex): Promise<Certificate> => {
      const { round } = last.certificate
      const ballot = { kind: 'precommit', height, round, id, validRound: -1 } as const
      const digest = ballotDigest(ballot, network.rules.domain)
      const signatures = await Promise.all(liars.map((signer) => signer.sign(digest)))
      return { height, round, id, signatures }
    }
    const { height } = last.block.header
    const lastCommit = await certify(height, red)
    const header = {
      ...last.block.header,
      height: height + 1,
      parentId: red,
      lastCommitHash: commitHash(lastCommit),
    }
    const id = blockId(header)
    const decided = {
      id,
      block: { ...last.block, header, lastCommit },
      certificate: await certify(height + 1, id),
    }
    network.listeners.get(0)?.({ type: 'decided', decided }, 'x')
    await network.clock.advance(10)
    const accused = again.engine.evidence().map((evidence) => accusedOf(evidence).validator)
    assert.ok(accused.length >= 2, `more than a third: ${accused.length} of four`)
    assert.ok(!accused.includes(again.signer?.address ?? '0x'))
    assert.equal(again.disk.blocks.length, height, 'and the other chain is not taken in')
    await again.crash()
  })

  it('is still found after a restart, against the certificates of the last heights', async () => {
    const { nodes, liar, ...network } = await openNetwork()
    nodes.push(await network.openNode(3))
    await network.clock.advance(100_000)
    const [node] = nodes
    assert.ok(node && node.disk.blocks.length > 5)
    const past = node.disk.blocks.at(-3)
    assert.ok(past)
    await close(nodes)
    const again = await network.openNode(0, node.disk)
    await network.clock.advance(10)
    for (const signer of network.signers) {
      const { height, round } = past.certificate
      const ballot = { kind: 'precommit', height, round, id: red, validRound: -1 } as const
      const signature = await signer.sign(ballotDigest(ballot, network.rules.domain))
      const vote = { ...ballot, validator: signer.address, signature }
      network.listeners.get(0)?.({ type: 'vote', vote }, 'x')
      await network.clock.advance(1)
    }
    const accused = new Set(again.engine.evidence().map((found) => accusedOf(found).validator))
    assert.equal(accused.size, past.certificate.signatures.length)
    await again.crash()
  })

  it('is still found in the log of a height that was decided just before the crash', async () => {
    const network = createShellNetwork(4, pace)
    const keepLog = <T extends object>(part: T): T =>
      'clear' in part ? { ...part, clear: async () => {} } : part
    const first = await network.openNode(0, undefined, keepLog)
    const others = await Promise.all([1, 2, 3].map((index) => network.openNode(index)))
    await network.clock.advance(3000)
    for (const node of [first, ...others]) await node.crash()
    assert.equal(first.disk.blocks.length, 1)
    const again = await network.openNode(0, first.disk)
    await network.clock.advance(10)
    const signer = network.signers[1]
    assert.ok(signer)
    const ballot = { kind: 'prevote', height: 1, round: 0, id: red, validRound: -1 } as const
    const signature = await signer.sign(ballotDigest(ballot, network.rules.domain))
    const vote = { ...ballot, validator: signer.address, signature }
    network.listeners.get(0)?.({ type: 'vote', vote }, 'x')
    await network.clock.advance(1)
    assert.deepEqual(kindsOf(again), ['duplicate-vote'], 'prevotes are in no certificate')
    await again.crash()
  })
})
