import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { Kysely, type SqliteDatabase, SqliteDialect } from 'kysely'
import type { MarketDatabase } from './schema.ts'

/** Opens the file for writing: a commit is on the disk when it returns (WAL, synchronous FULL). */
export function openWriter(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 5000 })
  // A paid call touches about seven pages; small ones halve what each commit writes.
  database.exec('PRAGMA page_size = 2048')
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = FULL')
  database.exec('PRAGMA foreign_keys = ON')
  return database
}

/** A second connection, for reading only; sees what is committed. */
export function openReader(file: string): DatabaseSync {
  return new DatabaseSync(file, { readOnly: true, timeout: 5000 })
}

/** Kysely over node:sqlite, for migrations and queries off the hot path. */
export function createQueries(database: DatabaseSync): Kysely<MarketDatabase> {
  return new Kysely<MarketDatabase>({ dialect: new SqliteDialect({ database: adapt(database) }) })
}

function adapt(database: DatabaseSync): SqliteDatabase {
  return {
    close: () => database.close(),
    prepare: (sql) => {
      const statement = database.prepare(sql)
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...parameters.map(toInput)),
        run: (parameters) => statement.run(...parameters.map(toInput)),
        iterate: (parameters) => statement.iterate(...parameters.map(toInput)),
      }
    },
  }
}

function toInput(value: unknown): SQLInputValue {
  if (value === null || value === undefined) return null
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint')
    return value
  if (value instanceof Uint8Array) return value
  throw new TypeError(`SQLite takes no ${typeof value}`)
}
