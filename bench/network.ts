/**
 * What a network costs: `npm run bench:network`. Round trips of a small message over a channel beside
 * those of a bare TCP echo in the same run, throughput of 1 MB messages, processor time for each, and
 * the cost of a hop to a worker thread and back, which a network in a thread of its own would add.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import { type Channel, type Network, openNetwork } from '@quoin/network'

const smallBytes = 200
const roundTrips = 3_000
const largeBytes = 1_000_000
const largeMessages = 200

const tcp = await measureTcp()
await using a = await open()
await using b = await open(a.addresses)
while (a.peers().length + b.peers().length < 2) await new Promise((next) => setImmediate(next))
const [one, two] = [openChannel(a), openChannel(b)]
const echo = two.onMessage((message, from) => two.send(from, message))
const small = await measureRoundTrips((message, answered) => {
  const stop = one.onMessage(() => {
    stop()
    answered()
  })
  one.broadcast(message)
})
echo()
const hop = await measureHop()
const large = await measureThroughput()
const mesh = await measureMesh()

const show = (microseconds: number) => `${microseconds.toFixed(0).padStart(6)} µs`
console.log(`TCP echo, ${smallBytes} B          median ${show(tcp.median)}   p99 ${show(tcp.p99)}`)
console.log(`channel round trip       median ${show(small.median)}   p99 ${show(small.p99)}`)
console.log(`  ratio to TCP           ${(small.median / tcp.median).toFixed(1)}`)
console.log(`  CPU a message, both ends ${show(small.cpu / 2)}`)
console.log(`worker and back          median ${show(hop.median)}   p99 ${show(hop.p99)}`)
console.log(
  `1 MB messages            ${large.megabytesPerSecond.toFixed(0)} MB/s, one process, both ends`,
)
console.log(`  CPU a message, both ends ${show(large.cpu)}`)
console.log(`  longest stall            ${(large.stallMs).toFixed(1)} ms`)
console.log(
  `mesh of 4, 50 messages/s each, 1 MB/s: one way median ${show(mesh.median)}   p99 ${show(mesh.p99)}`,
)
console.log(`  CPU a node             ${(mesh.cpuShare * 100).toFixed(1)} % of a core`)
process.exit()

function open(bootstrap: readonly string[] = []): Promise<Network> {
  const privateKey = randomBytes(32)
  const listen = ['/ip4/127.0.0.1/tcp/0']
  return openNetwork({ privateKey, listen, bootstrap, chain: `0x${'11'.repeat(32)}` })
}

function openChannel(network: Network): Channel {
  return network.channel('bench', { maxBytes: largeBytes, queueLength: 64, queueBytes: 1e8 })
}

type Send = (message: Uint8Array<ArrayBuffer>, answered: () => void) => void

async function measureRoundTrips(send: Send) {
  const times: number[] = []
  let cpu = process.cpuUsage()
  for (let count = -500; count < roundTrips; count++) {
    if (count === 0) cpu = process.cpuUsage()
    const from = performance.now()
    await new Promise<void>((answered) => send(new Uint8Array(smallBytes), answered))
    if (count >= 0) times.push((performance.now() - from) * 1_000)
  }
  times.sort((x, y) => x - y)
  const { user, system } = process.cpuUsage(cpu)
  const at = (share: number) => times[Math.floor(times.length * share)] ?? 0
  return { median: at(0.5), p99: at(0.99), cpu: (user + system) / roundTrips }
}

async function measureTcp() {
  const server = createServer((socket: Socket) => {
    socket.setNoDelay(true)
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.setNoDelay(true)
  await once(socket, 'connect')
  try {
    return await measureRoundTrips((message, answered) => {
      socket.once('data', answered)
      socket.write(message)
    })
  } finally {
    socket.destroy()
    server.close()
  }
}

async function measureHop() {
  const code = `const { parentPort } = require('node:worker_threads')
    parentPort.on('message', (bytes) => parentPort.postMessage(bytes, [bytes.buffer]))`
  const worker = new Worker(code, { eval: true })
  await once(worker, 'online')
  try {
    return await measureRoundTrips((message, answered) => {
      worker.once('message', answered)
      worker.postMessage(message, [message.buffer])
    })
  } finally {
    await worker.terminate()
  }
}

async function measureThroughput() {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  let count = 0
  let done = () => {}
  const all = new Promise<void>((resolve) => {
    done = resolve
  })
  const stop = two.onMessage(() => {
    count += 1
    if (count === largeMessages) done()
    else if (count % 16 === 0 && count < largeMessages) sendSome()
  })
  const sendSome = () => {
    for (let index = 0; index < 16; index++) one.broadcast(new Uint8Array(largeBytes))
  }
  delay.enable()
  const [from, cpu] = [performance.now(), process.cpuUsage()]
  sendSome()
  await all
  stop()
  const seconds = (performance.now() - from) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  delay.disable()
  return {
    megabytesPerSecond: (largeMessages * largeBytes) / 1e6 / seconds,
    cpu: (user + system) / largeMessages,
    stallMs: delay.max / 1e6,
  }
}

/** Four nodes, each sending 50 small messages a second to all others, one of them 1 MB a second besides. */
async function measureMesh() {
  const nodes: Network[] = []
  for (let index = 0; index < 4; index++)
    nodes.push(await open(nodes.flatMap(({ addresses }) => addresses)))
  while (nodes.some((node) => node.peers().length < 3))
    await new Promise((next) => setTimeout(next, 20))
  const times: number[] = []
  const small = nodes.map(openChannel)
  const large = nodes.map((node) => node.channel('large', { maxBytes: largeBytes, queueLength: 4 }))
  for (const channel of small)
    channel.onMessage((message) => {
      const sentAt = new DataView(message.buffer, message.byteOffset).getFloat64(0)
      times.push((performance.now() - sentAt) * 1_000)
    })
  for (const channel of large) channel.onMessage(() => {})
  const speak = setInterval(() => {
    for (const channel of small) {
      const message = new Uint8Array(smallBytes)
      new DataView(message.buffer).setFloat64(0, performance.now())
      channel.broadcast(message)
    }
  }, 20)
  const propose = setInterval(() => large[0]?.broadcast(new Uint8Array(largeBytes)), 1_000)
  await new Promise((next) => setTimeout(next, 1_000))
  times.length = 0
  const [from, cpu] = [performance.now(), process.cpuUsage()]
  await new Promise((next) => setTimeout(next, 5_000))
  clearInterval(speak)
  clearInterval(propose)
  const { user, system } = process.cpuUsage(cpu)
  times.sort((x, y) => x - y)
  const at = (share: number) => times[Math.floor(times.length * share)] ?? 0
  const cpuShare = (user + system) / 1_000 / (performance.now() - from) / nodes.length
  return { median: at(0.5), p99: at(0.99), cpuShare }
}
