import { createHash } from 'node:crypto'
import { formatMoney } from '@quoin/protocol'
import type { z } from 'zod'
import type { Answer } from '../operation.ts'
import type { Offer } from '../service.ts'
import type { HealthJson } from './health.ts'
import type { NodeInfo } from './routes.ts'

export interface FrontPageData {
  info: NodeInfo
  health: z.output<typeof HealthJson>
  offers: Offer[]
}

/** Keeps the two live figures live; the page is complete without it. */
const script = `
async function refresh() {
  try {
    const health = await (await fetch('/health')).json()
    document.getElementById('height').textContent = health.height
    document.getElementById('status').textContent = health.status
    document.getElementById('status').className = health.status
  } catch { document.getElementById('status').textContent = 'unreachable' }
}
setInterval(refresh, 2000)
`

const style = `
:root { color-scheme: light dark; --line: #8884; --soft: #5c6166; --mark: #0a7d55 }
@media (prefers-color-scheme: dark) { :root { --mark: #3ecf95; --soft: #a3a9ae } }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 60rem; margin: 3rem auto; padding: 0 1.25rem }
h1 { font-size: 2rem; margin: 0 } h2 { font-size: 1.05rem; margin: 2.25rem 0 .5rem }
p { margin: .25rem 0 } small, .soft { color: var(--soft) }
dl { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; margin: 1.5rem 0 }
dt { font-size: .8rem; color: var(--soft) } dd { margin: 0; font-size: 1.2rem; overflow-wrap: anywhere }
.ready { color: var(--mark) }
.scroll { overflow-x: auto } table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .45rem .75rem .45rem 0; border-bottom: 1px solid var(--line) }
th { font-size: .8rem; font-weight: 500; color: var(--soft) }
pre { border: 1px solid var(--line); border-radius: 8px; padding: .8rem 1rem; overflow-x: auto; font-size: .9rem }
code { font-family: ui-monospace, monospace }
a { color: inherit }
`

const hashSource = (text: string) =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`

const policy = [
  "default-src 'none'",
  `style-src ${hashSource(style)}`,
  `script-src ${hashSource(script)}`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** What this is, what it sells and how to try it, in one page without a framework. */
export function frontPage(data: FrontPageData): Answer {
  return {
    kind: 'bytes',
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    },
    body: `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Quoin gateway</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${style}</style></head>
<body>${header(data)}${models(data.offers)}${commands}${footer}<script>${script}</script></body></html>
`,
  }
}

function header({ info, health }: FrontPageData): string {
  const missing =
    health.missing.length > 0
      ? `<p class="soft">Missing: ${escapeHtml(health.missing.join(', '))}</p>`
      : ''
  return `<header><h1>Quoin</h1>
<p>AI models whose every call is paid, metered and proven on a chain that its users run.</p></header>
<dl><div><dt>State</dt><dd id="status" class="${health.status}">${health.status}</dd></div>
<div><dt>Block</dt><dd id="height">${health.height}</dd></div>
<div><dt>Chain</dt><dd>${info.chainId}</dd></div>
<div><dt>Provider</dt><dd><code>${escapeHtml(info.provider)}</code></dd></div>
<div><dt>JSON-RPC</dt><dd><code>${escapeHtml(info.rpcUrl)}</code></dd></div></dl>${missing}`
}

function models(offers: Offer[]): string {
  const rows = offers.map(({ service, model: { manifest } }) => {
    const price = (atomic: bigint) => (atomic === 0n ? 'free' : `${formatMoney(atomic)} QCR`)
    const cells = [
      `<code>${escapeHtml(manifest.id)}</code><br><small>${escapeHtml(manifest.title)}</small>`,
      manifest.task,
      service.class,
      price(service.inAtomicPerMillion),
      manifest.task === 'generation' ? price(service.outAtomicPerMillion) : '',
    ]
    return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`
  })
  return `<h2>Models</h2><div class="scroll"><table>
<thead><tr><th>Model</th><th>Task</th><th>Class</th><th>1M units in</th><th>1M units out</th></tr></thead>
<tbody>${rows.join('')}</tbody></table></div>`
}

const commands = `<h2>Try it</h2>
<pre><code>npx quoin demo                          # freeze, call, prove, settle, refund
npx quoin call use-lite "a first text"  # one paid call</code></pre>`

const footer = `<p class="soft"><a href="/openapi.json">OpenAPI</a> · <a href="/v1/models">models</a> ·
<a href="/quoin/info">contracts</a> · <a href="/health">health</a> · <a href="/metrics">metrics</a></p>`

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? '')
}
