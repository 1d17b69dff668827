import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Hex, hexToBytes } from '@quoin/kernel'
import { type AnvilChain, anvilChainId, devAccount, startAnvil } from '@quoin/testing'
import { concat, encodeAbiParameters, hashTypedData, keccak256 } from 'viem'
import {
  artifactIdOf,
  type ChannelConfig,
  createLedger,
  isLedgerError,
  type Ledger,
  type LedgerErrorCode,
  quoinAddresses,
} from './index.ts'

const payer = devAccount(1)
const receiver = devAccount(2)
const session = devAccount(3)
const zero: Hex = `0x${'0'.repeat(64)}`
const price = {
  token: quoinAddresses.credit,
  input: 2n,
  output: 6n,
  call: 1n,
  unitSize: 1000n,
  unit: 'token',
}

let chain: AnvilChain
let ledger: Ledger
let asPayer: Ledger
let asReceiver: Ledger
let salt = 0

before(async () => {
  chain = await startAnvil()
  const open = (account: ReturnType<typeof devAccount>) =>
    createLedger({ rpcUrl: chain.rpcUrl, account })
  ledger = open(devAccount(0))
  asPayer = open(payer)
  asReceiver = open(receiver)
})
after(async () => {
  for (const opened of [ledger, asPayer, asReceiver]) await opened?.[Symbol.asyncDispose]()
  await chain?.[Symbol.asyncDispose]()
})

function newChannel(): ChannelConfig {
  salt += 1
  return {
    payer: payer.address,
    payerAuthorizer: session.address,
    receiver: receiver.address,
    receiverAuthorizer: receiver.address,
    token: quoinAddresses.credit,
    withdrawDelay: 900,
    salt: `0x${salt.toString(16).padStart(64, '0')}`,
  }
}

function signVoucher(channelId: Hex, maxClaimableAmount: bigint): Promise<Hex> {
  return session.signTypedData({
    domain: {
      name: 'x402 Batch Settlement',
      version: '1',
      chainId: anvilChainId,
      verifyingContract: quoinAddresses.settlement,
    },
    types: {
      Voucher: [
        { name: 'channelId', type: 'bytes32' },
        { name: 'maxClaimableAmount', type: 'uint128' },
      ],
    },
    primaryType: 'Voucher',
    message: { channelId, maxClaimableAmount },
  })
}

async function rejectsWith(promise: Promise<unknown>, code: LedgerErrorCode, solidity?: string) {
  await assert.rejects(promise, (error) => {
    assert(isLedgerError(error, code), String(error))
    if (solidity) assert.equal(error.detail.error, solidity)
    return true
  })
}

async function travel(seconds: number): Promise<void> {
  const request = ledger.client.request as (call: object) => Promise<unknown>
  await request({ method: 'evm_increaseTime', params: [seconds] })
  await request({ method: 'evm_mine', params: [] })
}

test('the genesis holds the Credit that it was given', async () => {
  await ledger.checkChain()
  assert.equal(await ledger.credit.balanceOf(devAccount(5).address), 1_000_000_000_000n)
})

test('a payer without gas opens a channel and a session, and the receiver is paid', async () => {
  const config = newChannel()
  const limits = { capAtomic: 5_000n, expiresAt: 4_000_000_000, scope: zero }
  const order = await ledger.sessions.sign(payer, { config, limits })
  await ledger.sessions.authorizeSigned(order)
  const { channelId, blockNumber } = await ledger.channels.open({ config, amount: 9_000n, payer })
  assert.deepEqual(await ledger.channels.changed(blockNumber, blockNumber), [channelId])
  assert.deepEqual(await ledger.channels.state(channelId), {
    balance: 9_000n,
    totalClaimed: 0n,
    withdrawal: { amount: 0n, requestedAt: 0 },
    refundNonce: 0n,
    session: limits,
  })
  const signature = await signVoucher(channelId, 9_000n)
  const row = { config, maxClaimable: 9_000n, signature, totalClaimed: 5_001n }
  await rejectsWith(asReceiver.channels.claim([row], null), 'CALL_REVERTED', 'SessionCapExceeded')
  await asReceiver.channels.claim([{ ...row, totalClaimed: 5_000n }], null)
  const { amount } = await ledger.channels.settle(receiver.address, config.token)
  assert.equal(amount, 5_000n)
  const { claimed, settled } = await ledger.channels.receiver(receiver.address, config.token)
  assert.equal(claimed, settled)
})

test('a withdrawal comes after its delay, and a refund at once', async () => {
  const config = newChannel()
  const { channelId } = await ledger.channels.open({ config, amount: 1_000n, payer })
  await asReceiver.channels.refund(config, 100n)
  await asPayer.channels.requestWithdraw(config, 900n)
  const { withdrawal } = await ledger.channels.state(channelId)
  assert.equal(withdrawal.amount, 900n)
  await rejectsWith(
    asPayer.channels.finalizeWithdraw(config),
    'CALL_REVERTED',
    'WithdrawNotMatured',
  )
  await travel(900)
  await asPayer.channels.finalizeWithdraw(config)
  assert.equal((await ledger.channels.state(channelId)).balance, 0n)
})

test('a payer sets, reads and revokes a session from its own account', async () => {
  const config = newChannel()
  const channelId = ledger.channels.channelIdOf(config)
  assert.equal(await ledger.sessions.get(channelId), null)
  const limits = { capAtomic: 7n, expiresAt: 4_000_000_000, scope: keccak256('0x01') }
  await asPayer.sessions.authorize(config, limits)
  assert.deepEqual(await ledger.sessions.get(channelId), limits)
  await rejectsWith(asReceiver.sessions.revoke(config), 'CALL_REVERTED', 'NotPayer')
  await asPayer.sessions.revoke(config)
  const revoked = await ledger.sessions.get(channelId)
  assert(revoked && revoked.expiresAt < limits.expiresAt)
})

test('signed transfers are settled together, and a bad one stops no other', async () => {
  const to = devAccount(8).address
  const transfer = async (value: bigint, nonce: Hex) => {
    const message = {
      from: payer.address,
      to,
      value,
      validAfter: 0n,
      validBefore: 4_000_000_000n,
      nonce,
    }
    const fields = ['from:address', 'to:address', 'value:uint256', 'validAfter:uint256']
      .concat('validBefore:uint256', 'nonce:bytes32')
      .map((field) => field.split(':'))
      .map(([name = '', type = '']) => ({ name, type }))
    const signature = await payer.signTypedData({
      domain: {
        name: 'Quoin Credit',
        version: '1',
        chainId: anvilChainId,
        verifyingContract: quoinAddresses.credit,
      },
      types: { TransferWithAuthorization: fields },
      primaryType: 'TransferWithAuthorization',
      message,
    })
    return { ...message, signature }
  }
  const good = await transfer(5n, keccak256('0x0a'))
  const forged = { ...(await transfer(6n, keccak256('0x0b'))), value: 600n }
  const last = await transfer(7n, keccak256('0x0c'))
  const before = await ledger.credit.balanceOf(to)
  const { settled } = await ledger.credit.transferAll([good, forged, last])
  assert.deepEqual(settled, [true, false, true])
  assert.equal(await ledger.credit.balanceOf(to), before + 12n)
  assert.equal(await ledger.credit.isAuthorizationUsed(payer.address, good.nonce), true)
  assert.equal(await ledger.credit.isAuthorizationUsed(payer.address, forged.nonce), false)
  assert.match((await ledger.credit.findTransfer(good)) ?? '', /^0x[0-9a-f]{64}$/)
  assert.equal(await ledger.credit.findTransfer(forged), null)
  assert.equal(await ledger.credit.findTransfer({ ...good, to: payer.address }), null)
})

test('a provider publishes a model and a service that others can read', async () => {
  const endpoint = 'http://127.0.0.1:8402'
  await rejectsWith(
    asReceiver.registry.registerService({
      name: 'embed',
      artifact: zero,
      verification: 'signed',
      price,
    }),
    'CALL_REVERTED',
    'UnknownProvider',
  )
  await asReceiver.registry.registerProvider({ endpoint, receiptSigner: session.address })
  const model = { cid: 'bafymodel', kind: 'model', terms: 'Apache-2.0' } as const
  const { id: artifact } = await asReceiver.registry.publishArtifact(model)
  assert.equal(artifact, artifactIdOf('bafymodel'))
  const read = await ledger.registry.artifact(artifact)
  assert.deepEqual([read?.kind, read?.parents, read?.terms], ['model', [], 'Apache-2.0'])
  const order = { name: 'embed', artifact, verification: 'deterministic', price } as const
  const { id } = await asReceiver.registry.registerService(order)
  const service = await ledger.registry.service(id)
  assert.deepEqual(
    [service?.name, service?.verification, service?.active],
    ['embed', 'deterministic', true],
  )
  await asReceiver.registry.changeService(id, { active: false, price: { ...price, output: 9n } })
  const [listed] = await ledger.registry.services({ provider: receiver.address })
  assert.deepEqual([listed?.id, listed?.active, listed?.price.output], [id, false, 9n])
  assert.equal((await ledger.registry.provider(receiver.address))?.endpoint, endpoint)
  assert.equal(await ledger.registry.service(zero), null)
})

test('an anchored receipt is found and verified, a forged one is not', async () => {
  const epoch = await asReceiver.receipts.nextEpoch(receiver.address)
  const receipt = exampleReceipt()
  const id = hashTypedData({
    domain: {
      name: 'Quoin Receipt',
      version: '1',
      chainId: anvilChainId,
      verifyingContract: quoinAddresses.receipts,
    },
    types: receiptTypes,
    primaryType: 'Receipt',
    message: receipt,
  })
  const [leaf, other] = [leafOf(id), leafOf(keccak256('0x01'))]
  const root = keccak256(concat(leaf < other ? [leaf, other] : [other, leaf]))
  const mined = await asReceiver.receipts.anchor(epoch, root, 2)
  await rejectsWith(
    asReceiver.receipts.anchor(epoch, zero.replace(/0$/, '1') as Hex, 1),
    'CALL_REVERTED',
    'WrongEpoch',
  )
  const anchor = await ledger.receipts.findAnchor(receiver.address, epoch)
  assert.equal(anchor?.transactionHash, mined.transactionHash)
  assert.equal(await ledger.receipts.findAnchor(receiver.address, epoch + 1n), null)
  const path = [other]
  assert(
    await ledger.receipts.isAnchored({ provider: receiver.address, epoch, receiptId: id, path }),
  )
  const signature = await receiver.sign({ hash: id })
  assert(await ledger.receipts.verify(receipt, { signature, epoch, path }))
  const forged = { ...receipt, amount: 1n }
  assert(!(await ledger.receipts.verify(forged, { signature, epoch, path })))
  assert(!(await ledger.receipts.isSigned(forged, signature)))
})

test('income is shared to the last atomic unit', async () => {
  const shares = [
    { payee: devAccount(7).address, basisPoints: 2_500 },
    { payee: devAccount(6).address, basisPoints: 7_500 },
  ]
  const { splitId } = await ledger.splits.create(shares)
  const token = quoinAddresses.credit
  await rejectsWith(ledger.splits.pay(splitId, token, 8n), 'CALL_REVERTED')
  await ledger.credit.approve(quoinAddresses.splitter, 8n)
  await ledger.splits.pay(splitId, token, 8n)
  assert.equal(await ledger.splits.owed(splitId, token, devAccount(6).address), 6n)
  assert.equal((await ledger.splits.withdraw([splitId], token, devAccount(6).address)).amount, 6n)
  assert.equal((await ledger.splits.withdraw([splitId], token, devAccount(7).address)).amount, 2n)
  await rejectsWith(ledger.splits.create([{ payee: token, basisPoints: 1 }]), 'INVALID_ORDER')
})

test('a ledger over WebSocket reads and writes, and a wrong chain is told', async () => {
  const account = devAccount(9)
  await using socket = createLedger({ rpcUrl: chain.webSocketUrl, account })
  await socket.credit.transfer(payer.address, 1n)
  await using wrong = createLedger({ rpcUrl: chain.rpcUrl, chainId: 5 })
  await rejectsWith(wrong.checkChain(), 'WRONG_CHAIN')
})

const receiptTypes = {
  Receipt: [
    { name: 'serviceId', type: 'bytes32' },
    { name: 'channelId', type: 'bytes32' },
    { name: 'payer', type: 'address' },
    { name: 'provider', type: 'address' },
    { name: 'sequence', type: 'uint256' },
    { name: 'requestHash', type: 'bytes32' },
    { name: 'responseHash', type: 'bytes32' },
    { name: 'modelCidHash', type: 'bytes32' },
    { name: 'runtimeId', type: 'bytes32' },
    { name: 'unitsIn', type: 'uint256' },
    { name: 'unitsOut', type: 'uint256' },
    { name: 'amount', type: 'uint128' },
    { name: 'cumulative', type: 'uint128' },
    { name: 'time', type: 'uint64' },
    { name: 'idempotencyKeyHash', type: 'bytes32' },
  ],
} as const

function exampleReceipt() {
  return {
    serviceId: keccak256('0x02'),
    channelId: keccak256('0x03'),
    payer: payer.address,
    provider: receiver.address,
    sequence: 1n,
    requestHash: keccak256('0x04'),
    responseHash: keccak256('0x05'),
    modelCidHash: artifactIdOf('bafymodel'),
    runtimeId: keccak256('0x06'),
    unitsIn: 10n,
    unitsOut: 20n,
    amount: 250n,
    cumulative: 250n,
    time: 1_800_000_000_000n,
    idempotencyKeyHash: zero,
  }
}

function leafOf(id: Hex): Hex {
  const inner = keccak256(encodeAbiParameters([{ type: 'bytes32' }], [id]))
  return keccak256(hexToBytes(inner))
}
