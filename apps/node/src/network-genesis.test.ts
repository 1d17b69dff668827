import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseGenesis } from '@quoin/chain'
import { predeployAddresses } from '@quoin/contracts'
import { createPrivateKey } from '@quoin/keys'
import { developmentAccount } from './development-account.ts'
import { memberOf } from './member.ts'
import { type BftOrder, createNetworkGenesis, policies } from './network-genesis.ts'

const chainId = 31402
const members = [1, 2, 3].map(() =>
  memberOf(
    { validator: createPrivateKey(), provider: createPrivateKey(), network: createPrivateKey() },
    { chainId },
  ),
)
const bft: BftOrder = {
  consensus: 'bft',
  policy: 'authority',
  epochBlocks: 10,
  blockRewardGwei: 0n,
  stakeCoins: 10_000n,
  unbondingSeconds: 60,
  jailSeconds: 60,
  blockTimeMs: 500,
  heartbeatMs: 5000,
}
const common = { chainId, members, timestamp: 1_800_000_000, funds: [] }
const withDevelopmentAccount = false

test('each policy begins with its members, and with coins for them to send transactions', () => {
  for (const policy of policies) {
    const order = { ...bft, policy }
    const genesis = createNetworkGenesis({ ...common, order, withDevelopmentAccount })
    assert.deepEqual(parseGenesis(JSON.parse(JSON.stringify(genesis))), genesis)
    const { consensus } = genesis.config.quoin
    assert.ok(consensus.engine === 'bft')
    assert.equal(consensus.policy, policy)
    const power = policy === 'authority' || policy === 'fixed' ? '0x1' : '0x2710'
    assert.deepEqual(
      consensus.validators.map((one) => [one.address, one.power]),
      members.map(({ address }) => [address, power]),
    )
    for (const { address } of members)
      assert.ok(BigInt(genesis.alloc[address]?.balance ?? 0) > 10n ** 18n)
  }
})

test('how long stake is bound and a jail lasts is what was ordered', () => {
  const storageOf = (more: Partial<BftOrder>) => {
    const order = { ...bft, policy: 'stake', ...more } as const
    const { alloc } = createNetworkGenesis({ ...common, order, withDevelopmentAccount })
    return JSON.stringify(alloc[predeployAddresses.staking]?.storage)
  }
  const usual = storageOf({})
  assert.equal(storageOf({}), usual)
  assert.notEqual(storageOf({ unbondingSeconds: 120 }), usual)
  assert.notEqual(storageOf({ jailSeconds: 120 }), usual)
})

test('the account that everybody can spend from holds something only where that was asked for', () => {
  const balanceOf = (withDevelopmentAccount: boolean) =>
    createNetworkGenesis({ ...common, order: bft, withDevelopmentAccount }).alloc[
      developmentAccount.address
    ]
  assert.equal(balanceOf(false), undefined)
  assert.ok(balanceOf(true))
})

test('no members, the same one twice and too little stake are refused in words', () => {
  const create = (order: BftOrder, list = members) =>
    createNetworkGenesis({ ...common, order, members: list, withDevelopmentAccount })
  const [first] = members
  assert.ok(first)
  assert.throws(() => create(bft, []), { code: 'GENESIS_INVALID' })
  assert.throws(() => create(bft, [first, first]), { message: /twice/ })
  const poor = { ...bft, policy: 'stake', stakeCoins: 5n } as const
  assert.throws(() => create(poor), { message: /1000 coins or more/ })
})
