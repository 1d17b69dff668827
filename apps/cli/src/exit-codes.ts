import { CodedError, findCause } from '@quoin/kernel'

/** What the shell sees. One meaning each; scripts may rely on them. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  refused: 4,
  verificationFailed: 5,
  busy: 6,
  interrupted: 130,
} as const

export type CliErrorCode =
  | 'USAGE'
  | 'CONFIG_INVALID'
  | 'NOT_REACHABLE'
  | 'NOT_FOUND'
  | 'PASSWORD_NEEDED'
  | 'ACCOUNT_EXISTS'
  | 'ACCOUNT_UNKNOWN'
  | 'REFUSED'
  | 'FUNDS_TOO_LOW'
  | 'COINS_TOO_LOW'
  | 'VERIFICATION_FAILED'
  | 'CHECK_FAILED'
  | 'INTERRUPTED'
  | 'WOULD_OVERWRITE'
  | 'NETWORK_UNKNOWN'
  | 'NETWORK_BUSY'
  | 'NODE_FAILED'
  | 'NOT_RUNNING'
  | 'NO_STAKING'
  | 'KEYS_MISSING'
  | 'NOT_VERIFIABLE'
  | 'JOB_FAILED'

export function cliError(
  code: CliErrorCode,
  message: string,
  options: { cause?: unknown } = {},
): CodedError<CliErrorCode> {
  return new CodedError(code, message, options)
}

interface Meaning {
  exit: number
  hint: string | null
}

const seeHelp = 'quoin --help shows every command; quoin COMMAND --help its options and examples.'
const startNode =
  'Start a node with `quoin up`, or name the folder of one that runs with --data-dir (of a network: .quoin/net/node-1).'

const fund = '`quoin account send NAME 5 --coins 1` gives an account Credits, and coins for gas.'

/** One table from an error's code to the exit code and to what the user can do next. */
const meanings: Readonly<Record<string, Meaning>> = {
  USAGE: { exit: exitCodes.usage, hint: seeHelp },
  CONFIG_INVALID: {
    exit: exitCodes.usage,
    hint: '`quoin config show` prints each setting and where it comes from.',
  },
  CONFIGURATION: { exit: exitCodes.usage, hint: null },
  INVALID_MONEY: { exit: exitCodes.usage, hint: 'Amounts are in Credits, such as 1.25.' },
  NOT_FOUND: { exit: exitCodes.usage, hint: null },
  PASSWORD_NEEDED: {
    exit: exitCodes.usage,
    hint: 'Give the password with --password-file or QUOIN_PASSWORD, or run this in a terminal.',
  },
  ACCOUNT_EXISTS: { exit: exitCodes.usage, hint: 'Choose another name.' },
  ACCOUNT_UNKNOWN: {
    exit: exitCodes.usage,
    hint: '`quoin account list` shows what there is; `quoin account create` makes a new one.',
  },
  NOT_REACHABLE: { exit: exitCodes.unreachable, hint: startNode },
  RPC_UNREACHABLE: { exit: exitCodes.unreachable, hint: startNode },
  WRONG_CHAIN: { exit: exitCodes.usage, hint: null },
  INSUFFICIENT_FUNDS: { exit: exitCodes.refused, hint: fund },
  CALL_REVERTED: { exit: exitCodes.refused, hint: null },
  TRANSACTION_REVERTED: { exit: exitCodes.refused, hint: null },
  RPC_REFUSED: { exit: exitCodes.refused, hint: null },
  CHANNEL_UNKNOWN: { exit: exitCodes.usage, hint: '`quoin channel list` shows what there is.' },
  CHANNEL_STATE: { exit: exitCodes.refused, hint: null },
  GENESIS_MISMATCH: { exit: exitCodes.usage, hint: null },
  CHAIN_UNREACHABLE: { exit: exitCodes.unreachable, hint: startNode },
  REFUSED: { exit: exitCodes.refused, hint: null },
  ANSWER_BROKEN: {
    exit: exitCodes.unreachable,
    hint: '`quoin status` tells whether the node still runs; then make the call again.',
  },
  PAYMENT_REFUSED: { exit: exitCodes.refused, hint: null },
  CAP_REACHED: { exit: exitCodes.refused, hint: 'Raise it with --cap.' },
  CALL_TOO_EXPENSIVE: { exit: exitCodes.refused, hint: 'Raise it with --max-per-call.' },
  LIMITS_EXPIRED: { exit: exitCodes.refused, hint: 'Set a later --expires-in.' },
  FUNDS_TOO_LOW: { exit: exitCodes.refused, hint: fund },
  COINS_TOO_LOW: {
    exit: exitCodes.refused,
    hint: '`quoin account send ADDRESS 0 --coins 10` gives an address coins.',
  },
  NO_ACCEPTABLE_OFFER: { exit: exitCodes.refused, hint: null },
  WRONG_PASSWORD: { exit: exitCodes.refused, hint: null },
  INVALID_KEYSTORE: { exit: exitCodes.usage, hint: null },
  RECEIPT_WRONG: { exit: exitCodes.verificationFailed, hint: null },
  PROVIDER_DISTRUSTED: { exit: exitCodes.verificationFailed, hint: null },
  PROTOCOL_VIOLATION: { exit: exitCodes.verificationFailed, hint: null },
  SERVER_LIED: {
    exit: exitCodes.verificationFailed,
    hint: 'Ask another node with --rpc-url, and tell the operator of this one.',
  },
  HEADER_UNPROVEN: {
    exit: exitCodes.verificationFailed,
    hint: 'Ask another node with --rpc-url.',
  },
  CHECKPOINT_MISMATCH: { exit: exitCodes.verificationFailed, hint: null },
  CHAIN_FORKED: { exit: exitCodes.verificationFailed, hint: null },
  TRUST_EXPIRED: {
    exit: exitCodes.verificationFailed,
    hint: 'Give --checkpoint HEIGHT:ID; `quoin chain status` on a node that you trust shows one.',
  },
  HEAD_STALE: { exit: exitCodes.verificationFailed, hint: 'Ask another node with --rpc-url.' },
  SERVER_FAILED: { exit: exitCodes.unreachable, hint: startNode },
  NOT_AVAILABLE: { exit: exitCodes.unreachable, hint: 'Ask another node with --rpc-url.' },
  NOT_VERIFIABLE: { exit: exitCodes.usage, hint: '--trust-node believes the node instead.' },
  STATE_INVALID: { exit: exitCodes.usage, hint: null },
  VERIFICATION_FAILED: { exit: exitCodes.verificationFailed, hint: null },
  CHECK_FAILED: { exit: exitCodes.verificationFailed, hint: null },
  PORT_IN_USE: {
    exit: exitCodes.busy,
    hint: 'Choose others with --gateway-port and --rpc-port; 0 takes any free one.',
  },
  PORT_TAKEN: {
    exit: exitCodes.busy,
    hint: 'Choose others with --gateway-port and --rpc-port; 0 takes any free one.',
  },
  NETWORK_LISTEN_FAILED: { exit: exitCodes.busy, hint: 'Choose another address with --listen.' },
  NETWORK_OPTION_INVALID: { exit: exitCodes.usage, hint: null },
  DATA_FOLDER_IN_USE: { exit: exitCodes.busy, hint: null },
  INTERRUPTED: { exit: exitCodes.interrupted, hint: null },
  WOULD_OVERWRITE: {
    exit: exitCodes.usage,
    hint: 'Choose another folder with --dir, or remove what is there: its keys and chain are then gone.',
  },
  NETWORK_UNKNOWN: {
    exit: exitCodes.usage,
    hint: '`quoin net up` makes and starts one; --dir names its folder.',
  },
  NETWORK_BUSY: { exit: exitCodes.busy, hint: null },
  NO_STAKING: { exit: exitCodes.refused, hint: null },
  KEYS_MISSING: {
    exit: exitCodes.usage,
    hint: 'Name the folder of your node with --data-dir (of a network: .quoin/net/node-1); `quoin validator key` makes keys.',
  },
  JOB_FAILED: { exit: exitCodes.failed, hint: '`quoin job logs ID` shows what it wrote.' },
  NODE_FAILED: { exit: exitCodes.failed, hint: null },
  NOT_RUNNING: { exit: exitCodes.refused, hint: '`quoin net status` shows what runs.' },
  MEMBER_INVALID: {
    exit: exitCodes.usage,
    hint: '`quoin chain key` writes such a file, on the machine of the member.',
  },
  GENESIS_INVALID: { exit: exitCodes.usage, hint: null },
  GENESIS_MISSING: { exit: exitCodes.usage, hint: null },
  RIGHT_MISSING: { exit: exitCodes.refused, hint: null },
  ARTIFACT_UNKNOWN: { exit: exitCodes.usage, hint: '`quoin data list` shows what a node has.' },
  REQUEST_REFUSED: { exit: exitCodes.refused, hint: null },
  KEY_UNAVAILABLE: { exit: exitCodes.refused, hint: null },
  PUBLISH_REFUSED: { exit: exitCodes.usage, hint: null },
  CATALOGUE_BROKEN: { exit: exitCodes.failed, hint: null },
  NODE_UNREACHABLE: { exit: exitCodes.unreachable, hint: 'Name another node with --from.' },
  NODE_ANSWER_WRONG: { exit: exitCodes.verificationFailed, hint: null },
  INVALID_CID: { exit: exitCodes.usage, hint: '`quoin data list` shows CIDs.' },
  INVALID_FILE: { exit: exitCodes.usage, hint: null },
  INVALID_QUERY: { exit: exitCodes.usage, hint: 'The table is called data.' },
  FORBIDDEN_QUERY: { exit: exitCodes.usage, hint: null },
  UNKNOWN_FORMAT: { exit: exitCodes.usage, hint: null },
  LIMIT_EXCEEDED: { exit: exitCodes.refused, hint: null },
  ENGINE_FAILED: { exit: exitCodes.failed, hint: null },
  FETCH_FAILED: {
    exit: exitCodes.verificationFailed,
    hint: 'Run it again to go on where it stopped; --from names another node.',
  },
  BLOCK_CORRUPT: { exit: exitCodes.verificationFailed, hint: null },
  BLOCK_MISSING: { exit: exitCodes.verificationFailed, hint: null },
  INVALID_CAR: { exit: exitCodes.verificationFailed, hint: null },
  INVALID_ENVELOPE: { exit: exitCodes.verificationFailed, hint: null },
  DECRYPTION_FAILED: { exit: exitCodes.verificationFailed, hint: null },
  STORE_FULL: { exit: exitCodes.failed, hint: 'Make room on the disk of --data-dir.' },
  STORE_UNUSABLE: { exit: exitCodes.failed, hint: null },
  SOURCE_UNREADABLE: { exit: exitCodes.usage, hint: null },
  SOURCE_CHANGED: { exit: exitCodes.failed, hint: 'Publish it again when nobody writes to it.' },
  NOT_A_VALIDATOR: { exit: exitCodes.usage, hint: null },
}

export interface Failure {
  exit: number
  code: string
  message: string
  hint: string | null
}

/** What to tell the user; an error without a known code is a bug and says so. */
export function describeFailure(error: unknown): Failure {
  // Clients such as openai wrap what their fetch throws.
  const coded = findCause(error, (cause) => cause instanceof CodedError)
  if (coded instanceof CodedError) {
    const { code, message } = coded
    const { exit, hint } = meanings[code] ?? { exit: exitCodes.failed, hint: null }
    return { exit, code, message, hint: isShortOfCredit(coded) ? fund : hint }
  }
  const message = error instanceof Error ? error.message : String(error)
  const hint = 'This is a bug in Quoin: please report it with what was printed.'
  return systemFailure(error) ?? { exit: exitCodes.failed, code: 'INTERNAL', message, hint }
}

/** The token's own refusal, where nobody looked at the balance before. */
function isShortOfCredit({ detail }: CodedError): boolean {
  return detail.error === 'ERC20InsufficientBalance'
}

function systemFailure(error: unknown): Failure | null {
  if (!(error instanceof Error) || !('code' in error)) return null
  const { code, message } = error
  if (code === 'EADDRINUSE')
    return { code, message, exit: exitCodes.busy, hint: hintOf('PORT_IN_USE') }
  if (code === 'EACCES' || code === 'EPERM' || code === 'ENOSPC' || code === 'EROFS')
    return {
      code,
      message,
      exit: exitCodes.failed,
      hint: 'Check the folder given with --data-dir.',
    }
  if (code === 'ENOENT') return { code, message, exit: exitCodes.usage, hint: null }
  return null
}

function hintOf(code: string): string | null {
  return meanings[code]?.hint ?? null
}
