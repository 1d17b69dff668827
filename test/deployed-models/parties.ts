import { bytesToHex, type Hex, Scope } from '@quoin/kernel'
import { artifactIdOf, createLedger, type Ledger, type LicenceTerms } from '@quoin/ledger'
import { developmentAccount } from '@quoin/node'
import { keccak256, toHex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

const keyOf = (name: string): Hex => keccak256(toHex(`test key of ${name}`))

export interface Party extends AsyncDisposable {
  address: Hex
  account: ReturnType<typeof privateKeyToAccount>
  ledger: Ledger
}

/** Who has coins and Credits on a private chain. */
export async function createParties<N extends string>(
  { rpcUrl, chainId }: { rpcUrl: string; chainId: number },
  names: readonly N[],
): Promise<Record<N, Party> & AsyncDisposable> {
  const scope = new Scope()
  const account = privateKeyToAccount(developmentAccount.privateKey)
  const bank = scope.own(createLedger({ rpcUrl, chainId, account }))
  const parties: Record<string, Party> = {}
  for (const name of names) {
    const account = privateKeyToAccount(keyOf(name))
    const ledger = scope.own(createLedger({ rpcUrl, chainId, account }))
    const address: Hex = `0x${account.address.slice(2).toLowerCase()}`
    await bank.transferNative(address, 10n ** 18n)
    await bank.credit.transfer(address, 20_000_000n)
    parties[name] = { address, account, ledger, [Symbol.asyncDispose]: async () => {} }
  }
  return Object.assign(parties as Record<N, Party>, {
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  })
}

/** A licence without a price, for what earnings come to. */
function freeTerms(ledger: Ledger, royaltyBasisPoints: number): LicenceTerms {
  return {
    purposes: ['use', 'train', 'download', 'derive'],
    token: ledger.addresses.credit,
    priceAtomic: 0n,
    isPerUse: false,
    royaltyBasisPoints,
    durationSeconds: null,
    keyWithinSeconds: null,
    isTransferable: true,
    isRevocable: false,
    isListed: false,
    textHash: keccak256(toHex('For anything, for a share.')),
  }
}

/** Offers an artifact for a share of what is earned with it. */
export async function offer(owner: Party, artifact: Hex, royalty: number): Promise<Hex> {
  const terms = freeTerms(owner.ledger, royalty)
  return (await owner.ledger.licences.openOffer(artifact, terms)).offerId
}

/** The buyer takes a right and hands it on to the holder. */
export async function license(offerId: Hex, buyer: Party, holder: Hex): Promise<void> {
  const { licences } = buyer.ledger
  const publicKey = bytesToHex(new Uint8Array(32))
  await licences.buy({ offerId, holder: buyer.address, quantity: 1, publicKey })
  if (holder !== buyer.address) await licences.transfer(offerId, holder)
}

/** Publishes data, and a model that a runner says it was made into. */
export async function publishLineage(
  { owner, trainer, runner }: { owner: Party; trainer: Party; runner: Party },
  { data, model, declaration }: { data: string; model: string; declaration: Hex },
): Promise<{ dataId: Hex; modelId: Hex }> {
  const { id: dataId } = await owner.ledger.registry.publishArtifact({
    cid: data,
    kind: 'data-set',
    terms: 'for a share',
  })
  await license(await offer(owner, dataId, 2_000), trainer, trainer.address)
  await runner.ledger.registry.registerProvider({
    endpoint: 'http://runner.example',
    receiptSigner: runner.address,
  })
  const job = await runner.ledger.lineage.signJobResult(runner.account, {
    declaration,
    publisher: trainer.address,
    runner: runner.address,
    inputs: [dataId],
    outputs: [{ artifact: artifactIdOf(model), kind: 'model' }],
  })
  const order = { cid: model, kind: 'model', parents: [dataId], job } as const
  const { id: modelId } = await trainer.ledger.registry.publishDerived(order)
  return { dataId, modelId }
}
