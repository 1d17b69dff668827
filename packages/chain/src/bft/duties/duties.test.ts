import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createValidatorSet, type Evidence } from '@quoin/headers'
import { type Hex, type Logger, silentLogger } from '@quoin/kernel'
import { encodeFunctionData } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { type DutiesOptions, startDuties } from './duties.ts'
import { evidenceToCall } from './evidence-call.ts'
import { staking } from './local-client.ts'

const account = privateKeyToAccount(`0x${'11'.repeat(32)}`)
const self: Hex = `0x${account.address.slice(2).toLowerCase()}`
const liar: Hex = `0x${'ab'.repeat(20)}`
const signature: Hex = `0x${'00'.repeat(65)}`
const vote = (fill: string) =>
  ({
    kind: 'prevote',
    height: 8990,
    round: 0,
    id: `0x${fill.repeat(32)}`,
    validRound: -1,
    validator: liar,
    signature,
  }) as const
const evidence: Evidence = { kind: 'duplicate-vote', first: vote('aa'), second: vote('bb') }

/** The validator that starts at this height, on a chain that says this of its contract. */
function startAt(height: number, contract: { genesisId: Hex; isTombstoned?: boolean }) {
  const sent: Hex[] = []
  const errors: string[] = []
  let wake = () => {}
  let finish = () => {}
  const client = {
    account,
    call: async () => ({}),
    estimateGas: async () => 100_000n,
    estimateMaxPriorityFeePerGas: async () => 1_000_000_000n,
    getBalance: async () => 10n ** 18n,
    getBlock: async () => ({ baseFeePerGas: 1n }),
    getTransactionCount: async () => 0,
    async sendTransaction({ data }: { data: Hex }) {
      sent.push(data)
      finish()
      return '0x'
    },
    async readContract({ functionName }: { functionName: string }) {
      if (functionName === 'genesisId') return contract.genesisId
      return { isTombstoned: contract.isTombstoned ?? false, place: 1, jailedUntil: 0 }
    },
  }
  const set = createValidatorSet([
    { address: self, power: 1n, blsPublicKey: `0x${'00'.repeat(48)}` },
  ])
  const logger: Logger = {
    ...silentLogger,
    error: (_, message) => {
      errors.push(message)
      finish()
    },
  }
  const options = {
    client,
    engine: {
      onDecided: (listener: () => void) => {
        wake = listener
        return () => {}
      },
      onEvidence: () => () => {},
      evidence: () => [evidence],
    },
    blocks: { height, byHeight: async () => null },
    validatorsAt: () => set,
    settings: { epochBlocks: 20, policy: 'stake' },
    isUnjailing: false,
    logger,
  }
  const duties = startDuties(options as unknown as DutiesOptions)
  return {
    sent,
    errors,
    /** A block is decided; until something came of it. */
    async decide() {
      const done = new Promise<void>((resolve) => {
        finish = resolve
      })
      wake()
      await done
    },
    [Symbol.asyncDispose]: () => duties[Symbol.asyncDispose](),
  }
}

const known: Hex = `0x${'77'.repeat(32)}`
const nothing: Hex = `0x${'00'.repeat(32)}`

describe('a validator’s duties', () => {
  it('are to bring evidence also when it starts late on an old chain', async () => {
    await using node = startAt(9000, { genesisId: known })
    await node.decide()
    assert.deepEqual(node.sent, [evidenceToCall(evidence)])
  })

  it('begin with telling the genesis, while the contract can still look it up', async () => {
    await using node = startAt(8000, { genesisId: nothing })
    await node.decide()
    const expected = encodeFunctionData({ abi: staking.abi, functionName: 'recordGenesis' })
    assert.deepEqual(node.sent, [expected])
  })

  it('end with a loud word where that was never done', async () => {
    await using node = startAt(9000, { genesisId: nothing })
    await node.decide()
    assert.deepEqual(node.sent, [])
    assert.match(node.errors.join(), /faults cannot be punished/)
  })
})
