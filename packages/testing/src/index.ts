/** What tests of several packages share. Never part of the product. */
export { launchChromium } from './launch-chromium.ts'
export { type AnvilChain, anvilChainId, devAccount, startAnvil } from './start-anvil.ts'
export { type LinkQuality, TcpProxy } from './tcp-proxy.ts'
