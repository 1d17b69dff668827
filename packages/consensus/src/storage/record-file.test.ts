import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { encodeFrame, readFrames } from './frames.ts'
import { openRecordFile } from './record-file.ts'

const records = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 })
const frames = fc.array(records, { minLength: 2, maxLength: 5 })

describe('frames', () => {
  it('give back every record', () => {
    fc.assert(
      fc.property(frames, (content) => {
        const bytes = Buffer.concat(content.map(encodeFrame))
        assert.deepEqual(readFrames(bytes, 'log'), { records: content.flat(), end: bytes.length })
      }),
    )
  })

  it('lose only the last one when the file is cut at any byte', () => {
    const content = [[[1], [2, 2]], [[3, 3, 3]], [[4], [5], [6]]].map((frame) =>
      frame.map((record) => new Uint8Array(record)),
    )
    const encoded = content.map(encodeFrame)
    const bytes = Buffer.concat(encoded)
    for (let length = 0; length <= bytes.length; length++) {
      let whole = 0
      let end = 0
      while (whole < encoded.length && end + (encoded[whole]?.length ?? 0) <= length) {
        end += encoded[whole]?.length ?? 0
        whole += 1
      }
      assert.deepEqual(readFrames(bytes.subarray(0, length), 'log'), {
        records: content.slice(0, whole).flat(),
        end,
      })
    }
  })

  it('are refused when any byte before the last one is changed', () => {
    const first = encodeFrame([new Uint8Array([1, 2, 3]), new Uint8Array(20)])
    const bytes = Buffer.concat([first, encodeFrame([new Uint8Array([9])])])
    for (let index = 0; index < first.length; index++) {
      const damaged = Buffer.from(bytes)
      damaged[index] = (damaged[index] ?? 0) ^ 0x40
      assert.throws(() => readFrames(damaged, 'log'), { code: 'LOG_CORRUPT' }, `byte ${index}`)
    }
  })

  it('never give a record that was not written, whatever the last one looks like', () => {
    fc.assert(
      fc.property(frames, fc.uint8Array({ maxLength: 64 }), (content, garbage) => {
        const bytes = Buffer.concat([...content.map(encodeFrame), garbage])
        assert.deepEqual(readFrames(bytes, 'log').records, content.flat())
      }),
    )
  })

  it('end where a disk left zeros', () => {
    const frame = encodeFrame([new Uint8Array([1])])
    const bytes = Buffer.concat([frame, Buffer.alloc(100)])
    assert.equal(readFrames(bytes, 'log').end, frame.length)
  })
})

describe('a record file', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'quoin-log-'))
  })
  after(() => rm(folder, { recursive: true }))

  async function readAll(path: string) {
    await using log = await openRecordFile(path)
    return log.recovered.map((record) => [...record])
  }

  it('keeps what was flushed and nothing else', async () => {
    const path = join(folder, 'a')
    {
      await using log = await openRecordFile(path)
      log.append(new Uint8Array([1]))
      await log.flush()
      log.append(new Uint8Array([2]))
    }
    assert.deepEqual(await readAll(path), [[1]])
  })

  it('goes on after a torn tail', async () => {
    const path = join(folder, 'b')
    const whole = encodeFrame([new Uint8Array([1])])
    await writeFile(path, Buffer.concat([whole, encodeFrame([new Uint8Array(9)]).subarray(0, 15)]))
    {
      await using log = await openRecordFile(path)
      log.append(new Uint8Array([2]))
      await log.flush()
    }
    assert.deepEqual(await readAll(path), [[1], [2]])
  })

  it('is left as it is when its middle is damaged', async () => {
    const path = join(folder, 'c')
    const bytes = Buffer.concat([1, 2, 3].map((n) => encodeFrame([new Uint8Array([n])])))
    bytes[20] = (bytes[20] ?? 0) ^ 1
    await writeFile(path, bytes)
    await assert.rejects(openRecordFile(path), { code: 'LOG_CORRUPT' })
    assert.deepEqual(await readFile(path), bytes)
  })

  it('replaces and clears', async () => {
    const path = join(folder, 'd')
    {
      await using log = await openRecordFile(path)
      log.append(new Uint8Array([1]))
      await log.flush()
      await log.replace([new Uint8Array([7]), new Uint8Array([8])])
      log.append(new Uint8Array([9]))
      await log.flush()
    }
    assert.deepEqual(await readAll(path), [[7], [8], [9]])
    {
      await using log = await openRecordFile(path)
      await log.clear()
    }
    assert.deepEqual(await readAll(path), [])
  })
})
