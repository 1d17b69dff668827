import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Vote } from '@quoin/headers'
import type { Message } from '../codec/messages.ts'
import { createShellNetwork } from '../simulation/shell-network.ts'

const busy = { blockTimeMs: 100, heartbeatMs: 100 }
const zeroId = `0x${'00'.repeat(32)}` as const

/** A peer without a key that sits on every link and says each vote in its own way before it arrives. */
async function runWith(disguise: (vote: Vote) => Vote | null) {
  const isLost = (_: number, to: number, message: Message | null) => {
    const changed = message?.type === 'vote' ? disguise(message.vote) : null
    if (changed) network.listeners.get(to)?.({ type: 'vote', vote: changed }, 'x')
    return false
  }
  const network = createShellNetwork(4, busy, { isLost })
  const nodes = await Promise.all([0, 1, 2, 3].map((index) => network.openNode(index)))
  await network.clock.advance(5000)
  const evidence = nodes.flatMap(({ engine }) => engine.evidence())
  const rounds = nodes[0]?.disk.blocks.map(({ certificate }) => certificate.round) ?? []
  for (const node of nodes) await node.crash()
  return { evidence, rounds, reports: network.reports }
}

describe('what a signature does not cover', () => {
  it('cannot be changed on the way: the validRound of a precommit', async () => {
    const { evidence, rounds, reports } = await runWith((vote) =>
      vote.kind === 'precommit' ? { ...vote, validRound: 7 } : null,
    )
    assert.deepEqual(evidence, [], 'nobody is framed')
    assert.ok(rounds.length > 20 && rounds.every((round) => round === 0), `${rounds}`)
    assert.ok(reports.length > 0 && reports.every(({ peer }) => peer === 'x'))
  })

  it('cannot be changed on the way: nil, which is signed as the zero id', async () => {
    const votes: Vote[] = []
    const isLost = (_: number, to: number, message: Message | null) => {
      if (message?.type === 'proposal' && message.proposal.round === 0) return true
      if (message?.type === 'vote' && message.vote.id === null) {
        votes.push(message.vote)
        const vote = { ...message.vote, id: zeroId }
        network.listeners.get(to)?.({ type: 'vote', vote }, 'x')
      }
      return false
    }
    const network = createShellNetwork(4, busy, { isLost })
    const nodes = await Promise.all([0, 1, 2, 3].map((index) => network.openNode(index)))
    await network.clock.advance(20_000)
    assert.ok(votes.length > 10, 'rounds without a proposal end in nil')
    const rounds = nodes[0]?.disk.blocks.map(({ certificate }) => certificate.round) ?? []
    assert.ok(rounds.length > 3, `${rounds}`)
    assert.deepEqual(
      nodes.flatMap(({ engine }) => engine.evidence()),
      [],
      'nobody is framed',
    )
    for (const node of nodes) await node.crash()
  })
})
