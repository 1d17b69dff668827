import type { Context } from '../context.ts'
import { renderTable } from '../output/table.ts'
import type { Origin } from '../settings/resolve.ts'

export async function showConfig(context: Context): Promise<void> {
  const { terminal } = context
  const { values, origins } = await context.settings()
  const known: Record<string, unknown> = values
  const settings = Object.entries(origins).map(([name, origin]) => ({
    name,
    value: known[name] ?? null,
    origin,
  }))
  terminal.document({ settings })
  const rows = settings.map(({ name, value, origin }) => [
    name,
    value === null ? terminal.style('dim', 'not set') : String(value),
    terminal.style('dim', describeOrigin(origin)),
  ])
  const columns = [{ title: 'Setting' }, { title: 'Value' }, { title: 'From' }]
  for (const line of renderTable(columns, rows, (text) => terminal.style('dim', text)))
    terminal.line(line)
}

function describeOrigin({ kind, name }: Origin): string {
  return name === null ? kind : `${kind} ${name}`
}
