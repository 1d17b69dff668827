import type { CallRequest, CallResult, Header, StateReader } from '@quoin/execution'
import { CodedError } from '@quoin/kernel'
import { serverError } from '../errors.ts'
import { failureToError } from './revert.ts'

const transferGas = 21_000n
const callStipend = 2_300n
/** The search stops when the bounds are within 1.5 %, as geth's. */
const toleranceNumerator = 15n
const toleranceDenominator = 1000n

/** Runs the message with this much gas. */
type Attempt = (gas: bigint) => Promise<CallResult>

export interface Estimation {
  request: CallRequest
  header: Header
  state: StateReader
  /** geth's --rpc.gascap */
  gasCap: bigint
  attempt: Attempt
  signal: AbortSignal
}

/**
 * The least gas, within 1.5 %, with which the message succeeds: geth's search, which first tries
 * what a run with plenty used.
 * @throws CodedError EXECUTION_REVERTED with the data, or SERVER with geth's text.
 */
export async function estimateGas(estimation: Estimation): Promise<bigint> {
  const { attempt, signal } = estimation
  let high = await highestGas(estimation)
  if (await isPlainTransfer(estimation)) {
    if (high >= transferGas && !(await fails(attempt, transferGas))) return transferGas
  }
  const whole = await withPlenty(attempt, high)
  if (whole.failure) throw estimationError(whole, high)
  let low = whole.gasUsed - 1n
  const likely = ((whole.gasUsed + callStipend) * 64n) / 63n
  if (likely < high) {
    if (await fails(attempt, likely)) low = likely
    else high = likely
  }
  while (low + 1n < high) {
    signal.throwIfAborted()
    if ((high - low) * toleranceDenominator < high * toleranceNumerator) break
    const middle = (high + low) / 2n
    const gas = middle > low * 2n ? low * 2n : middle
    if (await fails(attempt, gas)) low = gas
    else high = gas
  }
  return high
}

const tooLittleGas = /^(intrinsic gas too low|insufficient gas for floor data gas cost)/

function isTooLittleGas(error: unknown): boolean {
  return error instanceof CodedError && tooLittleGas.test(error.message)
}

async function withPlenty(attempt: Attempt, high: bigint): Promise<CallResult> {
  try {
    return await attempt(high)
  } catch (error) {
    throw isTooLittleGas(error) ? serverError(`gas required exceeds allowance (${high})`) : error
  }
}

async function fails(attempt: Attempt, gas: bigint): Promise<boolean> {
  try {
    return (await attempt(gas)).failure !== null
  } catch (error) {
    if (isTooLittleGas(error)) return true
    throw error
  }
}

function estimationError(result: CallResult, high: bigint) {
  if (result.failure?.kind === 'out of gas')
    return serverError(`gas required exceeds allowance (${high})`)
  return failureToError(result)
}

async function isPlainTransfer({ request, state }: Estimation): Promise<boolean> {
  if (!request.to || request.authorizationList || request.accessList) return false
  if ((request.input ?? '0x') !== '0x') return false
  return (await state.code(request.to)) === '0x'
}

/** The request's own limit or the block's, under the cap and what the sender can pay for. */
async function highestGas({ request, header, state, gasCap }: Estimation): Promise<bigint> {
  let high = request.gas !== undefined && request.gas >= transferGas ? request.gas : header.gasLimit
  const feeCap = request.maxFeePerGas ?? request.gasPrice ?? 0n
  if (feeCap > 0n && request.from) {
    const balance = (await state.account(request.from))?.balance ?? 0n
    const value = request.value ?? 0n
    if (value >= balance && value > 0n) throw serverError('insufficient funds for transfer')
    const allowance = (balance - value) / feeCap
    if (allowance < high) high = allowance
  }
  return high < gasCap ? high : gasCap
}
