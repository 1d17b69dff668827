import { z } from 'zod'

const port = z.coerce.number().int().min(0).max(65535)
const milliseconds = (least: number) => z.coerce.number().int().min(least)

/** Several values: a list, or text with commas between, as the environment has it. */
const list = z
  .union([z.array(z.string().min(1)), z.string()])
  .transform((given) =>
    (typeof given === 'string' ? given.split(',') : given).map((item) => item.trim()),
  )
  .transform((items) => items.filter((item) => item !== ''))

/** Where a node is, as libp2p writes it; whether it leads anywhere shows when it is used. */
const addresses = list.refine(
  (items) => items.every((item) => /^\/(ip4|ip6|dns|dns4|dns6)\/[^/]+\/tcp\/\d+(\/|$)/.test(item)),
  'write /ip4/ADDRESS/tcp/PORT or /dns4/NAME/tcp/PORT, with or without /p2p/ID',
)

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
  services: z
    .enum(['all', 'chain'])
    .default('all')
    .describe('all: models, market and gateway too; chain: a node of the chain alone'),
  monitorPort: port
    .optional()
    .describe('port of /health, /metrics and /status of the chain; 9402 with services chain'),
  genesis: z
    .string()
    .min(1)
    .optional()
    .describe('genesis file of the chain to join; a private chain is made when absent'),
  listen: addresses
    .default([])
    .describe('addresses for other nodes to connect to, as /ip4/0.0.0.0/tcp/30402'),
  bootstrap: addresses.default([]).describe('addresses of nodes of the chain to connect to first'),
  allowPeer: list
    .default([])
    .describe('peer ids that alone may connect; anyone of the same chain when empty'),
  sync: z
    .enum(['genesis', 'snapshot'])
    .default('genesis')
    .describe(
      'how a new node begins: with every block, or with the checked state of an epoch’s end',
    ),
  checkpoint: z
    .string()
    .regex(/^[1-9][0-9]*:0x[0-9a-f]{64}$/, 'write HEIGHT:ID, the id in lower-case hexadecimal')
    .optional()
    .describe(
      'a block that somebody vouches for, HEIGHT:ID: to begin a snapshot from, and to insist on',
    ),
  keepBlocks: z.coerce
    .number()
    .int()
    .min(256)
    .optional()
    .describe('how many blocks to keep with their states; all when absent'),
  mine: z.coerce
    .number()
    .int()
    .min(0)
    .max(64)
    .default(0)
    .describe('threads that mine, on a chain of proof of work'),
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
  artifacts: z
    .union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')])
    .default(true)
    .describe('whether the node keeps and serves data, models and programs'),
  maxRunningJobs: z.coerce
    .number()
    .int()
    .min(0)
    .max(256)
    .default(1)
    .describe('jobs that run at once, 0 to take none'),
  licensedJobSeconds: z.coerce
    .number()
    .int()
    .min(0)
    .max(604_800)
    .default(600)
    .describe(
      'the longest training of one who bought a right to train on this node’s data, 0: none',
    ),
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
