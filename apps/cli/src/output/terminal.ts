import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

/**
 * Where a command writes: results to standard output, everything else to standard error. With `json`, standard
 * output carries one JSON document and nothing else.
 */
export interface Terminal {
  readonly json: boolean
  /** Whether a person can answer questions. */
  readonly interactive: boolean
  readonly columns: number
  /** A line of the result; nothing in JSON mode. */
  line(text?: string): void
  /** The result as a program reads it; nothing in text mode. Only the first one goes out. */
  document(value: unknown): void
  /** For the person at the terminal: progress, warnings. */
  note(text: string): void
  /** Text as it comes, without a line feed; nothing in JSON mode. */
  write(text: string): void
  /** Replaces the last progress line; nothing when standard error is not a terminal. */
  progress(text: string | null): void
  style(style: Style, text: string): string
}

export interface TerminalOptions {
  json: boolean
  stdin: { isTTY?: boolean }
  stdout: NodeJS.WritableStream & { isTTY?: boolean; columns?: number }
  stderr: NodeJS.WritableStream & { isTTY?: boolean }
  /** NO_COLOR and FORCE_COLOR as everywhere. */
  env: Readonly<Record<string, string | undefined>>
}

export function createTerminal(options: TerminalOptions): Terminal {
  const { json, stdin, stdout, stderr, env } = options
  const colored = !json && !env.NO_COLOR && (stdout.isTTY === true || Boolean(env.FORCE_COLOR))
  let progressShown = false
  let documented = false
  const clear = (): void => {
    if (progressShown) stderr.write('\r\u001b[K')
    progressShown = false
  }
  return {
    json,
    interactive: stdin.isTTY === true && stderr.isTTY === true && !json,
    columns: stdout.columns ?? 80,
    line(text = '') {
      if (json) return
      clear()
      stdout.write(`${text}\n`)
    },
    document(value) {
      if (!json || documented) return
      documented = true
      clear()
      stdout.write(`${toJson(value)}\n`)
    },
    note(text) {
      clear()
      stderr.write(`${text}\n`)
    },
    write(text) {
      if (json) return
      clear()
      stdout.write(text)
    },
    progress(text) {
      clear()
      if (text === null || stderr.isTTY !== true || json) return
      stderr.write(text)
      progressShown = true
    },
    style: (style, text) => (colored ? styleText(style, text, { validateStream: false }) : text),
  }
}

/** Integers beyond what JSON carries safely go as decimal text. */
function toJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_, member) => (typeof member === 'bigint' ? member.toString() : member),
    2,
  )
}
