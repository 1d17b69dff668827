import { lineageAbi } from '@quoin/contracts'
import type { Hex } from '@quoin/kernel'
import type { TypedDataSigner } from '../authorizations.ts'
import type { LedgerContext } from '../context.ts'
import { type JobOutput, type JobResult, toChainOutputs, zeroHash } from './registry-types.ts'

/** How an artifact was made, as the chain checked it when it was published. */
export interface Derivation {
  /** Hash of the job's declaration. */
  declaration: Hex
  /** The provider that ran it, and signed so. */
  runner: Hex
  /** The longest way to an artifact without parents. */
  depth: number
  /** All ancestors' shares of what it earns, in basis points. */
  totalBasisPoints: number
}

const jobResultFields = [
  { name: 'declaration', type: 'bytes32' },
  { name: 'publisher', type: 'address' },
  { name: 'runner', type: 'address' },
  { name: 'inputs', type: 'bytes32[]' },
  { name: 'outputs', type: 'Output[]' },
] as const

const outputFields = [
  { name: 'id', type: 'bytes32' },
  { name: 'kind', type: 'uint8' },
] as const

export type Lineage = ReturnType<typeof createLineage>

/** What artifacts are made of, and what their income owes for it. */
export function createLineage(context: LedgerContext) {
  const { client, addresses, chainId } = context
  const contract = { address: addresses.lineage, abi: lineageAbi } as const

  return {
    /**
     * Signs, as a receipt signer of the provider that ran a job, that it made `outputs` of `inputs`. Only
     * `publisher` can publish them with it.
     */
    async signJobResult(
      signer: TypedDataSigner,
      job: {
        declaration: Hex
        publisher: Hex
        runner: Hex
        inputs: readonly Hex[]
        outputs: readonly JobOutput[]
      },
    ): Promise<JobResult> {
      const { declaration, publisher, runner, inputs, outputs } = job
      const signature = await signer.signTypedData({
        domain: {
          name: 'Quoin Lineage',
          version: '1',
          chainId,
          verifyingContract: addresses.lineage,
        },
        types: { JobResult: jobResultFields, Output: outputFields },
        primaryType: 'JobResult',
        message: { declaration, publisher, runner, inputs, outputs: toChainOutputs(outputs) },
      })
      return { declaration, runner, outputs, signature }
    },

    /** Null where the artifact was published without parents, or not at all. */
    async derivation(artifact: Hex): Promise<Derivation | null> {
      const { declaration, runner, depth, total } = await context.read('read a derivation', () =>
        client.readContract({ ...contract, functionName: 'derivationOf', args: [artifact] }),
      )
      if (runner === noAccount) return null
      return { declaration, runner, depth, totalBasisPoints: total }
    },

    /** What of an artifact's income goes to which ancestors' owners. */
    async shares(artifact: Hex): Promise<{ ancestor: Hex; basisPoints: number }[]> {
      const ancestors = await context.read('read a lineage’s payees', () =>
        client.readContract({ ...contract, functionName: 'payeesOf', args: [artifact] }),
      )
      return Promise.all(
        ancestors.map(async (ancestor) => ({
          ancestor,
          basisPoints: await context.read('read a lineage’s share', () =>
            client.readContract({
              ...contract,
              functionName: 'shareOf',
              args: [artifact, ancestor],
            }),
          ),
        })),
      )
    },

    /** The artifacts whose income an artifact has a share of. */
    async descendants(artifact: Hex): Promise<{ artifact: Hex; basisPoints: number }[]> {
      const logs = await context.read('read an artifact’s descendants', () =>
        client.getContractEvents({
          ...contract,
          eventName: 'ShareFixed',
          args: { ancestor: artifact },
          fromBlock: 0n,
          strict: true,
        }),
      )
      return logs.map(({ args: { id, share } }) => ({ artifact: id, basisPoints: share }))
    },
  }
}

const noAccount = zeroHash.slice(0, 42)
