import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { creditAbi } from '@quoin/contracts'
import { bytesToHex, type Hex } from '@quoin/kernel'
import { createPrivateKey } from '@quoin/keys'
import { createLedger } from '@quoin/ledger'
import {
  decodeJsonHeader,
  eip3009Types,
  encodeJsonHeader,
  PaymentPayload,
  PaymentRequired,
  x402Errors,
} from '@quoin/protocol'
import type { Market } from './interface.ts'
import { payerAccount, startAnvil, type TestChain, walletOf } from './test-support/anvil.ts'
import { openTestMarket, temporaryFolder } from './test-support/open-test-market.ts'
import {
  callOf,
  callRequest,
  createVoucherPayer,
  finish,
  refusalOf,
  until,
  type VoucherPayer,
} from './test-support/voucher-payer.ts'

/** Ways to be served without paying, each tried against the market. */

const stack = new AsyncDisposableStack()
const funds = 100_000n
let chain: TestChain
let market: Market
let nextPayer = 1

before(async () => {
  const { path } = stack.use(await temporaryFolder())
  chain = stack.use(await startAnvil())
  const limits = { waitMs: 2000, turnMs: 100 }
  const payments = { settleExactFirst: true }
  market = stack.use(await openTestMarket(chain, path, { limits, payments }))
})
after(() => stack.disposeAsync())

async function fundedPayer(): Promise<VoucherPayer> {
  const payer = stack.use(await createVoucherPayer(chain, market, nextPayer++))
  await payer.deposit(funds)
  return payer
}

/** The payment in a header with another payload. */
function withPayload(header: string, change: object): string {
  const payment = PaymentPayload.parse(decodeJsonHeader(header))
  return encodeJsonHeader({ ...payment, payload: { ...payment.payload, ...change } })
}

test('a voucher whose signature the contract would refuse buys nothing', async () => {
  const payer = await fundedPayer()
  const payment = PaymentPayload.parse(decodeJsonHeader(await payer.header(1000n)))
  const { signature } = payment.payload.voucher as { signature: Hex }
  const recovery = signature.endsWith('1b') ? '00' : '01'
  const header = await payer.header(1000n, { signature: `0x${signature.slice(2, -2)}${recovery}` })
  const refusal = refusalOf(await market.admit(callRequest({ body: 'a', header })))
  assert.equal(refusal.code, x402Errors.voucherSignature)
})

test('money on its way back to the payer pays for no further call', async () => {
  const payer = await fundedPayer()
  const first = await payer.header(1000n)
  await finish(callOf(await market.admit(callRequest({ body: 'a', header: first }))), 'x')
  const refundHeader = withPayload(await payer.header(700n), { type: 'refund' })
  await chain.control.setAutomine(false)
  const refund = market.admit(callRequest({ body: '', header: refundHeader, ceiling: 0n }))
  await until(async () => (await chain.control.getTxpoolStatus()).pending > 0, 'the refund is sent')
  const greedy = { body: 'b', ceiling: 90_000n }
  const header = await payer.header(95_000n, { accepted: 90_000n })
  const admission = market.admit(callRequest({ ...greedy, header }))
  const served = await Promise.race([admission, new Promise((end) => setTimeout(end, 500))])
  await chain.control.setAutomine(true)
  await chain.control.mine({ blocks: 1 })
  assert.equal((await refund).kind, 'replayed')
  const late = served ?? (await admission)
  assert.notEqual(Reflect.get(Object(late), 'kind'), 'admitted')
  const channel = await market.channels.get(payer.channelId)
  assert.deepEqual([channel?.charged, channel?.balance], [700n, 700n])
})

test('a deposit below the least that was offered is not brought onto the chain', async () => {
  const payer = stack.use(await createVoucherPayer(chain, market, nextPayer++))
  const deposit = {
    amount: '1000',
    authorization: {
      erc3009Authorization: {
        validAfter: '0',
        validBefore: '4000000000',
        salt: payer.config.salt,
        signature: `0x${'11'.repeat(64)}1b`,
      },
    },
  }
  const header = withPayload(await payer.header(1000n), { type: 'deposit', deposit })
  const refusal = refusalOf(await market.admit(callRequest({ body: 'a', header })))
  assert.equal(refusal.code, x402Errors.depositBelowMinimum)
})

test("a stranger's key gets no stored answer of a payer, and stores none in its name", async () => {
  const payer = await fundedPayer()
  const key = 'order-7'
  const header = await payer.header(1000n)
  await finish(callOf(await market.admit(callRequest({ body: 'a', header, key }))), 'the answer')
  const stranger = stack.use(await createVoucherPayer(chain, market, nextPayer - 1))
  assert.equal(stranger.config.payer, payer.config.payer)
  const forged = await stranger.header(1000n)
  const admission = await market.admit(callRequest({ body: 'a', header: forged, key }))
  assert.equal(admission.kind, 'refused')
})

test('an idempotency key names a call of one service', async () => {
  const payer = await fundedPayer()
  const key = 'order-8'
  const header = await payer.header(1000n)
  await finish(callOf(await market.admit(callRequest({ body: 'a', header, key }))), 'the answer')
  const other = { body: 'a', key, service: `0x${'6e'.repeat(32)}` as const }
  const next = await payer.header(2000n)
  const clash = refusalOf(await market.admit(callRequest({ ...other, header: next })))
  assert.equal(clash.code, 'idempotency_key_reused')
})

test('an answer that was cut short is charged and not given to a retry', async () => {
  const payer = await fundedPayer()
  const wish = { body: 'a', key: 'order-10' }
  const header = await payer.header(1000n)
  const call = callOf(await market.admit(callRequest({ ...wish, header })))
  const amount = { amountAtomic: 700n, unitsIn: 1, unitsOut: 1 }
  const cut = { status: 200, contentType: 'text/plain', body: Buffer.from('the ans'), isCut: true }
  await call.finish({ ...amount, ...cut })
  const next = await payer.header(1700n)
  await finish(callOf(await market.admit(callRequest({ ...wish, header: next }))), 'the answer')
  assert.equal((await market.channels.get(payer.channelId))?.charged, 1400n)
})

test('a call is known again by whatever name the provider was called', async () => {
  const payer = await fundedPayer()
  const key = 'order-9'
  const call = { ...callRequest({ body: 'a', header: await payer.header(1000n), key }) }
  const at = (url: string) => market.admit({ ...call, resource: { ...call.resource, url } })
  await finish(callOf(await at('http://[::/v1/paid')), 'the answer')
  assert.equal((await at('https://provider.test/v1/paid')).kind, 'replayed')
  assert.equal((await at('https://provider.test/v2/paid')).kind, 'refused')
})

async function exactPayment(index: number, validForSeconds: number, value = 1000n) {
  const account = payerAccount(index)
  const { demand } = refusalOf(await market.admit(callRequest({ body: 'price?' })))
  const accepted = PaymentRequired.parse(demand).accepts.find(({ scheme }) => scheme === 'exact')
  if (!accepted) throw new Error('no exact offer')
  const authorization = {
    from: account.address,
    to: accepted.payTo,
    value,
    validAfter: 0n,
    validBefore: BigInt(Math.floor(Date.now() / 1000) + validForSeconds),
    nonce: bytesToHex(createPrivateKey()),
  }
  const domain = {
    name: 'Quoin Credit',
    version: '1',
    chainId: chain.chainId,
    verifyingContract: accepted.asset,
  }
  const sign = (to: Hex) =>
    account.signTypedData({
      domain,
      types: eip3009Types,
      primaryType: 'TransferWithAuthorization',
      message: { ...authorization, to },
    })
  const { validAfter, validBefore } = authorization
  const wire = {
    ...authorization,
    value: `${value}`,
    validAfter: `${validAfter}`,
    validBefore: `${validBefore}`,
  }
  const payload = { signature: await sign(authorization.to), authorization: wire }
  const header = encodeJsonHeader({ x402Version: 2, accepted, payload })
  return { account, accepted, payload, asset: accepted.asset, domain, authorization, sign, header }
}

test('an authorization that its payer cancels while it is served is not taken for a payment', async () => {
  const index = nextPayer++
  const { account, asset, domain, authorization, header } = await exactPayment(index, 300)
  const call = callOf(await market.admit(callRequest({ body: 'a', header })))
  const { nonce } = authorization
  const signature = await account.signTypedData({
    domain,
    types: {
      CancelAuthorization: [
        { name: 'authorizer', type: 'address' },
        { name: 'nonce', type: 'bytes32' },
      ],
    },
    primaryType: 'CancelAuthorization',
    message: { authorizer: account.address, nonce },
  })
  const hash = await walletOf(chain, index).writeContract({
    address: asset,
    abi: creditAbi,
    functionName: 'cancelAuthorization',
    args: [account.address, nonce, signature],
  })
  await chain.client.waitForTransactionReceipt({ hash })
  await assert.rejects(finish(call, 'the answer'), { code: 'TRANSACTION_FAILED' })
})

test('a nonce that went into a transfer to someone else is not taken for a payment', async () => {
  const index = nextPayer++
  const { account, authorization, sign, header } = await exactPayment(index, 300)
  const call = callOf(await market.admit(callRequest({ body: 'a', header })))
  const { rpcUrl, chainId } = chain
  await using ledger = createLedger({ rpcUrl, chainId, account })
  const own = { ...authorization, to: account.address, signature: await sign(account.address) }
  assert.deepEqual((await ledger.credit.transferAll([own])).settled, [true])
  await assert.rejects(finish(call, 'the answer'), { code: 'TRANSACTION_FAILED' })
})

test('an authorization that someone else brought onto the chain is a payment', async () => {
  const index = nextPayer++
  const { account, authorization, sign, header } = await exactPayment(index, 300)
  const call = callOf(await market.admit(callRequest({ body: 'a', header })))
  const { rpcUrl, chainId } = chain
  await using ledger = createLedger({ rpcUrl, chainId, account })
  const early = { ...authorization, signature: await sign(authorization.to) }
  assert.deepEqual((await ledger.credit.transferAll([early])).settled, [true])
  const { receipt } = await finish(call, 'the answer')
  assert.equal(receipt.receipt.amount, 1000n)
})

test('an authorization that may expire before a long call ends is refused', async () => {
  const { header } = await exactPayment(nextPayer++, 30)
  const refusal = refusalOf(await market.admit(callRequest({ body: 'a', header })))
  assert.equal(refusal.code, x402Errors.exactValidBefore)
})

test('a payer that is short when it is collected costs no gas, and pays when it is not', async () => {
  const { path } = stack.use(await temporaryFolder())
  const lenient = stack.use(
    await openTestMarket(chain, path, { payments: { settleExactFirst: false } }),
  )
  await market.settleNow()
  const index = nextPayer++
  const { account, header } = await exactPayment(index, 300)
  const call = callOf(await lenient.admit(callRequest({ body: 'a', header })))
  const { rpcUrl, chainId } = chain
  await using ledger = createLedger({ rpcUrl, chainId, account })
  await using friend = createLedger({ rpcUrl, chainId, account: payerAccount(19) })
  const all = await ledger.credit.balanceOf(account.address)
  await ledger.credit.transfer(payerAccount(19).address, all)
  const address = lenient.providerAddress
  const before = await chain.client.getBalance({ address })
  await finish(call, 'the answer')
  assert.deepEqual((await lenient.settleNow()).transactions, [])
  assert.equal(await chain.client.getBalance({ address }), before)
  await friend.credit.transfer(account.address, all)
  assert.equal((await lenient.settleNow()).transactions.length, 1)
  assert.equal(await ledger.credit.balanceOf(account.address), all - 1000n)
})

test('the facilitator spends no gas where no money moves', async () => {
  const { accepted, payload } = await exactPayment(nextPayer++, 300, 0n)
  const { accepts } = PaymentRequired.parse(
    refusalOf(await market.admit(callRequest({ body: 'price?' }))).demand,
  )
  const batch = accepts.find(({ scheme }) => scheme === 'batch-settlement')
  const idle = { type: 'settle', receiver: payerAccount(19).address, token: accepted.asset }
  const settle = (wanted: object, content: object) =>
    market.facilitator.settle({
      paymentPayload: { x402Version: 2, accepted: wanted, payload: content },
      paymentRequirements: wanted,
    })
  const address = market.providerAddress
  const before = await chain.client.getBalance({ address })
  const answers = [
    await settle({ ...accepted, amount: '0' }, payload),
    await settle({ ...batch }, idle),
  ]
  for (const answer of answers) assert.equal(Reflect.get(answer, 'success'), false)
  assert.equal(await chain.client.getBalance({ address }), before)
})
