import {
  creditAbi,
  entitledAtomic,
  lineageAbi,
  payeeWord,
  registryAbi,
  splitterAbi,
} from '@quoin/contracts'
import type { Hex } from '@quoin/kernel'
import type { LedgerContext } from '../context.ts'
import { createPayouts } from './payouts.ts'
import { type LineageSplit, lineageSplitIdOf } from './splits.ts'

/** What one payee has from one split, in one token. Amounts are atomic units. */
export interface SplitEarnings {
  splitId: Hex
  /** Whose income it is; null for a split that is of no lineage. */
  lineage: LineageSplit | null
  payee: Hex
  basisPoints: number
  earnedAtomic: bigint
  withdrawnAtomic: bigint
  owedAtomic: bigint
  /** What lies in the split's till, all payees' together, until somebody collects it. */
  tillAtomic: bigint
  /** What came in, the oldest first, and what of it was the payee's. */
  payments: SplitPayment[]
}

export interface SplitPayment {
  /** A split's till, or who paid directly. */
  from: Hex
  amountAtomic: bigint
  earnedAtomic: bigint
  blockNumber: bigint
  transactionHash: Hex
}

export type Earnings = ReturnType<typeof createEarnings>

/** Who earned what from where: read from the events, so it shows no more than anyone can check. */
export function createEarnings(context: LedgerContext) {
  const { client, addresses } = context
  const splitter = { address: addresses.splitter, abi: splitterAbi } as const
  const all = { fromBlock: 0n, strict: true } as const

  /** The lineage splits whose artifact is one of these, or whose rest goes to the payee. */
  async function lineageSplits(filter: { artifact: Hex[] } | { rest: Hex }) {
    if ('artifact' in filter && filter.artifact.length === 0) return []
    const logs = await context.read('read the splits', () =>
      client.getContractEvents({
        ...splitter,
        ...all,
        eventName: 'LineageSplitCreated',
        args: filter,
      }),
    )
    return logs.map(({ args }) => ({
      artifact: args.artifact,
      royaltyBasisPoints: args.royalty,
      provider: BigInt(args.rest) === 0n ? null : args.rest,
    }))
  }

  async function descendants(artifact: Hex): Promise<Hex[]> {
    const address = addresses.lineage
    const logs = await context.read('read an artifact’s descendants', () =>
      client.getContractEvents({
        address,
        abi: lineageAbi,
        ...all,
        eventName: 'ShareFixed',
        args: { ancestor: artifact },
      }),
    )
    return logs.map(({ args }) => args.id)
  }

  async function splitsOf(payee: Hex): Promise<{ splitId: Hex; lineage: LineageSplit | null }[]> {
    const plain = await context.read('read the splits', () =>
      client.getContractEvents({
        ...splitter,
        ...all,
        eventName: 'PayeeAdded',
        args: { payee: payeeWord(payee) },
      }),
    )
    const isAccount = payee.length === 42
    const lineages = isAccount
      ? await lineageSplits({ rest: payee })
      : await lineageSplits({ artifact: [payee, ...(await descendants(payee))] })
    return [
      ...plain.map(({ args }) => ({ splitId: args.splitId, lineage: null })),
      ...lineages.map((lineage) => ({ splitId: lineageSplitIdOf(lineage), lineage })),
    ]
  }

  async function payments(splitId: Hex, token: Hex, basisPoints: number): Promise<SplitPayment[]> {
    const logs = await context.read('read what was paid', () =>
      client.getContractEvents({
        ...splitter,
        ...all,
        eventName: 'Paid',
        args: { splitId, token },
      }),
    )
    let received = 0n
    return logs.map(({ args: { from, amount }, blockNumber, transactionHash }) => {
      const before = entitledAtomic(received, basisPoints)
      received += amount
      const earnedAtomic = entitledAtomic(received, basisPoints) - before
      return { from, amountAtomic: amount, earnedAtomic, blockNumber, transactionHash }
    })
  }

  async function readSplit(
    { splitId, lineage }: { splitId: Hex; lineage: LineageSplit | null },
    payee: Hex,
    token: Hex,
  ): Promise<SplitEarnings> {
    const word = payeeWord(payee)
    const [share, owedAtomic, withdrawnAtomic] = await context.read('read a share', () =>
      Promise.all([
        client.readContract({ ...splitter, functionName: 'shareOf', args: [splitId, word] }),
        client.readContract({ ...splitter, functionName: 'owed', args: [splitId, token, word] }),
        client.readContract({
          ...splitter,
          functionName: 'withdrawn',
          args: [splitId, token, word],
        }),
      ]),
    )
    const till = await context.read('read a split’s till', () =>
      client.readContract({ ...splitter, functionName: 'tillOf', args: [splitId] }),
    )
    const tillAtomic = await context.read('read a till’s balance', () =>
      client.readContract({
        address: token,
        abi: creditAbi,
        functionName: 'balanceOf',
        args: [till],
      }),
    )
    const basisPoints = Number(share)
    return {
      splitId,
      lineage,
      payee,
      basisPoints,
      earnedAtomic: owedAtomic + withdrawnAtomic,
      withdrawnAtomic,
      owedAtomic,
      tillAtomic,
      payments: await payments(splitId, token, basisPoints),
    }
  }

  return {
    ...createPayouts(context),

    /** What an account or an artifact has from each split that it has a share of, in one token. */
    async ofPayee(payee: Hex, token: Hex): Promise<SplitEarnings[]> {
      const splits = await splitsOf(payee)
      const found = await Promise.all(splits.map((split) => readSplit(split, payee, token)))
      return found.filter(({ basisPoints }) => basisPoints > 0)
    },

    /** An account's own payees: its address, and the artifacts that it owns now. */
    async payees(account: Hex): Promise<Hex[]> {
      const registry = { address: addresses.registry, abi: registryAbi } as const
      const [published, received] = await context.read('read an account’s artifacts', () =>
        Promise.all([
          client.getContractEvents({
            ...registry,
            ...all,
            eventName: 'ArtifactPublished',
            args: { owner: account },
          }),
          client.getContractEvents({
            ...registry,
            ...all,
            eventName: 'ArtifactTransferred',
            args: { to: account },
          }),
        ]),
      )
      const ids = [...new Set([...published, ...received].map(({ args }) => args.id))]
      const owners = await context.read('read the owners of artifacts', () =>
        Promise.all(
          ids.map((id) =>
            client.readContract({ ...registry, functionName: 'ownerOf', args: [id] }),
          ),
        ),
      )
      return [account, ...ids.filter((_, index) => isSame(owners[index], account))]
    },
  }
}

function isSame(a: Hex | undefined, b: Hex): boolean {
  return a?.toLowerCase() === b.toLowerCase()
}
