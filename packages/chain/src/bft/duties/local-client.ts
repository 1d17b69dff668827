import { stakingAbi } from '@quoin/contracts'
import { CodedError, type Hex } from '@quoin/kernel'
import type { ExecutionWorker } from '@quoin/rpc'
import { createWalletClient, custom, defineChain, publicActions } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { z } from 'zod'
import { stakingAddress } from '../../check-genesis.ts'

const Answer = z.union([
  z.object({ result: z.unknown() }),
  z.object({ error: z.object({ code: z.number(), message: z.string() }) }),
])

/** The validator's account on its own node: speaks JSON-RPC with execution's thread, without a socket. */
export function createLocalClient(
  execution: Pick<ExecutionWorker, 'answer'>,
  { chainId, privateKey }: { chainId: number; privateKey: Hex },
) {
  const chain = defineChain({
    id: chainId,
    name: 'own node',
    nativeCurrency: { name: 'Coin', symbol: 'C', decimals: 18 },
    rpcUrls: { default: { http: [] } },
  })
  const transport = custom(
    {
      async request({ method, params }) {
        const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
        const answer = Answer.parse(JSON.parse((await execution.answer(body)) ?? '{}'))
        if ('result' in answer) return answer.result
        const { code, message } = answer.error
        throw new CodedError('RPC_FAILED', `${method}: ${message}`, { detail: { code } })
      },
    },
    { retryCount: 0 },
  )
  const account = privateKeyToAccount(privateKey)
  return createWalletClient({ chain, transport, account, cacheTime: 0 }).extend(publicActions)
}

export type LocalClient = ReturnType<typeof createLocalClient>

/** The Staking contract, for viem's contract actions. */
export const staking = { address: stakingAddress, abi: stakingAbi } as const
