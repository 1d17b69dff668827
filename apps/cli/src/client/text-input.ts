import { text } from 'node:stream/consumers'

/** The argument itself, or standard input for `-`. */
export async function readText(argument: string): Promise<string> {
  return argument === '-' ? (await text(process.stdin)).trim() : argument
}
