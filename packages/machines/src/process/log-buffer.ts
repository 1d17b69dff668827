import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import type { LogLine } from '../interface.ts'

const maxLines = 10_000
const maxLineLength = 4_096

/** The latest lines of a program. Reading never waits, so a program is never held up by who reads. */
export class LogBuffer {
  readonly #lines: LogLine[] = []
  #dropped = 0
  #isEnded = false
  #wake = Promise.withResolvers<void>()

  /** @returns when the stream has ended */
  async take(stream: LogLine['stream'], source: Readable): Promise<void> {
    const decoder = new StringDecoder('utf8')
    let rest = ''
    for await (const chunk of source) {
      const lines = (rest + decoder.write(chunk)).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) this.#add(stream, line)
      if (rest.length > maxLineLength) {
        this.#add(stream, rest)
        rest = ''
      }
    }
    rest += decoder.end()
    if (rest !== '') this.#add(stream, rest)
  }

  end(): void {
    this.#isEnded = true
    this.#notify()
  }

  async *read(): AsyncGenerator<LogLine> {
    let next = this.#dropped
    while (true) {
      next = Math.max(next, this.#dropped)
      const line = this.#lines[next - this.#dropped]
      if (line) {
        next++
        yield line
      } else if (this.#isEnded) return
      else await this.#wake.promise
    }
  }

  #add(stream: LogLine['stream'], text: string): void {
    this.#lines.push({ stream, text: text.slice(0, maxLineLength) })
    if (this.#lines.length > maxLines) {
      this.#lines.shift()
      this.#dropped++
    }
    this.#notify()
  }

  #notify(): void {
    this.#wake.resolve()
    this.#wake = Promise.withResolvers()
  }
}
