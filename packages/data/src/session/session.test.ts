import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { CodedError } from '@quoin/kernel'
import { formatOfName } from '../format.ts'
import type { Cell } from '../table.ts'
import { openSession, type Session, type SessionOptions } from './session.ts'

let directory: string

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'quoin-data-'))
})

after(() => rm(directory, { recursive: true }))

/** A session over one file, named `t` in queries. */
async function openOver(
  file: string,
  content: string | Uint8Array,
  options: Omit<SessionOptions, 'sources'> = {},
): Promise<Session> {
  const path = join(directory, file)
  await writeFile(path, content)
  return openSession({
    sources: { t: { path, format: formatOfName(file) } },
    directory,
    ...options,
  })
}

async function ask(session: Session, sql: string): Promise<Cell[][]> {
  const { rows } = await session.query(sql)
  return (await Array.fromAsync(rows)).flat()
}

const fails = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof CodedError && error.code === code && message.test(error.message)

const people =
  'name,age,zip,height,member,born\nAda,36,01234,1.65,true,1815-12-10\n"Bob, ""B""",,99999,NaN,false,1999-01-31\n'

describe('SQL over a file', () => {
  it('knows the types of a CSV file’s columns', async () => {
    await using session = await openOver('people.csv', people)
    assert.deepEqual(await session.columns('t'), [
      { name: 'name', type: 'VARCHAR' },
      { name: 'age', type: 'BIGINT' },
      { name: 'zip', type: 'VARCHAR' },
      { name: 'height', type: 'DOUBLE' },
      { name: 'member', type: 'BOOLEAN' },
      { name: 'born', type: 'DATE' },
    ])
    assert.deepEqual(await ask(session, 'select * from t'), [
      ['Ada', 36, '01234', 1.65, true, '1815-12-10'],
      ['Bob, "B"', null, '99999', 'NaN', false, '1999-01-31'],
    ])
  })

  it('gives whole numbers beyond 2^53 as text', async () => {
    await using session = await openOver('big.csv', 'n\n9007199254740993\n')
    assert.deepEqual(await ask(session, 'select n, 1 + 1 from t'), [['9007199254740993', 2]])
  })

  it('reads what it wrote, in every format', async () => {
    await using session = await openOver('people.csv', people)
    const all = await ask(session, 'select name, age, height from t')
    for (const format of ['csv', 'tsv', 'jsonl', 'parquet'] as const) {
      const path = await session.export('t', format)
      await using again = await openSession({ sources: { t: { path, format } }, directory })
      assert.deepEqual(await ask(again, 'select name, age, height from t'), all, format)
    }
  })

  it('asks rows as documents', async () => {
    const lines = '{"name":"Ada","tags":["a","b"],"home":{"city":"London"}}\n{"name":"Bob"}\n'
    await using session = await openOver('people.jsonl', lines, { as: 'documents' })
    assert.deepEqual(
      await ask(session, "select document from t where document->>'$.home.city' = 'London'"),
      [[{ name: 'Ada', tags: ['a', 'b'], home: { city: 'London' } }]],
    )
  })

  it('joins files', async () => {
    const paths = ['left.csv', 'right.csv'].map((name) => join(directory, name))
    await writeFile(paths[0] ?? '', 'id,a\n1,x\n2,y\n')
    await writeFile(paths[1] ?? '', 'id,b\n2,z\n')
    const [left = '', right = ''] = paths
    await using session = await openSession({
      sources: {
        left_side: { path: left, format: 'csv' },
        right_side: { path: right, format: 'csv' },
      },
      directory,
    })
    assert.deepEqual(await ask(session, 'select a, b from left_side join right_side using (id)'), [
      ['y', 'z'],
    ])
  })

  it('keeps the rows of a query as a table', async () => {
    await using session = await openOver('n.csv', 'n\n1\n2\n3\n')
    await session.createTable('odd', 'select n from t where n % 2 = 1')
    assert.deepEqual(await ask(session, 'select sum(n) from odd'), [[4]])
  })
})

describe('a query', () => {
  const refused = [
    ["select * from read_csv('/etc/passwd')", 'FORBIDDEN_QUERY', /read_csv reads more/],
    ["select * from '/etc/passwd.csv'", 'FORBIDDEN_QUERY', /reads its tables only/],
    ["select * from glob('/*')", 'FORBIDDEN_QUERY', /glob reads more/],
    ["select * from query('select 1')", 'FORBIDDEN_QUERY', /query reads more/],
    ['select * from duckdb_settings()', 'FORBIDDEN_QUERY', /duckdb_settings reads more/],
    ["select current_setting('temp_directory')", 'FORBIDDEN_QUERY', /current_setting/],
    ["copy t to '/tmp/stolen.csv'", 'FORBIDDEN_QUERY', /only SELECT/],
    ['drop table t', 'FORBIDDEN_QUERY', /only SELECT/],
    ['set threads = 8', 'FORBIDDEN_QUERY', /only SELECT/],
    ['install httpfs', 'FORBIDDEN_QUERY', /only SELECT/],
    ["attach '/tmp/x.db'", 'FORBIDDEN_QUERY', /only SELECT/],
    ['select 1; select 2', 'FORBIDDEN_QUERY', /one SELECT/],
    ['select nothing from t', 'INVALID_QUERY', /nothing/],
    ['select from where', 'INVALID_QUERY', /syntax error/],
    ['', 'FORBIDDEN_QUERY', /one SELECT/],
  ] as const

  it('reads its tables and nothing else', async () => {
    await using session = await openOver('n.csv', 'n\n1\n')
    for (const [sql, code, message] of refused)
      await assert.rejects(ask(session, sql), fails(code, message), sql)
    assert.deepEqual(await ask(session, 'select n from t'), [[1]])
  })

  it('that could answer otherwise the next time is no step of a pipeline', async () => {
    await using session = await openOver('n.csv', 'n\n1\n2\n', { isDeterministic: true })
    for (const sql of [
      'select random() from t',
      'select now()',
      'select current_timestamp',
      'select current_date',
      'select uuid()',
      'select * from t using sample 1',
      'select * from t tablesample 50%',
    ])
      await assert.rejects(ask(session, sql), fails('FORBIDDEN_QUERY', /another answer/), sql)
    assert.deepEqual(await ask(session, 'select count(*) from t'), [[2]])
  })

  it('gives no more rows than it may', async () => {
    await using session = await openOver('n.csv', 'n\n1\n', { limits: { rows: 100 } })
    await assert.rejects(
      ask(session, 'select * from range(101)'),
      fails('LIMIT_EXCEEDED', /more rows/),
    )
    assert.equal((await ask(session, 'select * from range(100)')).length, 100)
  })

  it('takes no longer than it may', async () => {
    await using session = await openOver('n.csv', 'n\n1\n', { limits: { queryMs: 1500 } })
    const endless = 'select count(*) from range(1000000000) a, range(1000000000) b'
    await assert.rejects(ask(session, endless), fails('LIMIT_EXCEEDED', /longer than 1.5 s/))
  })

  it('uses no more memory and disk than it may', async () => {
    const limits = { memoryBytes: 64 << 20, diskBytes: 16 << 20 }
    await using session = await openOver('n.csv', 'n\n1\n', { limits })
    await assert.rejects(
      session.createTable(
        'huge',
        'select md5(range::varchar) as x, md5((range + 1)::varchar) as y from range(3000000)',
      ),
      fails('LIMIT_EXCEEDED', /memory or disk/),
    )
  })

  it('stops when its caller does', async () => {
    const stop = new AbortController()
    await using session = await openOver('n.csv', 'n\n1\n', { signal: stop.signal })
    const asked = ask(session, 'select count(*) from range(1000000000) a, range(1000000000) b')
    stop.abort()
    await assert.rejects(asked, { name: 'AbortError' })
  })
})

describe('a file that is not what it should be', () => {
  const bad = [
    ['empty.csv', '', /empty\.csv is empty/],
    ['ragged.csv', 'a,b,c\n1,2,3\n4,5\n', /line 3: the header has 3 columns, this line has 2/],
    ['wide.csv', 'a,b\n1,2\n3,4,5\n', /line 3: the header has 2 columns, this line has 3/],
    ['quote.csv', 'a,b\n1,"x\n2,3\n', /quote is not closed/],
    ['latin.csv', Uint8Array.of(97, 44, 98, 10, 0xe9, 44, 49, 10), /not UTF-8/],
    ['utf16.csv', Buffer.from('\ufeffa,b\n1,2\n', 'utf16le'), /not UTF-8/],
    ['twice.csv', 'a,A\n1,2\n', /two columns are named/],
    ['noname.csv', 'a,,c\n1,2,3\n', /column 2 has no name/],
    ['endings.csv', 'a,b\r\n1,x\n2,3\r\n', /lines end in different ways/],
    ['long.csv', `a\n${'x'.repeat(3 << 20)}\n`, /longer than 2097152 bytes/],
    ['header.csv', 'x'.repeat(2 << 20), /longer than 1 MiB/],
    ['bad.jsonl', '{"a":1}\n{"a":\n', /line 3, byte \d+ is not JSON|line 2, byte \d+ is not JSON/],
    ['long.jsonl', `{"a":"${'x'.repeat(40 << 20)}"}\n`, /larger than it may be/],
    ['cut.parquet', 'PAR1 and no end', /no Parquet file/],
  ] as const

  for (const [name, content, message] of bad)
    it(`is refused by name and place: ${name}`, async () => {
      const error = await openOver(name, content).then(
        async (session) => {
          await using accepted = session
          assert.fail(`accepted as ${JSON.stringify(await accepted.columns('t'))}`)
        },
        (cause) => cause,
      )
      assert.ok(fails('INVALID_FILE', message)(error), error.message)
      assert.ok(error.message.includes(name) && error.message.length < 600, error.message)
    })

  it('as a Parquet file that was cut', async () => {
    await using session = await openOver('n.csv', 'n\n1\n2\n')
    const bytes = await readFile(await session.export('t', 'parquet'))
    await assert.rejects(
      openOver('half.parquet', bytes.subarray(0, bytes.length - 20)),
      fails('INVALID_FILE', /half\.parquet/),
    )
  })
})
