import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { lastWords, readableLine } from './node-log.ts'

const logged =
  '{"level":40,"time":1795277589395,"module":"rpc","port":31430,"why":{"a":1},"msg":"It was slow"}'
const readable = '16:13:09.395 warn  rpc: It was slow  port=31430  why={"a":1}'

async function logOf(t: TestContext, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'quoin-log-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'node.log')
  await writeFile(path, text)
  return path
}

test('a line of the log is written for people, and any other stays as it is', () => {
  assert.equal(readableLine(logged), readable)
  for (const line of ['', 'error  something', '{"level":', '{}', '[1]', 'null'])
    assert.equal(readableLine(line), line)
})

test('what a node said last is its error, however it was wrapped, else its last line', async (t) => {
  const error = 'error  The port 1 is taken;\n       choose another'
  const failed = await logOf(t, `${logged}\n${error}\nStopped\n`)
  assert.equal(await lastWords(failed), 'The port 1 is taken; choose another')
  assert.equal(await lastWords(await logOf(t, `first\n${logged}\n`)), readable)
  assert.equal(await lastWords(await logOf(t, '')), 'it is empty')
})
