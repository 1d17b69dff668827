import type { Kysely } from 'kysely'
import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration'

const first: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('channels')
      .addColumn('channel_id', 'text', (column) => column.primaryKey())
      .addColumn('payer', 'text', (column) => column.notNull())
      .addColumn('config', 'text', (column) => column.notNull())
      .addColumn('charged', 'text', (column) => column.notNull())
      .addColumn('claimed', 'text', (column) => column.notNull().defaultTo('0'))
      .addColumn('ceiling', 'text', (column) => column.notNull())
      .addColumn('signature', 'text', (column) => column.notNull())
      .addColumn('sequence', 'integer', (column) => column.notNull())
      .addColumn('updated_at', 'integer', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('channels_payer').on('channels').column('payer').execute()
    await db.schema
      .createTable('vouchers')
      .addColumn('channel_id', 'text', (column) => column.notNull())
      .addColumn('max_claimable', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('vouchers_once', ['channel_id', 'max_claimable'])
      .execute()
    await db.schema
      .createTable('receipts')
      .addColumn('number', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('id', 'text', (column) => column.notNull().unique())
      .addColumn('channel_id', 'text', (column) => column.notNull())
      .addColumn('payer', 'text', (column) => column.notNull())
      .addColumn('sequence', 'integer', (column) => column.notNull())
      .addColumn('time', 'integer', (column) => column.notNull())
      .addColumn('json', 'text', (column) => column.notNull())
      .addUniqueConstraint('receipts_sequence', ['channel_id', 'sequence'])
      .execute()
    await db.schema
      .createIndex('receipts_payer')
      .on('receipts')
      .columns(['payer', 'number'])
      .execute()
    await db.schema
      .createTable('answers')
      .addColumn('payer', 'text', (column) => column.notNull())
      .addColumn('idempotency_key', 'text', (column) => column.notNull())
      .addColumn('request_hash', 'text', (column) => column.notNull())
      .addColumn('status', 'integer', (column) => column.notNull())
      .addColumn('headers', 'text', (column) => column.notNull())
      .addColumn('body', 'blob', (column) => column.notNull())
      .addColumn('created_at', 'integer', (column) => column.notNull())
      .addPrimaryKeyConstraint('answers_once', ['payer', 'idempotency_key'])
      .execute()
    await db.schema.createIndex('answers_age').on('answers').column('created_at').execute()
    await db.schema
      .createTable('authorizations')
      .addColumn('payer', 'text', (column) => column.notNull())
      .addColumn('nonce', 'text', (column) => column.notNull())
      .addColumn('payload', 'text', (column) => column.notNull())
      .addColumn('value', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('transaction_hash', 'text')
      .addColumn('created_at', 'integer', (column) => column.notNull())
      .addPrimaryKeyConstraint('authorizations_once', ['payer', 'nonce'])
      .execute()
    await db.schema
      .createIndex('authorizations_state')
      .on('authorizations')
      .column('state')
      .execute()
    await db.schema
      .createTable('anchors')
      .addColumn('epoch', 'integer', (column) => column.primaryKey())
      .addColumn('root', 'text', (column) => column.notNull())
      .addColumn('count', 'integer', (column) => column.notNull())
      .addColumn('first_number', 'integer', (column) => column.notNull())
      .addColumn('last_number', 'integer', (column) => column.notNull())
      .addColumn('transaction_hash', 'text')
      .addColumn('block_number', 'integer')
      .execute()
  },
}

const provider: MigrationProvider = {
  getMigrations: () => Promise.resolve({ '0001-first': first }),
}

/** Brings the records to the present form; safe to run again. */
export async function migrate<T>(db: Kysely<T>): Promise<void> {
  const { error } = await new Migrator({ db, provider }).migrateToLatest()
  if (error !== undefined) throw error
}
