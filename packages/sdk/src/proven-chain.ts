import { CodedError, type Hex } from '@quoin/kernel'
import {
  createLightClient,
  createVerifiedChain,
  httpProvider,
  type TrustRoot,
  type VerifiedChain,
} from '@quoin/light'
import { receiptsAddress, registryAddress } from './networks.ts'
import type { ReceiptChain } from './receipt-chain.ts'
import {
  anchorSlots,
  joinText,
  providerSlots,
  readString,
  receiptSignerSlot,
  serviceSlots,
  toAddress,
  toWord,
} from './storage-layout.ts'

/**
 * What a receipt's checks read, each slot proven under one certified block, the newest there is.
 * @throws CodedErrors of the light client: `SERVER_LIED` and the like
 */
export async function provenChain(
  chain: VerifiedChain,
  { isFirstUse }: { isFirstUse: boolean },
): Promise<ReceiptChain> {
  const { client } = chain
  const { height, id, timeMs } = await chain.point('newest')
  const read = async (address: Hex, slots: bigint[]) =>
    (await chain.account(address, { at: height, slots })).slots.map(({ value }) => value)
  const readText = async (slot: bigint, value: bigint) => {
    const found = readString(slot, value)
    if ('text' in found) return found.text
    return joinText(await read(registryAddress, found.slots), found.length)
  }
  return {
    chainId: Number(client.chainId),
    receipts: receiptsAddress,
    trust: { kind: 'proof', root: client.root, isFirstUse, height, id, timeMs },
    async isReceiptSigner(provider, signer) {
      if (provider.toLowerCase() === signer.toLowerCase()) return true
      const [flag = 0n] = await read(registryAddress, [receiptSignerSlot(provider, signer)])
      return flag === 1n
    },
    async provider(address) {
      const slots = providerSlots(address)
      const [exists = 0n, endpoint = 0n] = await read(registryAddress, [
        slots.exists,
        slots.endpoint,
      ])
      return exists === 0n ? null : { endpoint: await readText(slots.endpoint, endpoint) }
    },
    async service(id) {
      const slots = serviceSlots(id)
      const wanted = [slots.provider, slots.artifact, slots.name]
      const [provider = 0n, artifact = 0n, name = 0n] = await read(registryAddress, wanted)
      if (toAddress(provider) === toAddress(0n)) return null
      return {
        provider: toAddress(provider),
        artifact: toWord(artifact),
        name: await readText(slots.name, name),
      }
    },
    async anchor(provider, epoch) {
      const slots = anchorSlots(provider, epoch)
      const [root = 0n, numbers = 0n] = await read(receiptsAddress, [slots.root, slots.numbers])
      return root === 0n ? null : { root: toWord(root), blockNumber: (numbers >> 128n) & mask64 }
    },
  }
}

const mask64 = (1n << 64n) - 1n

/** A light client over one URL, from a root that is known, or from the genesis that the server itself names. */
export async function openProvenChain(options: {
  rpcUrl: string
  root?: TrustRoot
  chainId?: number
}): Promise<ReceiptChain> {
  const { rpcUrl, chainId } = options
  const provider = httpProvider(rpcUrl)
  const root = options.root ?? { genesisId: await claimedGenesis(rpcUrl) }
  const client = await createLightClient({
    providers: [provider],
    root,
    ...(chainId !== undefined && { chainId: BigInt(chainId) }),
    // Who believes the server's genesis need not fear that somebody once had the keys of its validators.
    ...(options.root === undefined && { trustingPeriodMs: Number.POSITIVE_INFINITY }),
  })
  return provenChain(createVerifiedChain({ client }), { isFirstUse: options.root === undefined })
}

/** The genesis id that a server claims: to be trusted on first use, or compared with one that is known. */
export async function claimedGenesis(rpcUrl: string): Promise<Hex> {
  const { signal } = new AbortController()
  const status = await httpProvider(rpcUrl)
    .request('quoin_status', [], { signal })
    .catch((error: unknown) => {
      if (error instanceof CodedError && error.detail.reason === 'METHOD_UNKNOWN') return null
      throw error
    })
  if (typeof status === 'object' && status !== null && 'genesisId' in status) {
    const { genesisId } = status
    if (isHash(genesisId)) return genesisId
  }
  throw new CodedError(
    'NOT_VERIFIABLE',
    `${rpcUrl} follows a chain without certificates, such as one of proof of work: nothing of it can be proven`,
  )
}

function isHash(value: unknown): value is Hex {
  return typeof value === 'string' && /^0x[0-9a-f]{64}$/.test(value)
}
