/** The process of one session: an accident in native code takes this process with it, and nothing else. */
import { CodedError } from '@quoin/kernel'
import { type Call, callSchema } from './calls.ts'
import { Engine } from './engine.ts'

let engine: Engine | null = null

process.on('message', (message: { id: number; call: unknown }) => {
  answer(callSchema.parse(message.call)).then(
    (result) => process.send?.({ id: message.id, result }),
    (error) => process.send?.({ id: message.id, error: formOf(error) }),
  )
})
process.on('disconnect', () => process.exit())

async function answer(call: Call): Promise<unknown> {
  if (call.method === 'open') {
    engine = await Engine.open(call)
    return null
  }
  if (!engine) throw new Error('The engine is not open')
  switch (call.method) {
    case 'query':
      return engine.query(call.sql, call.maxRows)
    case 'rows':
      return engine.rows()
    case 'openValues':
      return engine.openValues(call.table)
    case 'values':
      return engine.values()
    case 'createTable':
      return engine.createTable(call.name, call.sql)
    case 'run':
      return engine.run(call.sql)
    case 'columns':
      return engine.columns(call.table)
    case 'export':
      return engine.export(call.table, call.file, call.format)
  }
}

function formOf(error: unknown): { code: string; message: string } {
  if (error instanceof CodedError) return { code: error.code, message: error.message }
  return { code: 'ENGINE_FAILED', message: error instanceof Error ? error.message : String(error) }
}
