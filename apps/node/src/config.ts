import { z } from 'zod'

const port = z.coerce.number().int().min(0).max(65535)
const milliseconds = (least: number) => z.coerce.number().int().min(least)

/**
 * Everything that can be set about a node. Flags, environment (QUOIN_ and the name in capitals), the
 * file quoin.json in the data folder and the defaults here are joined by the command line.
 */
export const NodeConfig = z.strictObject({
  dataDir: z.string().min(1).default('.quoin').describe('folder of the chain, keys and records'),
  host: z.string().min(1).default('127.0.0.1').describe('address that both servers listen on'),
  gatewayPort: port.default(8402).describe('port of the gateway, 0 for any free one'),
  rpcPort: port
    .default(8545)
    .describe('port of JSON-RPC over HTTP and WebSocket, 0 for any free one'),
  publicUrl: z
    .url()
    .optional()
    .describe('the URL by which others reach the gateway, as written in the registry'),
  chainId: z.coerce
    .number()
    .int()
    .min(1)
    .max(2 ** 51)
    .default(31402)
    .describe('chain id of a new chain'),
  blockTimeMs: milliseconds(50).default(500).describe('least time between two blocks'),
  heartbeatMs: milliseconds(1000)
    .default(5_000)
    .describe('time after which an empty block is made'),
  anchorIntervalMs: milliseconds(1000)
    .default(60_000)
    .describe('time between two anchors of new receipts'),
  settleIntervalMs: milliseconds(1000)
    .default(300_000)
    .describe('time between two settlements of what was charged'),
  withdrawDelaySeconds: z.coerce
    .number()
    .int()
    .min(900)
    .max(2_592_000)
    .default(900)
    .describe('how long a payer waits to withdraw without the provider'),
  facilitateFor: z
    .enum(['anyone', 'own'])
    .default('anyone')
    .describe('whose payments the facilitator brings onto the chain, at this node’s cost in gas'),
  modelWorkers: z.coerce
    .number()
    .int()
    .min(1)
    .max(64)
    .default(1)
    .describe('workers for each model'),
  logLevel: z
    .enum(['error', 'warn', 'info', 'debug', 'silent'])
    .default('warn')
    .describe('least severe log lines to write'),
})
export type NodeConfig = z.output<typeof NodeConfig>
