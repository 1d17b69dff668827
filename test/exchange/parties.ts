import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Exchange, type Holder, licenceKeyOf, openExchange } from '@quoin/exchange'
import { type Hex, Scope } from '@quoin/kernel'
import { createLedger, type Ledger, type LicenceOffer } from '@quoin/ledger'
import { type AnvilChain, devAccount, startAnvil } from '@quoin/testing'
import { startGateway } from '../../packages/gateway/src/test-support/start-gateway.ts'

export interface Party extends Holder {
  account: Hex
  ledger: Ledger
}

export interface DataNode extends Party, AsyncDisposable {
  exchange: Exchange
  url: string
  dataDir: string
}

/** A chain, a folder, and as many parties with keys of their own as are asked for. */
export async function openPlace() {
  const scope = new Scope()
  const chain: AnvilChain = scope.own(await startAnvil())
  const folder = await mkdtemp(join(tmpdir(), 'quoin-exchange-'))
  scope.defer(() => rm(folder, { recursive: true, force: true }))

  function party(index: number): Party {
    const signer = devAccount(index)
    const privateKey = signer.getHdKey().privateKey
    assert.ok(privateKey)
    const ledger = scope.own(createLedger({ rpcUrl: chain.rpcUrl, account: signer }))
    const account: Hex = `0x${signer.address.slice(2).toLowerCase()}`
    return { signer, privateKey: new Uint8Array(privateKey), ledger, account }
  }

  /** A node with a gateway, in the registry of the chain. */
  async function node(index: number, { name = `node-${index}`, announce = '' } = {}) {
    const own = new Scope()
    const { privateKey: providerKey, ...rest } = party(index)
    const dataDir = join(folder, name)
    const { ledger } = rest
    const exchange = own.own(
      await openExchange({ dataDir, ledger, providerKey, pollMs: 50, custodianWaitMs: 300 }),
    )
    const { url } = own.own(await startGateway({ exchange }))
    const endpoint = announce || url
    await ledger.registry.registerProvider({ endpoint, receiptSigner: rest.account })
    const made: DataNode = {
      ...rest,
      ...{ privateKey: providerKey, exchange, url, dataDir },
      [Symbol.asyncDispose]: () => own[Symbol.asyncDispose](),
    }
    return made
  }

  return { chain, folder, party, node, [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose]() }
}

export async function offerDownload(
  { exchange, ledger }: DataNode,
  cid: string,
  more: Partial<Parameters<Exchange['act']>[0] & { action: 'offer' }> = {},
): Promise<LicenceOffer> {
  const { offerId } = await exchange.act({
    ...{ action: 'offer', cid, purposes: ['train', 'download'], priceAtomic: '5000000' },
    ...{ isPerUse: false, royaltyBasisPoints: 1000, durationSeconds: null },
    ...{ keyWithinSeconds: 600, isTransferable: false, isRevocable: false, buyers: [] },
    ...{ textHash: `0x${'0'.repeat(64)}`, ...more },
  })
  assert.ok(offerId)
  const offer = await ledger.licences.offer(offerId)
  assert.ok(offer)
  return offer
}

export async function buy({ ledger, signer, account, privateKey }: Party, offerId: Hex) {
  const { publicKey } = licenceKeyOf(privateKey)
  const order = { offerId, holder: account, quantity: 1, publicKey }
  await ledger.licences.buySigned(await ledger.licences.signOrder(signer, order))
}

export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const limit = performance.now() + 20_000
  while (!(await isSo())) {
    assert.ok(performance.now() < limit, `${what} did not happen within 20 s`)
    await delay(25)
  }
}
