import { z } from 'zod'

/** What a server under test is told when it starts. */
export const ServerOrders = z.object({
  rpcUrl: z.string(),
  chainId: z.number(),
  dataDir: z.string(),
})
export type ServerOrders = z.infer<typeof ServerOrders>

/** What it says: where it listens, and, when asked, the CPU time that it has used. */
export const ServerReport = z.union([
  z.object({ kind: z.literal('ready'), paidUrl: z.string(), freeUrl: z.string() }),
  z.object({ kind: z.literal('cpu'), microseconds: z.number() }),
])
export type ServerReport = z.infer<typeof ServerReport>

/** One call costs this much, in atomic units: one word at 1000 a word. */
export const priceAtomic = 1000n
export const requestBody = (model: string) => JSON.stringify({ model, input: 'hello' })

export function answerQuestions(): void {
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send?.({ kind: 'cpu', microseconds: user + system } satisfies ServerReport)
  })
  process.on('disconnect', () => process.exit())
}
