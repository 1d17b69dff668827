import { declareTraining } from '@quoin/trainers'
import type { JobInput } from '../declaration.ts'

/** A network that learns rows of x, y and their class, for as many epochs. */
export async function trainingJob(epochs: number): Promise<JobInput> {
  const declaration = await declareTraining({
    task: 'classification',
    target: 'class',
    features: [{ kind: 'numeric', columns: ['x', 'y'] }],
    algorithm: { kind: 'mlp', hidden: [8], epochs },
  })
  return {
    kind: 'quoin/job/1',
    work: {
      kind: 'training',
      table: 'points',
      format: 'csv',
      declaration: JSON.parse(JSON.stringify(declaration)),
    },
    inputs: [{ name: 'points', cid: 'bafypoints' }],
    outputs: [
      { name: 'model', kind: 'model', maxBytes: 1 << 20 },
      { name: 'report', kind: 'report', maxBytes: 1 << 20 },
    ],
  }
}

/** Two classes, apart but for a few. */
export function pointsTable(rows: number): string {
  const lines = Array.from({ length: rows }, (_, row) => {
    const x = ((row * 7919) % 1000) / 500 - 1
    const y = ((row * 104_729) % 1000) / 500 - 1
    return `${x},${y},${x * y > 0.05 ? 'same' : 'other'}`
  })
  return `x,y,class\n${lines.join('\n')}\n`
}
