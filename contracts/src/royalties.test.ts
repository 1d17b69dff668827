import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bytesToHex } from '@quoin/kernel'
import fc from 'fast-check'
import { keccak256, stringToBytes, zeroAddress } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import {
  creditAbi,
  deriveShares,
  entitledAtomic,
  genesisAlloc,
  type Hex,
  licencesAbi,
  lineageAbi,
  lineageShares,
  payeeWord,
  predeployAddresses,
  registryAbi,
  type ShareTable,
  splitterAbi,
} from './index.ts'
import { type ContractChain, chainId, keyOf, openContractChain } from './testing/contract-chain.ts'

const { credit, licences, lineage, registry, splitter } = {
  credit: { address: predeployAddresses.credit, abi: creditAbi },
  licences: { address: predeployAddresses.licences, abi: licencesAbi },
  lineage: { address: predeployAddresses.lineage, abi: lineageAbi },
  registry: { address: predeployAddresses.registry, abi: registryAbi },
  splitter: { address: predeployAddresses.splitter, abi: splitterAbi },
}
const accountOf = (key: number) => privateKeyToAccount(bytesToHex(keyOf(key)))
const addressOf = (key: number) => accountOf(key).address
/** Keys: data owners, who publishes derivations, who runs jobs, who serves. */
const [publisher, runner, provider, bank] = [4, 5, 6, 7]
const none: Hex = `0x${'00'.repeat(32)}`

/** An artifact of a lineage: its owner if it has no parents, else which earlier ones it is made of. */
const artifacts = fc.array(
  fc.record({
    owner: fc.constantFrom(1, 2, 3),
    royalty: fc.integer({ min: 0, max: 4500 }),
    parents: fc.uniqueArray(fc.nat(7), { maxLength: 3 }),
  }),
  { minLength: 2, maxLength: 7 },
)

interface Known {
  id: Hex
  owner: number
  royalty: number
  shares: ShareTable
}

describe('royalties', () => {
  it('shared in TypeScript are those that the contracts fix and pay, for any lineage', async () => {
    await using chain = await openRoyaltyChain()
    let run = 0
    await fc.assert(
      fc.asyncProperty(
        artifacts,
        fc.array(fc.bigInt({ min: 1n, max: 10n ** 9n }), { minLength: 1, maxLength: 3 }),
        async (wanted, payments) => {
          run += 1
          const known = await publishAll(chain, wanted, `run-${run}`)
          const last = known.at(-1)
          if (last) await checkIncome(chain, last, payments)
        },
      ),
      { numRuns: 12 },
    )
  })

  it('never exceed the whole, and no payment makes anybody poorer', () => {
    const table = fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.nat(5000)), {
      maxLength: 4,
      selector: ([name]) => name,
    })
    const parents = fc.array(fc.tuple(table, fc.nat(5000), fc.constantFrom('x', 'y', 'z')))
    const amounts = fc.array(fc.bigInt({ min: 1n, max: 10n ** 12n }), { maxLength: 6 })
    fc.assert(
      fc.property(parents, amounts, (list, paid) => {
        let shares: ShareTable
        try {
          shares = deriveShares(
            list.map(([rows, royaltyBasisPoints, name]) => ({
              artifact: wordOf(name),
              royaltyBasisPoints,
              shares: new Map(rows.map(([payee, share]) => [wordOf(payee), share])),
            })),
          )
        } catch (error) {
          assert(error instanceof RangeError)
          return
        }
        const table = lineageShares({ artifact: wordOf('last'), shares })
        assert.equal(
          [...table.values()].reduce((sum, share) => sum + share, 0),
          10_000,
        )
        let received = 0n
        let before = new Map<Hex, bigint>()
        for (const amount of paid) {
          received += amount
          const now = new Map(
            [...table].map(([payee, share]) => [payee, entitledAtomic(received, share)]),
          )
          for (const [payee, had] of before) assert((now.get(payee) ?? 0n) >= had)
          const sum = [...now.values()].reduce((total, part) => total + part, 0n)
          assert(sum <= received && received - sum < BigInt(table.size))
          before = now
        }
      }),
    )
  })
})

function wordOf(name: string): Hex {
  return keccak256(stringToBytes(name))
}

async function openRoyaltyChain(): Promise<ContractChain> {
  const credits = [{ address: addressOf(bank), amount: 10n ** 18n }]
  const chain = await openContractChain(genesisAlloc({ creditOwner: addressOf(bank), credits }))
  for (const key of [runner, provider])
    await chain.write(key, registry, 'registerProvider', ['http://there', addressOf(key)])
  await chain.write(bank, credit, 'approve', [splitter.address, 10n ** 18n])
  return chain
}

/** Publishes what the chain and TypeScript agree can be published; what one refuses the other must refuse. */
async function publishAll(
  chain: ContractChain,
  wanted: { owner: number; royalty: number; parents: number[] }[],
  name: string,
): Promise<Known[]> {
  const known: Known[] = []
  for (const [index, { owner, royalty, parents }] of wanted.entries()) {
    const cid = `${name}-${index}`
    const chosen = [
      ...new Map(
        parents
          .map((at) => known.at(at % Math.max(1, known.length)))
          .flatMap((one) => (one ? [[one.id, one] as const] : [])),
      ).values(),
    ]
    if (chosen.length === 0) {
      await chain.write(owner, registry, 'publishArtifact', [cid, 1, ''])
      known.push({ id: wordOf(cid), owner, royalty, shares: new Map() })
    } else {
      const derived = await derive(chain, cid, chosen)
      if (derived) known.push({ ...derived, owner: publisher, royalty })
    }
  }
  return known
}

async function derive(chain: ContractChain, cid: string, parents: Known[]) {
  const id = wordOf(cid)
  for (const parent of parents) if (parent.owner !== publisher) await buyRight(chain, parent)
  const inputs = parents.map((parent) => parent.id)
  const args = [cid, 2, '', inputs, await signJob(inputs, id)] as const
  let expected: ShareTable
  try {
    expected = deriveShares(
      parents.map(({ id: artifact, owner, royalty, shares }) => ({
        artifact,
        royaltyBasisPoints: owner === publisher ? 0 : royalty,
        shares,
      })),
    )
  } catch {
    await assert.rejects(chain.write(publisher, registry, 'publishDerived', args))
    return null
  }
  await chain.write(publisher, registry, 'publishDerived', args)
  assert.deepEqual(await readShares(chain, id), sorted(expected))
  return { id, shares: expected }
}

/** A right to all, unless the account has one: then it is of an earlier derivation from the same. */
async function buyRight(chain: ContractChain, { id: artifact, owner, royalty }: Known) {
  const holder = addressOf(publisher)
  if (await chain.read(licences, 'hasRight', [holder, artifact, 15])) return
  const terms = {
    purposes: 15,
    perUse: false,
    transferable: false,
    revocable: false,
    listed: false,
    royalty,
    duration: 0,
    keyWithin: 0,
    token: credit.address,
    price: 0n,
    text: none,
  }
  await chain.write(owner, licences, 'openOffer', [artifact, terms])
  const id = await chain.read(licences, 'offerId', [artifact, 1n])
  await chain.write(publisher, licences, 'buy', [{ id, holder, quantity: 1, publicKey: none }])
}

async function signJob(inputs: Hex[], output: Hex) {
  const declaration = wordOf('declaration')
  const outputs = [{ id: output, kind: 2 }]
  const signature = await accountOf(runner).signTypedData({
    domain: { name: 'Quoin Lineage', version: '1', chainId, verifyingContract: lineage.address },
    types: {
      JobResult: [
        { name: 'declaration', type: 'bytes32' },
        { name: 'publisher', type: 'address' },
        { name: 'runner', type: 'address' },
        { name: 'inputs', type: 'bytes32[]' },
        { name: 'outputs', type: 'Output[]' },
      ],
      Output: [
        { name: 'id', type: 'bytes32' },
        { name: 'kind', type: 'uint8' },
      ],
    },
    primaryType: 'JobResult',
    message: {
      declaration,
      publisher: addressOf(publisher),
      runner: addressOf(runner),
      inputs,
      outputs,
    },
  })
  return { declaration, runner: addressOf(runner), outputs, signature }
}

/** Pays the artifact's sales and its service, and compares what each payee is owed after each payment. */
async function checkIncome(chain: ContractChain, artifact: Known, payments: bigint[]) {
  const { id, shares } = artifact
  const royaltyBasisPoints = Math.min(artifact.royalty, 10_000 - sumOf(shares))
  const address = addressOf(provider)
  const splits = [
    { royalty: 0, rest: zeroAddress, table: lineageShares({ artifact: id, shares }) },
    {
      royalty: royaltyBasisPoints,
      rest: address,
      table: lineageShares({ artifact: id, shares, royaltyBasisPoints, provider: address }),
    },
  ]
  for (const { royalty, rest, table } of splits) {
    await chain.write(bank, splitter, 'createLineageSplit', [id, royalty, rest])
    const splitId = await chain.read(splitter, 'getLineageSplitId', [id, royalty, rest])
    const [payees, parts] = await chain.read(splitter, 'payeesOf', [splitId])
    const paid = new Map(payees.map((payee, index) => [payee, Number(parts[index])]))
    assert.deepEqual(sorted(paid), sorted(table))
    let received = 0n
    for (const amount of payments) {
      await chain.write(bank, splitter, 'pay', [splitId, credit.address, amount])
      received += amount
      for (const [payee, share] of table) {
        const owed = await chain.read(splitter, 'owed', [splitId, credit.address, payee])
        assert.equal(owed, entitledAtomic(received, share))
      }
    }
  }
  assert.equal(payeeWord(address), await chain.read(splitter, 'payeeOf', [address]))
}

async function readShares(chain: ContractChain, id: Hex): Promise<[Hex, number][]> {
  const ancestors = await chain.read(lineage, 'payeesOf', [id])
  const shares = new Map<Hex, number>()
  for (const one of ancestors) shares.set(one, await chain.read(lineage, 'shareOf', [id, one]))
  assert.equal(await chain.read(lineage, 'totalOf', [id]), sumOf(shares))
  return sorted(shares)
}

function sorted(table: ShareTable): [Hex, number][] {
  return [...table].sort(([a], [b]) => (a < b ? -1 : 1))
}

function sumOf(table: ShareTable): number {
  return [...table.values()].reduce((total, share) => total + share, 0)
}
