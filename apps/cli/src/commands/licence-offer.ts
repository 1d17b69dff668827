import { readFile } from 'node:fs/promises'
import type { Hex } from '@quoin/kernel'
import { type Purpose, purposes } from '@quoin/ledger'
import { isAddress, keccak256 } from 'viem'
import { openArtifactNode } from '../client/artifact-node.ts'
import { toHex32 } from '../client/consumer.ts'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { patiently } from '../output/patience.ts'
import { shortHex } from '../output/text.ts'

export interface OfferFlags {
  cid: string
  purpose: readonly string[]
  price: bigint
  royalty: number
  duration?: number
  perUse: boolean
  transferable: boolean
  revocable: boolean
  buyer?: readonly string[]
  keyWithin: number
  text?: string
}

export async function offerLicence(context: Context, flags: OfferFlags): Promise<void> {
  const buyers = (flags.buyer ?? []).map(requireAddress)
  const node = await openArtifactNode(context)
  const { terminal } = context
  const textHash = flags.text === undefined ? null : keccak256(await readText(flags.text))
  terminal.progress('Opening the offer …')
  const acted = await patiently(
    terminal,
    node.act({
      action: 'offer',
      cid: flags.cid,
      purposes: purposes.filter((one: Purpose) => flags.purpose.includes(one)),
      priceAtomic: `${flags.price}`,
      royaltyBasisPoints: flags.royalty,
      durationSeconds: flags.duration ?? null,
      isPerUse: flags.perUse,
      isTransferable: flags.transferable,
      isRevocable: flags.revocable,
      keyWithinSeconds: flags.keyWithin,
      buyers,
      ...(textHash && { textHash }),
    }),
  )
  terminal.progress(null)
  terminal.document(acted)
  terminal.line(`${acted.offerId}  (transaction ${shortHex(acted.transaction)})`)
  terminal.line(`Whoever wants it: quoin licence buy ${acted.offerId}`)
}

export async function closeOffer(context: Context, offer: string): Promise<void> {
  await act(context, { action: 'close', offerId: requireOffer(offer) }, 'Closed')
}

export async function revokeRight(
  context: Context,
  { offer, holder }: { offer: string; holder: string },
): Promise<void> {
  const order = { offerId: requireOffer(offer), holder: requireAddress(holder) }
  await act(context, { action: 'revoke', ...order }, 'Revoked; no node of yours gives it keys now')
}

export async function nameCustodian(
  context: Context,
  { cid, account, remove }: { cid: string; account: string; remove: boolean },
): Promise<void> {
  const custodian = requireAddress(account)
  const done = remove
    ? 'It is a custodian no longer; the key that it has stays with it'
    : `Named. On its machine: quoin data keep ${cid}`
  await act(context, { action: 'custodian', cid, custodian, isNamed: !remove }, done)
}

type Action = Parameters<Awaited<ReturnType<typeof openArtifactNode>>['act']>[0]

async function act(context: Context, action: Action, done: string): Promise<void> {
  const node = await openArtifactNode(context)
  const { terminal } = context
  terminal.progress('Waiting for the chain …')
  const acted = await patiently(terminal, node.act(action))
  terminal.progress(null)
  terminal.document(acted)
  terminal.line(`${done}  (transaction ${shortHex(acted.transaction)})`)
}

/** @throws CodedError `USAGE` */
export function requireOffer(text: string): Hex {
  const id = toHex32(text)
  if (id) return id
  throw cliError('USAGE', `${text} is no offer: its id is 0x and 64 hexadecimal digits`)
}

function requireAddress(text: string): Hex {
  if (isAddress(text, { strict: false })) return text
  throw cliError('USAGE', `${text} is no address: it takes 0x and 40 hexadecimal digits`)
}

async function readText(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw cliError('USAGE', `The text ${path} cannot be read`, { cause })
  }
}
