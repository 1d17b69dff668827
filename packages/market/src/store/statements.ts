/** The statements of the hot path, prepared once in the writer. Parameters in the order of the columns. */
export const statements = {
  saveChannel: `insert into channels
      (channel_id, payer, config, charged, ceiling, signature, sequence, updated_at)
    values (?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (channel_id) do update set charged = excluded.charged, ceiling = excluded.ceiling,
      signature = excluded.signature, sequence = excluded.sequence, updated_at = excluded.updated_at`,
  setClaimed: 'update channels set claimed = ? where channel_id = ?',
  useVoucher: 'insert into vouchers (channel_id, max_claimable) values (?, ?)',
  addReceipt:
    'insert into receipts (id, channel_id, payer, sequence, time, json) values (?, ?, ?, ?, ?, ?)',
  addAnswer: `insert into answers
      (payer, idempotency_key, request_hash, status, headers, body, created_at)
    values (?, ?, ?, ?, ?, ?, ?)`,
  dropAnswersBefore: 'delete from answers where created_at < ?',
  /** The oldest go, until the bodies of the rest have so many bytes at most. */
  dropAnswersBeyond: `delete from answers where rowid in (select rowid from (
      select rowid, sum(length(body)) over (order by created_at desc, rowid desc) as bytes
      from answers) where bytes > ?)`,
  addAuthorization: `insert into authorizations
      (payer, nonce, payload, value, state, transaction_hash, created_at)
    values (?, ?, ?, ?, ?, ?, ?)`,
  setAuthorization:
    'update authorizations set state = ?, transaction_hash = ? where payer = ? and nonce = ?',
  startAnchor: `insert into anchors (epoch, root, count, first_number, last_number)
    values (?, ?, ?, ?, ?)`,
  finishAnchor: 'update anchors set transaction_hash = ?, block_number = ? where epoch = ?',
} as const

export type StatementName = keyof typeof statements
type Parameter = string | number | null | Uint8Array
export type Write = readonly [StatementName, ...Parameter[]]

export interface WriterRequest {
  units: WriteUnit[]
}
/** What must become durable together. When a unit fails, later ones of the same lane fail with it. */
export interface WriteUnit {
  lane: string
  writes: Write[]
}
export interface WriterReply {
  /** For each unit: null when durable, else why not. */
  failures: (string | null)[]
}
