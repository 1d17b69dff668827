// The stock client and the stock facilitator of x402, unmodified, against our contracts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anvilChainId, devAccount, startAnvil } from '@quoin/testing'
import {
  isBatchSettlementDepositPayload,
  isBatchSettlementVoucherPayload,
  toFacilitatorEvmSigner,
} from '@x402/evm'
import {
  BatchSettlementEvmScheme as ClientScheme,
  InMemoryClientChannelStorage,
  updateChannelFromSettle,
} from '@x402/evm/batch-settlement/client'
import { BatchSettlementEvmScheme as FacilitatorScheme } from '@x402/evm/batch-settlement/facilitator'
import { createWalletClient, http, publicActions } from 'viem'
import { createLedger, quoinAddresses, quoinChain } from './index.ts'

type SignedTypedData = Parameters<
  Parameters<typeof toFacilitatorEvmSigner>[0]['verifyTypedData']
>[0]

test('a stock client deposits and pays, a stock facilitator claims, settles and refunds', async () => {
  await using chain = await startAnvil()
  const [sender, payer, receiver, session] = [0, 1, 2, 3].map(devAccount)
  assert(sender && payer && receiver && session)
  const network = `eip155:${anvilChainId}` as const
  const requirements = {
    scheme: 'batch-settlement',
    network,
    amount: '1000',
    asset: quoinAddresses.credit,
    payTo: receiver.address,
    maxTimeoutSeconds: 300,
    extra: {
      name: 'Quoin Credit',
      version: '1',
      receiverAuthorizer: receiver.address,
      withdrawDelay: 900,
    },
  }
  const wallet = createWalletClient({
    account: sender,
    chain: quoinChain({ chainId: anvilChainId }),
    transport: http(chain.rpcUrl),
    pollingInterval: 20,
  }).extend(publicActions)
  const { verifyTypedData } = wallet
  const signer = toFacilitatorEvmSigner(
    Object.assign(wallet, {
      address: sender.address,
      // x402 and viem type the same argument differently.
      verifyTypedData: (data: SignedTypedData) =>
        verifyTypedData(data as unknown as Parameters<typeof verifyTypedData>[0]),
    }),
  )
  const facilitator = new FacilitatorScheme(signer, receiver)
  const storage = new InMemoryClientChannelStorage()
  const client = new ClientScheme(payer, {
    storage,
    voucherSigner: session,
    depositPolicy: { depositMultiplier: 10 },
  })
  await using ledger = createLedger({ rpcUrl: chain.rpcUrl, account: sender })
  const pay = async () => ({
    ...(await client.createPaymentPayload(2, requirements)),
    accepted: requirements,
  })
  const settle = (payload: Record<string, unknown>) =>
    facilitator.settle({ x402Version: 2, accepted: requirements, payload }, requirements)

  const first = await pay()
  assert(isBatchSettlementDepositPayload(first.payload))
  const { channelConfig, voucher } = first.payload
  const { channelId } = voucher
  const payerBefore = await ledger.credit.balanceOf(payer.address)
  assert.equal(ledger.channels.channelIdOf(channelConfig), channelId)
  assert.equal((await facilitator.verify(first, requirements)).isValid, true)
  const deposited = await facilitator.settle(first, requirements)
  assert.equal(deposited.success, true, JSON.stringify(deposited))
  assert.equal((await ledger.channels.state(channelId)).balance, 10_000n)

  await updateChannelFromSettle(storage, {
    server: { chargedAmount: '1000', chargedCumulativeAmount: '1000' },
    local: { channelId, requestAmount: '1000', depositAmount: '10000' },
  })
  const second = await pay()
  const paid = second.payload
  assert(isBatchSettlementVoucherPayload(paid))
  assert.equal(paid.voucher.maxClaimableAmount, '2000')
  assert.equal((await facilitator.verify(second, requirements)).isValid, true)

  const claims = [
    {
      voucher: { channel: channelConfig, maxClaimableAmount: '2000' },
      signature: paid.voucher.signature,
      totalClaimed: '1700',
    },
  ]
  const claimed = await settle({ type: 'claim', claims })
  assert.equal(claimed.success, true, JSON.stringify(claimed))
  const settled = await settle({
    type: 'settle',
    receiver: receiver.address,
    token: requirements.asset,
  })
  assert.equal(settled.amount, '1700')

  const last = { ...claims[0], totalClaimed: '2000' }
  const refund = { type: 'refund', channelConfig, voucher: paid.voucher, amount: '9999' }
  const refunded = await settle({ ...refund, refundNonce: '0', claims: [last] })
  assert.equal(refunded.amount, '8000', JSON.stringify(refunded))
  assert.equal(await ledger.credit.balanceOf(payer.address), payerBefore - 2000n)
  const { balance, totalClaimed, refundNonce } = await ledger.channels.state(channelId)
  assert.deepEqual([balance, totalClaimed, refundNonce], [2000n, 2000n, 1n])

  const replayed = await settle({ ...refund, refundNonce: '0', claims: [] })
  assert.equal(replayed.success, false)
})
