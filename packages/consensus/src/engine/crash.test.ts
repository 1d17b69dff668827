import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CrashPoint } from '../simulation/crash-point.ts'
import { createShellNetwork } from '../simulation/shell-network.ts'
import { decidedToParent, genesisParent } from './chain-rules.ts'
import { checkBlock } from './check-block.ts'

const pace = { blockTimeMs: 50, heartbeatMs: 1000 }

/**
 * A validator dies at the n-th durable call and comes back. `silentPeers` make it log and guard
 * everything, as in a network. Gives false when the call was never reached.
 */
async function dieAt(call: number, afterwards: boolean, silentPeers: number): Promise<boolean> {
  const { clock, openNode, rules, sent } = createShellNetwork(1, pace, { silentPeers })
  const point = new CrashPoint(call, afterwards)
  const opening = openNode(0, undefined, (part) => point.watch(part))
  const disk = await Promise.race([
    opening.then((node) => {
      node.execution.add('0x01')
      return node.disk
    }),
    clock.advance(0).then(() => null),
  ])
  await clock.advance(60)
  if (disk) (await opening).execution.add('0x02')
  await clock.advance(3000)
  if (!disk || !point.happened) return false

  const again = await openNode(0, disk)
  again.execution.add('0x03')
  await clock.advance(5000)
  assert.equal(again.engine.status.failure, null)
  let parent = genesisParent(rules)
  for (const decided of disk.blocks) {
    checkBlock(decided.block, { parent, rules, nowMs: clock.now() })
    parent = decidedToParent(decided)
  }
  assert.ok(parent.height >= 3, `height ${parent.height}`)
  assert.deepEqual(
    disk.execution.payloads.map(({ blockHash }) => blockHash),
    disk.blocks.map(({ block }) => block.payload.blockHash),
    'execution has exactly what was decided',
  )
  const spoken = new Map<string, string>()
  for (const { message } of sent) {
    if (message.type !== 'vote' && message.type !== 'proposal') continue
    const said = message.type === 'vote' ? message.vote : message.proposal
    const slot = `${said.kind} ${said.height} ${said.round}`
    assert.equal(spoken.get(slot) ?? said.signature, said.signature, `${slot} was signed once`)
    spoken.set(slot, said.signature)
  }
  await again.crash()
  return true
}

describe('a validator that dies at any durable call', () => {
  for (const [name, silentPeers] of [
    ['alone', 0],
    ['with peers, through its log and sign guard', 1],
  ] as const)
    it(`comes back, ${name}`, async () => {
      for (const afterwards of [false, true]) {
        let call = 1
        while (await dieAt(call, afterwards, silentPeers)) call += 1
        assert.ok(call > 15, `only ${call} calls`)
      }
    })
})
