import type { Effect, Input } from '../core/messages.ts'

/** What the core asks for and gets an input back, all but the decision itself. */
export type Request = Exclude<Effect, { type: 'decide' }>

/** During the replay of a log: what the core has asked for and no input has answered yet. */
export class OpenRequests {
  readonly #open: Request[] = []

  add(request: Request): void {
    this.#open.push(request)
  }

  /** True when an input answers one of them: then it is our own. */
  settle(input: Input): boolean {
    const index = this.#open.findIndex((request) => answers(input, request))
    if (index < 0) return false
    this.#open.splice(index, 1)
    return true
  }

  left(): readonly Request[] {
    return this.#open
  }
}

function answers(input: Input, request: Request): boolean {
  if (input.type === 'vote' && request.type === 'vote') {
    const { kind, round, validator } = request.ballot
    const { vote } = input
    return vote.kind === kind && vote.round === round && vote.validator === validator
  }
  if (input.type === 'proposal' && request.type === 'propose')
    return (
      input.proposal.round === request.body.round &&
      input.proposal.proposer === request.body.proposer
    )
  if (input.type === 'value' && request.type === 'requestValue')
    return input.round === request.round
  return input.type === 'timeout' && request.type === 'schedule'
    ? input.timer.round === request.timer.round && input.timer.step === request.timer.step
    : false
}
