import type { ModelEntry } from '../client/node-client.ts'
import { formatCredit } from './amounts.ts'
import { renderTable } from './table.ts'
import type { Terminal } from './terminal.ts'

/** The price list, a model a line. */
export function modelLines(models: ModelEntry[], terminal: Terminal): string[] {
  const rows = models.map(({ id, quoin }) => [
    id,
    quoin.task,
    quoin.class,
    quoin.callAtomic === 0n ? '' : formatCredit(quoin.callAtomic),
    formatCredit(quoin.inAtomicPerMillion),
    quoin.outAtomicPerMillion === 0n ? '' : formatCredit(quoin.outAtomicPerMillion),
    quoin.unit,
  ])
  const columns = [
    { title: 'Model' },
    { title: 'Task' },
    { title: 'Class' },
    { title: 'A call', align: 'right' as const },
    { title: '1M in', align: 'right' as const },
    { title: '1M out', align: 'right' as const },
    { title: 'Unit' },
  ]
  return renderTable(columns, rows, (text) => terminal.style('dim', text))
}
