import { type Command, CommanderError } from 'commander'
import type { Context } from './context.ts'
import { describeFailure, exitCodes, type Failure } from './exit-codes.ts'
import { createTerminal, type Terminal, type TerminalOptions } from './output/terminal.ts'
import { wrap } from './output/text.ts'

/** The process as the command line sees it. */
export interface Shell extends Omit<TerminalOptions, 'json'> {
  argv: string[]
}

/** An action of the command line, given what it needs. `flags` are the options of its command. */
export type Run = (
  flags: Record<string, unknown>,
  action: (context: Context) => Promise<void>,
) => Promise<void>

/** Parses the arguments, runs the command, and gives the exit code. */
export async function runProgram(
  createProgram: (run: Run, shell: Shell) => Command,
  shell: Shell,
): Promise<number> {
  const interrupt = onInterrupt(shell)
  const json = shell.argv.includes('--json')
  const terminal = createTerminal({ ...shell, json })
  const run: Run = async (flags, action) => {
    const settings = async () =>
      (await import('./settings/settings.ts')).loadSettings({ flags, env: shell.env })
    await action({ terminal, env: shell.env, signal: interrupt.signal, settings })
  }
  try {
    await createProgram(run, shell).parseAsync(shell.argv)
    return exitCodes.done
  } catch (error) {
    if (error instanceof CommanderError) return usageExit(error, terminal)
    if (interrupt.signal.aborted) {
      terminal.document({ error: { code: 'INTERRUPTED', message: 'Interrupted', hint: null } })
      terminal.note('Interrupted')
      return exitCodes.interrupted
    }
    const failure = describeFailure(error)
    report(failure, terminal)
    if (failure.code === 'INTERNAL' && error instanceof Error && error.stack)
      terminal.note(error.stack)
    return failure.exit
  } finally {
    interrupt.release()
  }
}

/** Commander has printed its message or the help already; in JSON mode the message goes out as JSON too. */
function usageExit(error: CommanderError, terminal: Terminal): number {
  if (error.exitCode === 0) return exitCodes.done
  const message = error.message.replace(/^error: /, '')
  if (message !== '(outputHelp)')
    report(describeFailure(Object.assign(error, { message })), terminal, 'USAGE')
  return exitCodes.usage
}

function report(failure: Failure, terminal: Terminal, code = failure.code): void {
  const { message, hint } = code === 'USAGE' ? { ...failure, hint: seeHelp } : failure
  terminal.document({ error: { code, message, hint } })
  const [first = '', ...rest] = wrap(message, terminal.columns - 7)
  terminal.note(`${terminal.style('red', 'error')}  ${first}`)
  for (const line of rest) terminal.note(`       ${line}`)
  if (hint) for (const line of wrap(hint, terminal.columns - 7)) terminal.note(`       ${line}`)
}

const seeHelp = 'quoin --help shows every command; quoin COMMAND --help its options and examples.'

/**
 * The first Ctrl-C asks the command to stop, the second ends the process. A terminal and a parent process may
 * both deliver one key press, so what comes within a moment counts once.
 */
function onInterrupt(shell: Shell): { signal: AbortSignal; release(): void } {
  const controller = new AbortController()
  let firstAt = 0
  const handle = (): void => {
    if (!controller.signal.aborted) {
      firstAt = performance.now()
      controller.abort(new DOMException('Interrupted', 'AbortError'))
    } else if (performance.now() - firstAt > 400) {
      shell.stderr.write('Stopped at once.\n')
      process.exit(exitCodes.interrupted)
    }
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, handle)
  return {
    signal: controller.signal,
    release: () => {
      for (const signal of signals) process.off(signal, handle)
    },
  }
}
