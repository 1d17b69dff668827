import {
  type BlobStore,
  type FetchProgress,
  fetchDag,
  openContentKey,
  type Pins,
  parseCid,
} from '@quoin/artifacts'
import { CodedError, type Hex, hexToBytes } from '@quoin/kernel'
import { artifactIdOf, type Ledger, type TypedDataSigner } from '@quoin/ledger'
import type { ArtifactDescription } from '../access/description.ts'
import { rightMissing } from '../access/how-to-get-a-right.ts'
import { licenceKeyOf } from '../access/licence-key.ts'
import { signRequest } from '../access/signed-request.ts'
import { exchangeError } from '../errors.ts'
import { createNodeApi, type NodeApi } from './node-api.ts'

/** Who fetches: signs requests, and opens what was sealed to its key. */
export interface Holder {
  signer: TypedDataSigner
  privateKey: Uint8Array
}

export interface FetchArtifactOptions {
  ledger: Ledger
  store: BlobStore
  pins: Pins
  holder: Holder
  /** Nodes to ask; without any those of the owner and its custodians, as the chain has them. */
  nodes?: readonly string[]
  signal?: AbortSignal
  onProgress?: (progress: FetchProgress) => void
  /** `ciphertext`: as it is, without the content key, which needs no right where it is encrypted. */
  wants?: 'content' | 'ciphertext'
}

export interface FetchedArtifact {
  description: ArtifactDescription
  /** Null where it is not encrypted. */
  contentKey: Uint8Array | null
}

interface Found {
  api: NodeApi
  description: ArtifactDescription
}

/**
 * Brings an artifact into a store, every block verified, and gets its content key. First come the questions
 * whether the account may, then the bytes. Run it again to go on after an interruption.
 * @throws CodedError `RIGHT_MISSING`, `ARTIFACT_UNKNOWN`, `NODE_UNREACHABLE`; ArtifactError `FETCH_FAILED`
 * naming a wrong block and who gave it
 */
export async function fetchArtifact(
  cid: string,
  options: FetchArtifactOptions,
): Promise<FetchedArtifact> {
  const { ledger, store, pins, holder, signal, onProgress, wants = 'content' } = options
  const found = await findNodes(cid, options)
  const [first] = found
  const { description } = first
  const wantsKey = description.isEncrypted && wants === 'content'
  const needsToken = !description.isEncrypted && description.access === 'licensed'
  if (wantsKey || needsToken) await requireRight(cid, options)
  const contentKey = wantsKey ? await getKey(cid, found, options) : null
  const sources = await Promise.all(
    found.map(async ({ api, description: { node } }) =>
      api.blocks(
        cid,
        needsToken ? await requestReading(api, { cid, node }, { ledger, holder }) : null,
      ),
    ),
  )
  await using _writing = await pins.startWriting()
  const root = parseCid(cid)
  await fetchDag(root, { store, sources, signal, ...(onProgress && { onProgress }) })
  await pins.pin(root, store, { note: description.name, signal })
  return { description, contentKey }
}

/** The endpoints of who answers for an artifact: its owner and the custodians, as the registry has them. */
export async function endpointsOf(ledger: Ledger, cid: string): Promise<string[]> {
  const id = artifactIdOf(cid)
  const artifact = await ledger.registry.artifact(id)
  if (!artifact)
    throw exchangeError(
      'ARTIFACT_UNKNOWN',
      `${cid} is not on the chain ${ledger.chainId}: check the CID and the chain, or name a node with --from`,
    )
  const accounts = [artifact.owner, ...(await ledger.licences.custodians(id))]
  const providers = await Promise.all(accounts.map((account) => ledger.registry.provider(account)))
  return [...new Set(providers.flatMap((provider) => provider?.endpoint ?? []))]
}

/** The nodes that have it. A node that is away is passed over. */
async function findNodes(
  cid: string,
  { ledger, nodes, signal }: FetchArtifactOptions,
): Promise<[Found, ...Found[]]> {
  const urls = nodes?.length ? nodes : await endpointsOf(ledger, cid)
  const words: string[] = []
  const asked = await Promise.all(
    urls.map(async (url) => {
      const api = createNodeApi(url, signal ? { signal } : {})
      try {
        return [{ api, description: await api.describe(cid) }]
      } catch (error) {
        signal?.throwIfAborted()
        if (!(error instanceof CodedError)) throw error
        words.push(`${url}: ${error.message}`)
        return []
      }
    }),
  )
  const [first, ...rest] = asked.flat()
  if (first) return [first, ...rest]
  throw exchangeError(
    'NODE_UNREACHABLE',
    urls.length === 0
      ? `The owner of ${cid} has no node in the registry: name one with --from`
      : `No node gives ${cid} now. ${words.join('; ')}`,
  )
}

async function requireRight(cid: string, { ledger, holder }: FetchArtifactOptions): Promise<void> {
  const account = addressOf(holder)
  const id = artifactIdOf(cid)
  if (await ledger.licences.hasRight(account, id, 'download')) return
  if (await ledger.licences.isCustodian(id, account)) return
  throw await rightMissing(ledger, cid, account)
}

/** As it was delivered on the chain, else from a node that has it. */
async function getKey(
  cid: string,
  found: readonly Found[],
  options: FetchArtifactOptions,
): Promise<Uint8Array> {
  const { ledger, holder } = options
  const { publicKey, privateKey } = licenceKeyOf(holder.privateKey)
  const commitment = found[0]?.description.commitment ?? undefined
  const expected = { root: parseCid(cid), privateKey, ...(commitment && { commitment }) }
  const delivered = await deliveredKeys(ledger, cid, addressOf(holder))
  const words: string[] = []
  for (const envelope of delivered)
    try {
      return await openContentKey(envelope, expected)
    } catch (error) {
      words.push(error instanceof Error ? error.message : 'an envelope on the chain does not open')
    }
  for await (const { api, description } of keyGivers(cid, found, options))
    try {
      const place = { chainId: ledger.chainId, node: description.node, cid }
      const request = await signRequest(holder.signer, { action: 'key', publicKey }, place)
      return await openContentKey(await api.requestKey(cid, request), expected)
    } catch (error) {
      if (!(error instanceof CodedError)) throw error
      words.push(`${api.url}: ${error.message}`)
    }
  throw exchangeError('KEY_UNAVAILABLE', `No content key for ${cid} came. ${words.join('; ')}`)
}

/** Those that give the blocks first; the owner and its custodians even where others were named for blocks. */
async function* keyGivers(
  cid: string,
  found: readonly Found[],
  { nodes: _, ...options }: FetchArtifactOptions,
): AsyncGenerator<Found> {
  yield* found
  try {
    for (const one of await findNodes(cid, options))
      if (!found.some(({ api }) => api.url === one.api.url)) yield one
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
  }
}

/** Envelopes that were posted for an account, the newest first; some may be for another artifact. */
async function deliveredKeys(ledger: Ledger, cid: string, account: Hex): Promise<unknown[]> {
  const rights = await ledger.licences.rights(account, artifactIdOf(cid))
  const found = await Promise.all(
    rights.map(({ offerId }) => ledger.licences.deliveries({ offerId, holder: account })),
  )
  return found
    .flat()
    .sort((a, b) => Number(b.blockNumber - a.blockNumber))
    .flatMap(({ envelope }) => {
      try {
        return [JSON.parse(new TextDecoder().decode(hexToBytes(envelope)))]
      } catch {
        return []
      }
    })
}

/**
 * A token to read the blocks of what is not open to all.
 * @throws CodedError `RIGHT_MISSING`, `NODE_ANSWER_WRONG` for a node that gives itself out as another
 */
export async function requestReading(
  api: NodeApi,
  { cid, node }: { cid: string; node: Hex },
  { ledger, holder }: Pick<FetchArtifactOptions, 'ledger' | 'holder'>,
): Promise<string> {
  const { publicKey } = licenceKeyOf(holder.privateKey)
  // Whoever passes the request on to the node that it names would get that node's token.
  const named = await ledger.registry.provider(node)
  if (named && named.endpoint.replace(/\/+$/, '') !== api.url)
    throw exchangeError(
      'NODE_ANSWER_WRONG',
      `${api.url} says that it is ${node}, which the registry has at ${named.endpoint}: fetch from there`,
    )
  const place = { chainId: ledger.chainId, node, cid }
  return api.requestAccess(
    cid,
    await signRequest(holder.signer, { action: 'blocks', publicKey }, place),
  )
}

function addressOf({ signer }: Holder): Hex {
  return `0x${signer.address.slice(2).toLowerCase()}`
}
