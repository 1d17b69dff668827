import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DecidedBlock } from '../codec/decided.ts'
import type { Message } from '../codec/messages.ts'
import { createShellNetwork } from '../simulation/shell-network.ts'

const busy = { blockTimeMs: 100, heartbeatMs: 100 }

/** Four validators that have decided a while, and one who comes late and gets no block unasked. */
async function openLateNetwork() {
  const isLost = (_: number, to: number, message: Message | null) =>
    to === 4 && message?.type === 'decided'
  const network = createShellNetwork(4, busy, { isLost, observers: 1 })
  const nodes = await Promise.all([0, 1, 2, 3].map((index) => network.openNode(index)))
  await network.clock.advance(20_000)
  const blocks = nodes[0]?.disk.blocks ?? []
  assert.ok(blocks.length > 130, `${blocks.length}`)
  const late = await network.openNode(4)
  nodes.push(late)
  const close = async () => {
    for (const node of nodes) await node.crash()
  }
  return { ...network, blocks, late, close }
}

describe('a peer without a key', () => {
  it('cannot hold up who catches up with blocks that nobody asked for', async () => {
    const { clock, blocks, listeners, late, close } = await openLateNetwork()
    const push = (decided: DecidedBlock | undefined) => {
      if (decided) listeners.get(4)?.({ type: 'decided', decided }, 'x')
    }
    for (let time = 0; time < 3000; time += 3) {
      const next = late.disk.blocks.length
      push(blocks[next + 7])
      const block = blocks[next]
      push(block && { ...block, certificate: { ...block.certificate, signatures: [] } })
      await clock.advance(3)
    }
    assert.ok(late.disk.blocks.length > blocks.length - 5, `${late.disk.blocks.length}`)
    await close()
  })

  it('has one block of its own waiting here, however fast it sends', async () => {
    const { clock, blocks, listeners, late, close } = await openLateNetwork()
    const [decided] = blocks
    assert.ok(decided)
    const handled = listeners.get(4)?.({ type: 'decided', decided }, 'x')
    let isHandled = false
    void handled?.then(() => {
      isHandled = true
    })
    assert.ok(handled && !isHandled, 'the transport reads no more until then')
    await clock.advance(1000)
    assert.ok(isHandled && late.disk.blocks.length > 0)
    await close()
  })
})
