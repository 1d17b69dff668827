/** Times following 10,000 headers of four validators: `node packages/light/scripts/measure.ts`. */
import { createLightClient } from '../src/index.ts'
import { makeChain, member, members } from '../src/test-support/made-chain.ts'

const length = 10_000
const four = members(4)
const perEpoch = Array.from({ length: length / 100 + 2 }, (_, epoch) =>
  Array.from({ length: 4 }, (_, index) => member(epoch + index)),
)
const chains = {
  'a fixed set': makeChain({ length, setAt: () => four }),
  'one of four replaced every 100 blocks': makeChain({
    length,
    setAt: (height) => perEpoch[Math.floor(height / 100)] ?? four,
  }),
}
for (const [name, chain] of Object.entries(chains))
  for (const mode of ['skipping', 'sequential'] as const) {
    const provider = chain.provider()
    const client = await createLightClient({
      providers: [provider],
      root: { genesisId: chain.genesisId },
      nowMs: () => chain.endMs,
      mode,
    })
    const startedAt = performance.now()
    const head = await client.update()
    const ms = Math.round(performance.now() - startedAt)
    console.log(
      `${name}, ${mode}: ${head.height} headers in ${ms} ms, ${provider.asked.length} requests`,
    )
  }
