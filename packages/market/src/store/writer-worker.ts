import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { migrate } from './migrations.ts'
import { createQueries, openWriter } from './sqlite.ts'
import {
  type StatementName,
  statements,
  type Write,
  type WriterReply,
  type WriterRequest,
  type WriteUnit,
} from './statements.ts'

/** The thread that owns the write connection: one transaction, one fsync, for all that waits. */
const port = parentPort
if (port === null) throw new Error('writer-worker.ts runs as a worker')

const database = openWriter(String(workerData))
await migrate(createQueries(database))
const prepared = new Map<StatementName, StatementSync>()

port.on('message', (message: WriterRequest | 'close') => {
  if (message === 'close') {
    database.close()
    port.close()
    return
  }
  const reply: WriterReply = { failures: commitAll(database, message.units) }
  port.postMessage(reply)
})
port.postMessage('open')

function commitAll(db: DatabaseSync, units: WriteUnit[]): (string | null)[] {
  const failure = commit(
    db,
    units.flatMap(({ writes }) => writes),
  )
  if (failure === null) return units.map(() => null)
  if (units.length === 1) return [failure]
  const stopped = new Set<string>()
  return units.map(({ lane, writes }) => {
    if (stopped.has(lane)) return 'an earlier write of the same channel failed'
    const reason = commit(db, writes)
    if (reason !== null) stopped.add(lane)
    return reason
  })
}

function commit(db: DatabaseSync, writes: readonly Write[]): string | null {
  try {
    db.exec('BEGIN IMMEDIATE')
    for (const [name, ...parameters] of writes) statementOf(db, name).run(...parameters)
    db.exec('COMMIT')
    return null
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    return error instanceof Error ? error.message : String(error)
  }
}

function statementOf(db: DatabaseSync, name: StatementName): StatementSync {
  const found = prepared.get(name)
  if (found) return found
  const statement = db.prepare(statements[name])
  prepared.set(name, statement)
  return statement
}
