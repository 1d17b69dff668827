import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Hex } from '@quoin/kernel'
import { type AnvilChain, devAccount, startAnvil } from '@quoin/testing'
import { getAddress, keccak256, toHex } from 'viem'
import {
  artifactIdOf,
  type ChannelConfig,
  createLedger,
  isLedgerError,
  type Ledger,
  type LedgerErrorCode,
  type LicenceTerms,
  lineageSplitIdOf,
  quoinAddresses,
} from './index.ts'

const accounts = { owner: 1, trainer: 2, runner: 3, custodian: 4, session: 6, stranger: 7 } as const
type Party = keyof typeof accounts
const accountOf = (party: Party) => devAccount(accounts[party])
const addressOf = (party: Party) => accountOf(party).address
const token = getAddress(quoinAddresses.credit)
const publicKey = keccak256('0x25519a')
const declaration = keccak256('0xdec1')
const terms: LicenceTerms = {
  purposes: ['train', 'download'],
  token,
  priceAtomic: 1_000_000n,
  isPerUse: false,
  royaltyBasisPoints: 1500,
  durationSeconds: null,
  keyWithinSeconds: null,
  isTransferable: false,
  isRevocable: false,
  isListed: false,
  textHash: keccak256(toHex('You may train on it.')),
}

let chain: AnvilChain
const ledgers = new Map<Party, Ledger>()
const as = (party: Party): Ledger => {
  const ledger = ledgers.get(party)
  assert(ledger)
  return ledger
}

before(async () => {
  chain = await startAnvil()
  for (const party of Object.keys(accounts) as Party[])
    ledgers.set(party, createLedger({ rpcUrl: chain.rpcUrl, account: accountOf(party) }))
  const runner = { endpoint: 'http://runner', receiptSigner: addressOf('session') }
  await as('runner').registry.registerProvider(runner)
  const trainer = { endpoint: 'http://trainer', receiptSigner: addressOf('trainer') }
  await as('trainer').registry.registerProvider(trainer)
})
after(async () => {
  for (const ledger of ledgers.values()) await ledger[Symbol.asyncDispose]()
  await chain?.[Symbol.asyncDispose]()
})

async function refuses(promise: Promise<unknown>, solidity: string) {
  const code: LedgerErrorCode = 'CALL_REVERTED'
  await assert.rejects(promise, (error) => {
    assert(isLedgerError(error, code), String(error))
    assert.equal(error.detail.error, solidity)
    return true
  })
}

async function publishData(cid: string): Promise<Hex> {
  return (await as('owner').registry.publishArtifact({ cid, kind: 'data-set' })).id
}

function orderOf(offerId: Hex, holder: Party, quantity = 1) {
  return { offerId, holder: addressOf(holder), quantity, publicKey }
}

async function signJob(inputs: Hex[], cid: string, by: Party = 'session') {
  return as('stranger').lineage.signJobResult(accountOf(by), {
    declaration,
    publisher: addressOf('trainer'),
    runner: addressOf('runner'),
    inputs,
    outputs: [{ artifact: artifactIdOf(cid), kind: 'model' }],
  })
}

test('from data to a served model, each call’s price is shared down the lineage', async () => {
  const data = await publishData('bafy-journey')
  const { offerId } = await as('owner').licences.openOffer(data, terms)
  assert.deepEqual(await as('trainer').licences.offers(data), [
    { id: offerId, artifact: data, isOpen: true, terms },
  ])
  const model = { cid: 'bafy-journey-model', kind: 'model', parents: [data] } as const
  const job = await signJob([data], model.cid)
  await refuses(as('trainer').registry.publishDerived({ ...model, job }), 'RightMissing')

  const order = orderOf(offerId, 'trainer')
  const signed = await as('trainer').licences.signOrder(accountOf('trainer'), order)
  await refuses(
    as('stranger').licences.buySigned({
      ...signed,
      order: { ...order, holder: addressOf('stranger') },
    }),
    'InvalidAuthorizationSignature',
  )
  await as('stranger').licences.buySigned(signed)
  assert(await as('owner').licences.hasRight(addressOf('trainer'), data, 'train'))
  assert(!(await as('owner').licences.hasRight(addressOf('trainer'), data, 'derive')))
  assert(!(await as('owner').licences.hasRight(addressOf('stranger'), data, 'train')))

  const forged = await signJob([data], model.cid, 'trainer')
  await refuses(
    as('trainer').registry.publishDerived({ ...model, job: forged }),
    'InvalidJobSignature',
  )
  const { id } = await as('trainer').registry.publishDerived({ ...model, job })
  assert.deepEqual(await as('owner').lineage.derivation(id), {
    declaration,
    runner: addressOf('runner'),
    depth: 1,
    totalBasisPoints: 1500,
  })
  assert.deepEqual(await as('owner').lineage.shares(id), [{ ancestor: data, basisPoints: 1500 }])

  const price = { token, input: 0n, output: 0n, call: 7n, unitSize: 1n, unit: 'call' }
  const service = { name: 'predict', artifact: id, verification: 'signed', price } as const
  const { id: serviceId } = await as('trainer').registry.registerService(service)
  const split = (await as('owner').registry.service(serviceId))?.split
  assert(split)
  const provider = addressOf('trainer')
  assert.equal(split, lineageSplitIdOf({ artifact: id, royaltyBasisPoints: 0, provider }))
  const till = await as('owner').splits.till(split)
  await as('stranger').credit.transfer(till, 10_001n)
  const [, waiting] = await as('owner').earnings.ofPayee(data, token)
  assert.deepEqual([waiting?.tillAtomic, waiting?.earnedAtomic], [10_001n, 0n])
  assert.equal((await as('stranger').splits.collect(split, token)).amount, 10_001n)

  const [sold, served] = await as('owner').earnings.ofPayee(data, token)
  assert.deepEqual([sold?.earnedAtomic, served?.earnedAtomic], [1_000_000n, 1500n])
  assert.deepEqual(served?.lineage?.artifact, id)
  assert.equal(served?.payments[0]?.amountAtomic, 10_001n)
  const before = await as('owner').credit.balanceOf(addressOf('owner'))
  const ids = [sold, served].flatMap((one) => one?.splitId ?? [])
  const { amount } = await as('stranger').splits.withdraw(ids, token, data)
  assert.equal(amount, 1_001_500n)
  assert.equal(await as('owner').credit.balanceOf(addressOf('owner')), before + amount)
  assert.deepEqual(await as('owner').lineage.descendants(data), [
    { artifact: id, basisPoints: 1500 },
  ])
  assert((await as('owner').earnings.payees(addressOf('owner'))).includes(data))
})

test('a buyer with a channel and a session key buys without gas, and each order is good once', async () => {
  const data = await publishData('bafy-channel')
  const { offerId } = await as('owner').licences.openOffer(data, { ...terms, durationSeconds: 60 })
  const config: ChannelConfig = {
    payer: addressOf('trainer'),
    payerAuthorizer: addressOf('session'),
    receiver: quoinAddresses.licences,
    receiverAuthorizer: quoinAddresses.licences,
    token,
    withdrawDelay: 900,
    salt: keccak256('0x01'),
  }
  const payer = accountOf('trainer')
  await as('stranger').channels.open({ config, amount: 2_500_000n, payer })
  const order = orderOf(offerId, 'trainer')
  const { licences } = as('stranger')
  const signed = await licences.signChannelOrder(accountOf('session'), { order, config })
  await licences.buyFromChannel(signed)
  await refuses(licences.buyFromChannel(signed), 'WrongCumulative')
  const again = await licences.signChannelOrder(accountOf('session'), { order, config })
  await licences.buyFromChannel(again)
  assert.equal((await licences.sales({ artifact: data })).length, 2)
  await refuses(licences.refundChannel(config), 'NotPayer')
  await as('trainer').licences.refundChannel(config)
  const { balance } = await as('trainer').channels.state(licencesChannel(config))
  assert.equal(balance, 2_000_000n)
})

function licencesChannel(config: ChannelConfig): Hex {
  return as('stranger').channels.channelIdOf(config)
}

test('a custodian delivers the key while the owner is away, and the price waits for it', async () => {
  const data = await publishData('bafy-secret')
  const held = { ...terms, keyWithinSeconds: 3600 }
  const { offerId } = await as('owner').licences.openOffer(data, held)
  const named = { custodian: addressOf('custodian'), isNamed: true }
  await as('owner').licences.setCustodian(data, named)
  assert.deepEqual(await as('stranger').licences.custodians(data), [addressOf('custodian')])
  await as('trainer').credit.approve(quoinAddresses.licences, held.priceAtomic)
  await as('trainer').licences.buy(orderOf(offerId, 'trainer'))
  const holder = addressOf('trainer')
  const right = await as('owner').licences.right(offerId, holder)
  assert.equal(right?.heldAtomic, held.priceAtomic)
  assert(!(await as('owner').licences.hasRight(holder, data, 'train')))
  const delivery = { offerId, holder, envelope: '0xc0ffee' } as const
  await refuses(as('stranger').licences.deliverKey(delivery), 'NotCustodian')
  await refuses(as('stranger').licences.reclaim(offerId, holder), 'KeyNotDue')
  await as('custodian').licences.deliverKey(delivery)
  const [envelope] = await as('trainer').licences.deliveries({ offerId, holder })
  assert.deepEqual([envelope?.envelope, envelope?.sender], ['0xc0ffee', addressOf('custodian')])
  assert(await as('owner').licences.hasRight(holder, data, 'train'))
  const [sold] = await as('owner').earnings.ofPayee(data, token)
  assert.equal(sold?.owedAtomic, held.priceAtomic)
})

test('a use is spent by name, and a listed offer is for those on its list', async () => {
  const data = await publishData('bafy-uses')
  const perUse = { ...terms, isPerUse: true, isListed: true, priceAtomic: 10n }
  const { offerId } = await as('owner').licences.openOffer(data, perUse)
  await as('trainer').credit.approve(quoinAddresses.licences, 20n)
  const order = orderOf(offerId, 'trainer', 2)
  await refuses(as('trainer').licences.buy(order), 'NotListed')
  const holder = addressOf('trainer')
  await as('owner').licences.listBuyer(offerId, { account: holder, isListed: true })
  assert(await as('owner').licences.mayBuy(offerId, holder))
  await as('trainer').licences.buy(order)
  await as('trainer').licences.spend(offerId, declaration)
  await refuses(as('trainer').licences.spend(offerId, declaration), 'AlreadyUsed')
  assert(await as('owner').licences.isSpent(holder, data, declaration))
  const [right] = await as('owner').licences.rights(holder, data)
  assert.deepEqual([right?.balance, right?.expiresAt], [1n, null])
  const [use] = await as('owner').licences.uses({ offerId })
  assert.deepEqual([use?.useId, use?.holder], [declaration, holder])
  await as('owner').licences.closeOffer(offerId)
  await refuses(as('trainer').licences.buy(order), 'OfferIsClosed')
})

test('a right moves where its terms allow, and is taken back for the unused part of its price', async () => {
  const data = await publishData('bafy-moves')
  const offered = {
    ...terms,
    isTransferable: true,
    isRevocable: true,
    durationSeconds: 1000,
  } as const
  const { offerId } = await as('owner').licences.openOffer(data, offered)
  await as('trainer').credit.approve(quoinAddresses.licences, terms.priceAtomic)
  await as('trainer').licences.buy(orderOf(offerId, 'trainer'))
  await as('trainer').licences.transfer(offerId, addressOf('stranger'))
  assert.deepEqual(await as('owner').licences.rights(addressOf('trainer'), data), [])
  await as('stranger').licences.setPublicKey(offerId, publicKey)
  await as('owner').credit.approve(quoinAddresses.licences, terms.priceAtomic)
  const before = await as('owner').credit.balanceOf(addressOf('stranger'))
  await as('owner').licences.revoke(offerId, addressOf('stranger'))
  const refund = (await as('owner').credit.balanceOf(addressOf('stranger'))) - before
  assert(refund > terms.priceAtomic / 2n && refund <= terms.priceAtomic)
  assert(!(await as('owner').licences.hasRight(addressOf('stranger'), data, 'train')))
  await as('owner').licences.rotateKey(data, keccak256('0x02'))
  assert.equal(await as('stranger').licences.keyVersion(data), 1)
  await refuses(
    as('owner').licences.deliverKey({ offerId, holder: addressOf('stranger'), envelope: '0x01' }),
    'NoRight',
  )
})
