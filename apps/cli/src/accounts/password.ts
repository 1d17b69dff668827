import { readFile } from 'node:fs/promises'
import { password as askPassword, isCancel } from '@clack/prompts'
import { cliError } from '../exit-codes.ts'
import type { Terminal } from '../output/terminal.ts'

export interface PasswordSources {
  terminal: Terminal
  env: Readonly<Record<string, string | undefined>>
  passwordFile?: string | undefined
}

/**
 * The password of a keystore: from --password-file (its first line), else QUOIN_PASSWORD, else asked for.
 * Never printed.
 * @throws CodedError `PASSWORD_NEEDED` when nobody can be asked, `INTERRUPTED` when the question is cancelled.
 */
export async function readPassword(
  sources: PasswordSources,
  question: { message: string; isNew: boolean },
): Promise<string> {
  const { terminal, env, passwordFile } = sources
  if (passwordFile !== undefined) return firstLine(passwordFile)
  const fromEnvironment = env.QUOIN_PASSWORD
  if (fromEnvironment) return fromEnvironment
  if (!terminal.interactive)
    throw cliError('PASSWORD_NEEDED', `${question.message}: none was given`)
  const answer = await ask(question.message)
  if (question.isNew && (await ask('The same again')) !== answer)
    throw cliError('USAGE', 'The two passwords differ; nothing was written')
  return answer
}

async function ask(message: string): Promise<string> {
  const answer = await askPassword({
    message,
    output: process.stderr,
    validate: (text) => (text ? undefined : 'A password has at least one character'),
  })
  if (isCancel(answer)) throw cliError('INTERRUPTED', 'Cancelled')
  return answer
}

async function firstLine(path: string): Promise<string> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw cliError('USAGE', `The password file ${path} cannot be read`, { cause })
  }
  const [line = ''] = text.split(/\r?\n/)
  if (line === '') throw cliError('USAGE', `The password file ${path} is empty`)
  return line
}
