import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PayloadStatus } from '@quoin/engine'
import { createShellNetwork, type ShellNode } from '../simulation/shell-network.ts'

const pace = { blockTimeMs: 500, heartbeatMs: 15_000 }
const busy = { blockTimeMs: 100, heartbeatMs: 100 }
const syncing: PayloadStatus = { status: 'SYNCING', latestValidHash: null, validationError: null }

/** Puts other methods in the place of some of a part's; the rest stay. */
function replace<T extends object>(part: T, methods: Record<string, (() => unknown) | undefined>) {
  return new Proxy(part, {
    get(target, name) {
      const own = typeof name === 'string' ? methods[name] : undefined
      if (own && name in target) return own
      const member: unknown = Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

async function close(nodes: readonly ShellNode[]): Promise<void> {
  for (const node of nodes) await node.crash()
}

describe('an execution layer', () => {
  it('that is not ready yet is asked again until it is', async () => {
    const { clock, openNode } = createShellNetwork(4, busy)
    let isReady = false
    const nodes = await Promise.all([0, 1, 2].map((index) => openNode(index)))
    const slow = await openNode(3, undefined, (part) =>
      'newPayload' in part
        ? replace(part, {
            get newPayload() {
              return isReady ? undefined : async () => syncing
            },
          })
        : part,
    )
    await clock.advance(20_000)
    assert.ok((nodes[0]?.disk.blocks.length ?? 0) > 10, 'the others go on')
    assert.equal(slow.disk.blocks.length, 0)
    isReady = true
    await clock.advance(10_000)
    assert.equal(slow.engine.status.failure, null)
    assert.ok(slow.disk.blocks.length >= (nodes[0]?.disk.blocks.length ?? 0) - 1)
    await close([...nodes, slow])
  })

  it('that never answers stops the engine with the reason after a minute', async () => {
    const { clock, openNode } = createShellNetwork(4, busy)
    const nodes = await Promise.all([0, 1, 2].map((index) => openNode(index)))
    const stuck = await openNode(3, undefined, (part) =>
      'newPayload' in part ? replace(part, { newPayload: async () => syncing }) : part,
    )
    await clock.advance(80_000)
    assert.equal(stuck.engine.status.failure?.code, 'EXECUTION_FAILED')
    assert.equal(nodes[0]?.engine.status.failure, null)
    await close([...nodes, stuck])
  })

  it('that cannot make blocks leaves its rounds to the others, and still votes', async () => {
    const { clock, openNode } = createShellNetwork(4, busy)
    const nodes = await Promise.all([0, 1].map((index) => openNode(index)))
    const getPayload = () => Promise.reject(new Error('no block today'))
    const mute = await openNode(2, undefined, (part) =>
      'getPayload' in part ? replace(part, { getPayload }) : part,
    )
    await clock.advance(60_000)
    const all = [...nodes, mute]
    assert.ok(all.every(({ disk }) => disk.blocks.length > 20))
    const proposers = mute.disk.blocks.map(({ block }) => block.header.proposer)
    assert.ok(!proposers.includes(mute.signer?.address ?? '0x'))
    assert.equal(mute.engine.status.failure, null)
    await close(all)
  })

  it('that cannot make blocks stops a lone validator with the reason', async () => {
    const { clock, openNode } = createShellNetwork(1, pace)
    const getPayload = () => Promise.reject(new Error('no block today'))
    const node = await openNode(0, undefined, (part) =>
      'getPayload' in part ? replace(part, { getPayload }) : part,
    )
    await clock.advance(100)
    assert.equal(node.engine.status.step, 'failed')
    await node.crash()
  })
})
