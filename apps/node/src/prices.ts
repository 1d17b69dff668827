import type { ModelManifest } from '@quoin/models'
import type { Price } from '@quoin/protocol'

const free = { callAtomic: 0n, inAtomicPerMillion: 0n, outAtomicPerMillion: 0n }

/**
 * What a new node asks for its models, in atomic units of Credit (1,000,000 are one): text by the token,
 * tensors by the row.
 */
export function defaultPrice({ task, class: serviceClass }: ModelManifest): Price {
  switch (task) {
    case 'embedding':
      // Re-executable answers cost the provider more and are worth more.
      return {
        ...free,
        inAtomicPerMillion: serviceClass === 'verifiable' ? 20_000_000n : 10_000_000n,
      }
    case 'generation':
      return { ...free, inAtomicPerMillion: 5_000_000n, outAtomicPerMillion: 20_000_000n }
    case 'classification':
    case 'regression':
      return { ...free, inAtomicPerMillion: 500_000_000n }
  }
}
