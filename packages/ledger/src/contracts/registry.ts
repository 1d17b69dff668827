import { registryAbi } from '@quoin/contracts'
import type { Hex } from '@quoin/kernel'
import { encodeFunctionData, zeroAddress } from 'viem'
import type { LedgerContext, Mined } from '../context.ts'
import { ledgerError } from '../errors.ts'
import type { SendOptions } from '../sender/interface.ts'
import {
  type Artifact,
  type ArtifactKind,
  artifactIdOf,
  artifactKinds,
  type JobResult,
  type Provider,
  type Service,
  type ServicePrice,
  serviceIdOf,
  toChainOutputs,
  type Verification,
  verifications,
  zeroHash,
} from './registry-types.ts'

export interface ArtifactOrder {
  cid: string
  kind: ArtifactKind
  terms?: string
}

/** Something that a job made of other artifacts. */
export interface DerivedOrder extends ArtifactOrder {
  /** The job's inputs, in its order. */
  parents: readonly Hex[]
  job: JobResult
}

export interface ServiceOrder {
  name: string
  artifact: Hex
  runtimeId?: Hex
  verification: Verification
  price: ServicePrice
  split?: Hex
}

export type Registry = ReturnType<typeof createRegistry>

/** Artifacts, services and providers. Each entry is written from its owner's account. */
export function createRegistry(context: LedgerContext) {
  const { client, addresses } = context
  const contract = { address: addresses.registry, abi: registryAbi } as const

  const write = (doing: string, data: Hex, options?: SendOptions) =>
    context.write({ to: addresses.registry, data, doing }, options)

  async function readService(id: Hex): Promise<Service | null> {
    const entry = await context.read('read a service', () =>
      client.readContract({ ...contract, functionName: 'service', args: [id] }),
    )
    if (entry.provider === zeroAddress) return null
    const { verification, ...rest } = entry
    return { id, ...rest, verification: verifications[verification] ?? 'signed' }
  }

  return {
    /** Registers this ledger's account as a provider, or changes its entry. */
    async registerProvider(
      { endpoint, receiptSigner }: { endpoint: string; receiptSigner: Hex },
      options?: SendOptions,
    ): Promise<Mined> {
      const args = [endpoint, receiptSigner] as const
      const data = encodeFunctionData({ abi: registryAbi, functionName: 'registerProvider', args })
      return write('register a provider', data, options)
    },

    /** Publishes what is made of nothing else on this chain. */
    async publishArtifact(
      { cid, kind, terms = '' }: ArtifactOrder,
      options?: SendOptions,
    ): Promise<Mined & { id: Hex }> {
      const args = [cid, artifactKinds.indexOf(kind), terms] as const
      const data = encodeFunctionData({ abi: registryAbi, functionName: 'publishArtifact', args })
      const mined = await write('publish an artifact', data, options)
      return { ...mined, id: artifactIdOf(cid) }
    },

    /** Publishes what a job made. The account needs the right to each parent, and the runner's signature. */
    async publishDerived(
      { cid, kind, terms = '', parents, job }: DerivedOrder,
      options?: SendOptions,
    ): Promise<Mined & { id: Hex }> {
      const signed = { ...job, outputs: toChainOutputs(job.outputs) }
      const args = [cid, artifactKinds.indexOf(kind), terms, parents, signed] as const
      const data = encodeFunctionData({ abi: registryAbi, functionName: 'publishDerived', args })
      const mined = await write('publish a derived artifact', data, options)
      return { ...mined, id: artifactIdOf(cid) }
    },

    /**
     * Asks the chain whether it would take a derived artifact, without sending anything.
     * @throws LedgerError `CALL_REVERTED` with the contract's reason
     */
    async rehearseDerived(
      { cid, kind, terms = '', parents, job }: DerivedOrder,
      publisher: Hex,
    ): Promise<void> {
      const signed = { ...job, outputs: toChainOutputs(job.outputs) }
      const args = [cid, artifactKinds.indexOf(kind), terms, parents, signed] as const
      await context.read('ask whether a derived artifact may be published', () =>
        client.simulateContract({
          ...contract,
          functionName: 'publishDerived',
          args,
          account: publisher,
        }),
      )
    },

    /** The account must be a registered provider, the artifact published. */
    async registerService(
      order: ServiceOrder,
      options?: SendOptions,
    ): Promise<Mined & { id: Hex }> {
      const { name, artifact, runtimeId = zeroHash, price, split = zeroHash } = order
      if (context.account === null)
        throw ledgerError('READ_ONLY', 'Give the ledger an account to register a service')
      const verification = verifications.indexOf(order.verification)
      const args = [name, artifact, runtimeId, verification, price, split] as const
      const data = encodeFunctionData({ abi: registryAbi, functionName: 'registerService', args })
      const mined = await write('register a service', data, options)
      return { ...mined, id: serviceIdOf(context.account, artifact, name) }
    },

    async changeService(
      id: Hex,
      change: { active: boolean; price: ServicePrice; split?: Hex },
      options?: SendOptions,
    ): Promise<Mined> {
      const args = [id, change.active, change.price, change.split ?? zeroHash] as const
      const data = encodeFunctionData({ abi: registryAbi, functionName: 'changeService', args })
      return write('change a service', data, options)
    },

    /** Null where nobody published it. */
    async artifact(id: Hex): Promise<Artifact | null> {
      const entry = await context.read('read an artifact', () =>
        client.readContract({ ...contract, functionName: 'artifact', args: [id] }),
      )
      if (entry.owner === zeroAddress) return null
      const kind = artifactKinds[entry.kind] ?? 'other'
      return { id, ...entry, kind, publishedAt: Number(entry.publishedAt) }
    },

    service: readService,

    async provider(address: Hex): Promise<Provider | null> {
      const { exists, endpoint, receiptSigner } = await context.read('read a provider', () =>
        client.readContract({ ...contract, functionName: 'provider', args: [address] }),
      )
      return exists ? { address, endpoint, receiptSigner } : null
    },

    /** Whether a key may sign receipts for a provider. */
    async isReceiptSigner(provider: Hex, signer: Hex): Promise<boolean> {
      const args = [provider, signer] as const
      return context.read('read a receipt signer', () =>
        client.readContract({ ...contract, functionName: 'isReceiptSigner', args }),
      )
    },

    /** The services that were registered in a range of blocks, as they are now. */
    async services(
      filter: { provider?: Hex; fromBlock?: bigint; toBlock?: bigint } = {},
    ): Promise<Service[]> {
      const { provider, fromBlock = 0n, toBlock } = filter
      const logs = await context.read('read the services', () =>
        client.getContractEvents({
          ...contract,
          eventName: 'ServiceRegistered',
          args: provider ? { provider } : {},
          fromBlock,
          toBlock: toBlock ?? 'latest',
          strict: true,
        }),
      )
      const services = await Promise.all(logs.map(({ args }) => readService(args.id)))
      return services.filter((service) => service !== null)
    },
  }
}
