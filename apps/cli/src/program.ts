import { Command } from 'commander'
import { addAccount, addCall, addChannel, addReceipt } from './consumer-commands.ts'
import { addData } from './data-commands.ts'
import { addEarnings } from './earnings-commands.ts'
import { examples } from './flags.ts'
import { addJob, addProcess, addTrain } from './job-commands.ts'
import { addLicence } from './licence-commands.ts'
import { addLineage, addReproduce } from './lineage-commands.ts'
import { addModel } from './model-commands.ts'
import { addChain, addNet } from './network-commands.ts'
import { addConfig, addDemo, addStatus, addUp } from './node-commands.ts'
import type { Run, Shell } from './run-program.ts'
import { addValidator } from './validator-commands.ts'

/** Every command with its options and examples; what a command does is loaded when it runs. */
export function createProgram(run: Run, shell: Shell): Command {
  const program = new Command('quoin')
    .description('A cloud for AI services: every call is paid, metered and proven on a chain.')
    .configureOutput({
      writeOut: (text) => shell.stdout.write(text),
      // The help of what lacks a subcommand; errors are told by who runs the program.
      writeErr: (text) => shell.stderr.write(text),
      outputError: () => {},
    })
    .configureHelp({ subcommandTerm: termOf })
    .exitOverride()
    .showSuggestionAfterError()
    .helpCommand(false)
    .addHelpText('after', examples(['up', 'demo', 'call tiny-lm "Call me Ishmael" --stream']))
  for (const add of [
    addUp,
    addDemo,
    addCall,
    addAccount,
    addChannel,
    addReceipt,
    addJob,
    addTrain,
    addData,
    addLicence,
    addModel,
    addEarnings,
    addLineage,
    addReproduce,
    addNet,
    addChain,
    addValidator,
    addStatus,
    addConfig,
    addProcess,
  ])
    add(program, run)
  return inheritSettings(program)
}

/** A command with its arguments; that all have options is no news. */
function termOf(command: Command): string {
  const names = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`
    return argument.required ? `<${name}>` : `[${name}]`
  })
  return [command.name(), ...names].join(' ')
}

/** Subcommands must not end the process either. */
function inheritSettings(program: Command): Command {
  for (const command of program.commands) inheritSettings(command.copyInheritedSettings(program))
  return program
}
