import type { DatabaseSync } from 'node:sqlite'
import type { Hex } from '@quoin/kernel'
import { type Anchor, type SignedReceipt, SignedReceiptJson } from '@quoin/protocol'
import { type Kysely, type Selectable, sql } from 'kysely'
import { z } from 'zod'
import type {
  AnchorTable,
  AnswerTable,
  AuthorizationTable,
  ChannelTable,
  MarketDatabase,
} from './schema.ts'
import { createQueries } from './sqlite.ts'

export type ChannelRow = Selectable<ChannelTable>
export type AnswerRow = Pick<
  Selectable<AnswerTable>,
  'request_hash' | 'status' | 'headers' | 'body'
>
export type AuthorizationRow = Selectable<AuthorizationTable>
export type AnchorRow = Selectable<AnchorTable>

export interface ReceiptFilter {
  channelId?: string
  payer?: string
  limit: number
  /** A sequence when channelId is given, else a time in ms; exclusive. */
  before?: bigint
}

const found = z.object({ found: z.number() })
const Answer = z.object({
  request_hash: z.string(),
  status: z.number(),
  headers: z.string(),
  body: z.instanceof(Uint8Array),
})

/** Queries over the committed records. Point look-ups are prepared; the rest goes through Kysely. */
export class Reads {
  readonly #db: Kysely<MarketDatabase>
  readonly #voucher
  readonly #authorization
  readonly #answer

  constructor(reader: DatabaseSync) {
    this.#db = createQueries(reader)
    this.#voucher = reader.prepare(
      'select 1 as found from vouchers where channel_id = ? and max_claimable = ?',
    )
    this.#authorization = reader.prepare(
      'select 1 as found from authorizations where payer = ? and nonce = ?',
    )
    this.#answer = reader.prepare(
      'select request_hash, status, headers, body from answers where payer = ? and idempotency_key = ?',
    )
  }

  isVoucherUsed(channelId: string, max: string): boolean {
    return found.safeParse(this.#voucher.get(channelId, max)).success
  }

  isAuthorizationUsed(payer: string, nonce: string): boolean {
    return found.safeParse(this.#authorization.get(payer, nonce)).success
  }

  /** The transaction that collected an authorization; undefined until it is settled. */
  async settledAuthorization(payer: string, nonce: string): Promise<string | undefined> {
    const row = await this.#db
      .selectFrom('authorizations')
      .select('transaction_hash')
      .where('payer', '=', payer)
      .where('nonce', '=', nonce)
      .where('state', '=', 'settled')
      .executeTakeFirst()
    return row?.transaction_hash ?? undefined
  }

  answer(payer: string, key: string): AnswerRow | undefined {
    const row = this.#answer.get(payer, key)
    return row === undefined ? undefined : Answer.parse(row)
  }

  channel(channelId: string): Promise<ChannelRow | undefined> {
    return this.#db
      .selectFrom('channels')
      .selectAll()
      .where('channel_id', '=', channelId)
      .executeTakeFirst()
  }

  channels(filter: { payer?: string; limit: number }): Promise<ChannelRow[]> {
    let query = this.#db.selectFrom('channels').selectAll()
    if (filter.payer !== undefined) query = query.where('payer', '=', filter.payer)
    return query.orderBy('updated_at', 'desc').limit(filter.limit).execute()
  }

  /** Channels of which not all that was charged was claimed. */
  owingChannels(limit: number): Promise<ChannelRow[]> {
    return this.#db
      .selectFrom('channels')
      .selectAll()
      .whereRef('charged', '<>', 'claimed')
      .limit(limit)
      .execute()
  }

  /** Every receiver that a channel here pays to. */
  async receivers(): Promise<Hex[]> {
    const receiver = sql<Hex>`json_extract(config, '$.receiver')`.as('receiver')
    const rows = await this.#db.selectFrom('channels').select(receiver).distinct().execute()
    return rows.map((row) => row.receiver)
  }

  async receipt(id: string): Promise<{ signed: SignedReceipt; number: number } | null> {
    const row = await this.#db
      .selectFrom('receipts')
      .select(['json', 'number'])
      .where('id', '=', id)
      .executeTakeFirst()
    return row ? { signed: parseReceipt(row.json), number: row.number } : null
  }

  /** Newest first. */
  async receipts(filter: ReceiptFilter): Promise<SignedReceipt[]> {
    let query = this.#db.selectFrom('receipts').select('json')
    if (filter.channelId !== undefined) query = query.where('channel_id', '=', filter.channelId)
    if (filter.payer !== undefined) query = query.where('payer', '=', filter.payer)
    if (filter.before !== undefined)
      query = query.where(
        filter.channelId === undefined ? 'time' : 'sequence',
        '<',
        Number(filter.before),
      )
    const rows = await query.orderBy('number', 'desc').limit(filter.limit).execute()
    return rows.map(({ json }) => parseReceipt(json))
  }

  /** Ids in the order of their numbers, the order of the leaves before sorting. */
  receiptIds(range: { from: number; to?: number; limit: number }): Promise<ReceiptNumber[]> {
    let query = this.#db.selectFrom('receipts').select(['number', 'id'])
    query = query.where('number', '>=', range.from)
    if (range.to !== undefined) query = query.where('number', '<=', range.to)
    return query.orderBy('number').limit(range.limit).execute()
  }

  pendingAuthorizations(limit: number): Promise<AuthorizationRow[]> {
    return this.#db
      .selectFrom('authorizations')
      .selectAll()
      .where('state', '=', 'pending')
      .orderBy('created_at')
      .limit(limit)
      .execute()
  }

  /** The anchor whose range has this receipt; none while it is not anchored. */
  anchorOf(number: number): Promise<AnchorRow | undefined> {
    return this.#db
      .selectFrom('anchors')
      .selectAll()
      .where('last_number', '>=', number)
      .orderBy('epoch')
      .limit(1)
      .executeTakeFirst()
  }

  openAnchors(): Promise<AnchorRow[]> {
    return this.#db
      .selectFrom('anchors')
      .selectAll()
      .where('transaction_hash', 'is', null)
      .orderBy('epoch')
      .execute()
  }

  lastAnchor(): Promise<AnchorRow | undefined> {
    return this.#db
      .selectFrom('anchors')
      .selectAll()
      .orderBy('epoch', 'desc')
      .limit(1)
      .executeTakeFirst()
  }
}

export interface ReceiptNumber {
  number: number
  id: string
}

function parseReceipt(json: string): SignedReceipt {
  return SignedReceiptJson.parse(JSON.parse(json))
}

/** Null while the anchor's transaction is not known. */
export function rowToAnchor(row: AnchorRow, provider: Anchor['provider']): Anchor | null {
  if (row.transaction_hash === null || row.block_number === null) return null
  return {
    provider,
    epoch: BigInt(row.epoch),
    root: asHex(row.root),
    count: row.count,
    transactionHash: asHex(row.transaction_hash),
    blockNumber: BigInt(row.block_number),
  }
}

function asHex(text: string): `0x${string}` {
  return `0x${text.slice(2)}`
}
