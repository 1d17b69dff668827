import assert from 'node:assert/strict'
import { chmod, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { CodedError } from '@quoin/kernel'
import type { LogLine, Machine, MachineDriver, MachineEnd } from '../interface.ts'
import type { MachineSpecInput } from '../specification.ts'
import { createProcessDriver } from './drivers.ts'
import { probeSandbox } from './sandbox.ts'

const obstacle = await probeSandbox()
const limits = {
  cpus: 1,
  memoryBytes: 256 << 20,
  diskBytes: 16 << 20,
  processes: 32,
  wallMs: 60_000,
}

let driver: MachineDriver
let inputs: string
let outputs: string

before(async () => {
  if (obstacle) return
  driver = await createProcessDriver()
  inputs = await mkdtemp(join(tmpdir(), 'quoin-inputs-'))
  await chmod(inputs, 0o755)
  await writeFile(join(inputs, 'word'), 'hello')
})

after(async () => {
  if (!obstacle) await rm(inputs, { recursive: true })
})

function specOf(command: string[], changes: Partial<MachineSpecInput> = {}): MachineSpecInput {
  return {
    command,
    mounts: [
      { source: inputs, target: '/inputs', isWritable: false },
      { source: outputs, target: '/outputs', isWritable: true },
    ],
    limits,
    network: 'none',
    ...changes,
  }
}

interface Ran extends MachineEnd {
  lines: LogLine[]
}

/** Runs a program with a fresh folder for outputs, and looks at what it did. */
async function run(
  command: string[],
  changes: Partial<MachineSpecInput> = {},
  look: (ran: Ran) => Promise<void> | void = () => {},
): Promise<Ran> {
  outputs = await mkdtemp(join(tmpdir(), 'quoin-outputs-'))
  try {
    await using machine = await driver.create(specOf(command, changes))
    await machine.start()
    const lines = await Array.fromAsync(machine.logs())
    const ran = { ...(await machine.ended), lines }
    await look(ran)
    return ran
  } finally {
    await rm(outputs, { recursive: true })
  }
}

const shell = (script: string, changes?: Partial<MachineSpecInput>) =>
  run(['/bin/sh', '-c', script], changes)
const node = (script: string, changes?: Partial<MachineSpecInput>) =>
  run([process.execPath, '-e', script], changes)
const textOf = ({ lines }: Ran) => lines.map(({ text }) => text).join('\n')

describe('a machine of the process driver', { skip: obstacle ?? false }, () => {
  it('reads inputs, writes outputs, prints, and ends', async () => {
    await run(
      ['/bin/sh', '-c', 'cat /inputs/word; echo to-error >&2; echo made > /outputs/file; exit 3'],
      {},
      async (ran) => {
        assert.deepEqual(
          { reason: ran.reason, exitCode: ran.exitCode },
          { reason: 'exit', exitCode: 3 },
        )
        assert.deepEqual(
          ran.lines.toSorted((a, b) => a.stream.localeCompare(b.stream)),
          [
            { stream: 'error', text: 'to-error' },
            { stream: 'out', text: 'hello' },
          ],
        )
        assert.equal(await readFile(join(outputs, 'file'), 'utf8'), 'made\n')
      },
    )
  })

  it('has the environment of its specification alone', async () => {
    const ran = await shell('env | sort', { environment: { WORD: 'x y' } })
    const names = textOf(ran)
      .split('\n')
      .filter((line) => !/^(PWD|SHLVL|_|OLDPWD)=/.test(line))
    assert.deepEqual(names, ['PATH=/usr/bin:/bin', 'WORD=x y'])
  })

  it('runs Node', async () => {
    const ran = await node("console.log(require('node:fs').readFileSync('/inputs/word', 'utf8'))")
    assert.equal(textOf(ran), 'hello')
  })

  it('says what it used', async () => {
    const ran = await node('while (process.cpuUsage().user < 200_000);')
    assert.ok(ran.usage.cpuMs > 100, `${ran.usage.cpuMs}`)
    assert.ok(ran.usage.memoryBytes > 10 << 20, `${ran.usage.memoryBytes}`)
    assert.ok(ran.usage.wallMs > 100)
  })

  const escapes = [
    ['files of the host', 'cat /etc/shadow /root/.bashrc /home/* /var/log/* 2>&1 && echo READ'],
    ['writing to its inputs', 'echo x > /inputs/word && echo WROTE'],
    [
      'writing to system folders',
      'echo x > /usr/x && echo WROTE; echo x > /x && echo WROTE; echo x > /etc/x && echo WROTE',
    ],
    [
      'kernel settings',
      'echo 1 > /proc/sys/kernel/panic && echo WROTE; echo b > /proc/sysrq-trigger && echo WROTE',
    ],
    [
      'devices',
      'cat /dev/mem /dev/sda /dev/kmsg 2>&1 && echo READ; ls /sys 2>/dev/null | grep . && echo READ',
    ],
    [
      'mounting',
      'mount -t tmpfs none /tmp && echo MOUNTED; umount /usr && echo MOUNTED; mount -o remount,rw / && echo MOUNTED',
    ],
    [
      'becoming root',
      'su -c id 2>&1 | grep uid=0 && echo ROOT; cat /proc/1/environ && echo READ; ls /proc/1/root/ && echo READ; echo x > /proc/1/oom_score_adj && echo WROTE',
    ],
    ['cgroups', 'for f in /sys/fs/cgroup/*/cgroup.procs; do echo $$ > $f && echo WROTE; done'],
  ] as const

  for (const [what, script] of escapes)
    it(`is kept from ${what}`, async () => {
      const text = textOf(await shell(`(${script}) 2>&1; true`))
      assert.doesNotMatch(text, /^(READ|WROTE|MOUNTED|ROOT)$/m)
    })

  it('cannot reach the network, the host’s loopback included', async () => {
    const server = createServer((socket) => socket.end('reached'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    const connect = (host: string, to: unknown) =>
      `require('net').connect(${to}, '${host}').on('connect', () => console.log('REACHED')).on('error', (e) => console.log(e.code))`
    const text = textOf(await node(`${connect('127.0.0.1', port)}; ${connect('1.1.1.1', 53)}`))
    await new Promise((resolve) => server.close(resolve))
    assert.doesNotMatch(text, /REACHED/)
    assert.match(text, /ECONNREFUSED/)
  })

  it('sees and signals no process but its own', async () => {
    const text = textOf(
      await shell(`ls /proc | grep -c '^[0-9]'; kill -9 ${process.pid} 2>&1; echo alive`),
    )
    assert.ok(Number(text.split('\n')[0]) < 10, text)
    assert.match(text, /alive/)
  })

  it('follows no link out of its folders', async () => {
    await symlink('/etc/hostname', join(inputs, 'link')).catch(() => {})
    const text = textOf(
      await shell('cat /inputs/link 2>&1; ln -s /etc /outputs/etc; cat /outputs/etc/passwd 2>&1'),
    )
    assert.equal(text.match(/No such file/g)?.length, 2, text)
  })

  it('is ended when it takes more memory than it may', async () => {
    const hog = 'const kept = []; while (true) kept.push(Buffer.alloc(1 << 20, 1))'
    const ran = await node(hog, { limits: { ...limits, memoryBytes: 128 << 20 } })
    assert.notEqual(ran.exitCode, 0)
    assert.equal(ran.reason, 'memory')
  })

  it('is ended when it fills its folders', async () => {
    const one = await shell('head -c 100000000 /dev/zero > /outputs/one; echo $?')
    assert.doesNotMatch(textOf(one), /^0$/m)
    const fill = 'i=0; while true; do head -c 1000000 /dev/zero > /outputs/$i; i=$((i+1)); done'
    assert.equal((await shell(fill)).reason, 'disk')
  })

  it('is ended when its time is over', async () => {
    const ran = await shell('while true; do :; done', { limits: { ...limits, wallMs: 700 } })
    assert.deepEqual(
      { reason: ran.reason, exitCode: ran.exitCode },
      { reason: 'time', exitCode: null },
    )
  })

  it('outlives a fork bomb', async () => {
    const bomb =
      'f() { f | f & }; f; for i in 1 2 3 4 5; do sleep 0.1; done; ls /proc | grep -c "^[0-9]"'
    const ran = await shell(bomb, { limits: { ...limits, wallMs: 5_000 } })
    assert.ok(ran.usage.wallMs < 60_000)
  })

  it('leaves no process behind', async () => {
    const mark = `quoin-${process.pid}-${Date.now()}`
    await shell(`(exec -a ${mark} sleep 1000) & sleep 0.1`)
    assert.doesNotMatch(await listCommands(), new RegExp(mark))
  })
})

/** Starts a machine, and hands it over while it runs. */
async function whileRunning(
  command: string[],
  use: (machine: Machine) => Promise<void>,
): Promise<void> {
  outputs = await mkdtemp(join(tmpdir(), 'quoin-outputs-'))
  try {
    await using machine = await driver.create(specOf(command))
    await machine.start()
    await use(machine)
  } finally {
    await rm(outputs, { recursive: true })
  }
}

async function firstLine(machine: Machine): Promise<string> {
  for await (const { text } of machine.logs()) return text
  return ''
}

describe('stopping a machine', { skip: obstacle ?? false }, () => {
  it('lets the program end by itself', () =>
    whileRunning(
      [
        '/bin/sh',
        '-c',
        'trap "echo bye; exit 7" TERM; echo ready; while true; do sleep 0.05; done',
      ],
      async (machine) => {
        assert.equal(await firstLine(machine), 'ready')
        const { reason, exitCode } = await machine.stop()
        assert.deepEqual({ reason, exitCode }, { reason: 'stopped', exitCode: 7 })
        assert.equal((await Array.fromAsync(machine.logs())).at(-1)?.text, 'bye')
      },
    ))

  it('ends one that does not want to', () =>
    whileRunning(
      ['/bin/sh', '-c', 'trap "" TERM; echo ready; while true; do sleep 0.05; done'],
      async (machine) => {
        await firstLine(machine)
        const { reason, exitCode } = await machine.stop({ graceMs: 200 })
        assert.deepEqual({ reason, exitCode }, { reason: 'stopped', exitCode: null })
        assert.equal(machine.state, 'ended')
      },
    ))

  it('twice is once', () =>
    whileRunning(['/bin/sleep', '1000'], async (machine) => {
      const [first, second] = await Promise.all([machine.stop(), machine.stop()])
      assert.deepEqual(first, second)
      await assert.rejects(
        machine.start(),
        (error) => error instanceof CodedError && error.code === 'WRONG_STATE',
      )
    }))
})

async function listCommands(): Promise<string> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  )
  return lines.join('\n')
}
