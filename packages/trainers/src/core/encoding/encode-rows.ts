import { type Backend, OnnxGraph } from '@quoin/models/core'
import { chunksOf } from '../chunks.ts'
import { trainingError } from '../errors.ts'
import type { Table } from '../table.ts'
import { addEncoding } from './add-encoding.ts'
import type { FittedEncoding } from './fit-encoding.ts'
import { rawInputs } from './raw-inputs.ts'

/** The encoded rows, `width` numbers each. */
export async function encodeRows(
  backend: Backend,
  encoding: FittedEncoding,
  { table, rows, signal }: { table: Table; rows: Int32Array; signal: AbortSignal | undefined },
): Promise<Float32Array> {
  const graph = new OnnxGraph('encoding')
  graph.node('Identity', [addEncoding(graph, encoding)], {}, 'quoin:encoded')
  graph.output('quoin:encoded', 'float32', ['rows', encoding.width])
  await using session = await backend.open(graph.encode())
  const encoded = new Float32Array(rows.length * encoding.width)
  for (const { from, to } of chunksOf(rows.length, encoding.width)) {
    signal?.throwIfAborted()
    const inputs = rawInputs(table, encoding, rows.subarray(from, to))
    const { 'quoin:encoded': output } = await session.run(inputs)
    if (output?.data instanceof Float32Array) encoded.set(output.data, from * encoding.width)
  }
  const bad = encoded.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0)
    throw trainingError(
      'VALUE_INVALID',
      `Row ${rows[Math.floor(bad / encoding.width)]} has a number that float32 cannot hold once encoded: declare a scale, or reduce it in the query`,
    )
  return encoded
}
