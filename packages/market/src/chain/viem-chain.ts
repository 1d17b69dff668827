import type { Hex } from '@quoin/kernel'
import { type ExactPayload, erc3009CollectorData, type Session } from '@quoin/protocol'
import { encodeFunctionData, type PublicClient, parseEventLogs, parseSignature } from 'viem'
import { multicallAbi, receiptsAbi, sessionKeysAbi, settlementAbi, tokenAbi } from './abi.ts'
import type { Chain, ChannelFacts, ClaimOrder, Mined, RefundOrder } from './interface.ts'
import type { Sender } from './sender.ts'

export interface MarketAddresses {
  settlement: Hex
  collector: Hex
  multicall: Hex
  token: Hex
  receipts: Hex
  /** Null on a chain without session keys. */
  sessionKeys: Hex | null
}

/** The market's chain over JSON-RPC. Reads of one moment go in one batch request. */
export class ViemChain implements Chain {
  readonly #client: PublicClient
  readonly #sender: Sender
  readonly #at: MarketAddresses
  readonly #receiver: Hex

  constructor(shell: {
    client: PublicClient
    sender: Sender
    addresses: MarketAddresses
    receiver: Hex
  }) {
    this.#client = shell.client
    this.#sender = shell.sender
    this.#at = shell.addresses
    this.#receiver = shell.receiver
  }

  async readChannel(channelId: Hex): Promise<ChannelFacts> {
    const settlement = {
      address: this.#at.settlement,
      abi: settlementAbi,
      args: [channelId],
    } as const
    const [[balance, totalClaimed], [amount, initiatedAt], refundNonce, session] =
      await Promise.all([
        this.#client.readContract({ ...settlement, functionName: 'channels' }),
        this.#client.readContract({ ...settlement, functionName: 'pendingWithdrawals' }),
        this.#client.readContract({ ...settlement, functionName: 'refundNonce' }),
        this.#readSession(channelId),
      ])
    const withdrawal = { amount, requestedAt: initiatedAt }
    return { balance, totalClaimed, withdrawal, refundNonce, session }
  }

  async #readSession(channelId: Hex): Promise<Session | null> {
    if (this.#at.sessionKeys === null) return null
    const [exists, capAtomic, expiresAt, scope] = await this.#client.readContract({
      address: this.#at.sessionKeys,
      abi: sessionKeysAbi,
      functionName: 'sessions',
      args: [channelId],
    })
    return exists ? { capAtomic, expiresAt, scope } : null
  }

  async readAuthorization(payer: Hex, nonce: Hex) {
    const token = { address: this.#at.token, abi: tokenAbi } as const
    const [payerBalance, used] = await Promise.all([
      this.#client.readContract({ ...token, functionName: 'balanceOf', args: [payer] }),
      this.#client.readContract({
        ...token,
        functionName: 'authorizationState',
        args: [payer, nonce],
      }),
    ])
    return { payerBalance, used }
  }

  async readReceiver() {
    const [claimed, settled] = await this.#client.readContract({
      address: this.#at.settlement,
      abi: settlementAbi,
      functionName: 'receivers',
      args: [this.#receiver, this.#at.token],
    })
    return { claimed, settled }
  }

  blockNumber(): Promise<bigint> {
    return this.#client.getBlockNumber({ cacheTime: 0 })
  }

  async changedChannels(fromBlock: bigint, toBlock: bigint): Promise<Hex[]> {
    const { settlement, sessionKeys } = this.#at
    const logs = await this.#client.getLogs({
      address: sessionKeys === null ? [settlement] : [settlement, sessionKeys],
      fromBlock,
      toBlock,
    })
    const ids = new Set<Hex>()
    for (const { topics } of logs) if (topics[1]) ids.add(topics[1])
    return [...ids]
  }

  async findAnchor(epoch: bigint) {
    const [root, count, , blockNumber] = await this.#client.readContract({
      address: this.#at.receipts,
      abi: receiptsAbi,
      functionName: 'anchors',
      args: [this.#sender.address, epoch],
    })
    if (count === 0n) return null
    const [log] = await this.#client.getContractEvents({
      address: this.#at.receipts,
      abi: receiptsAbi,
      eventName: 'Anchored',
      args: { provider: this.#sender.address, epoch },
      fromBlock: blockNumber,
      toBlock: blockNumber,
    })
    if (log === undefined) return null
    return { root, count: Number(count), blockNumber, transactionHash: log.transactionHash }
  }

  async nextEpoch(): Promise<bigint> {
    const epoch = await this.#client.readContract({
      address: this.#at.receipts,
      abi: receiptsAbi,
      functionName: 'epochs',
      args: [this.#sender.address],
    })
    return epoch + 1n
  }

  deposit({ config, amount, authorization }: Parameters<Chain['deposit']>[0]): Promise<Mined> {
    const data = encodeFunctionData({
      abi: settlementAbi,
      functionName: 'deposit',
      args: [config, amount, this.#at.collector, erc3009CollectorData(authorization)],
    })
    return this.#send(this.#at.settlement, data)
  }

  claim(claims: ClaimOrder[], signature: Hex): Promise<Mined> {
    return this.#send(this.#at.settlement, encodeClaim(claims, signature))
  }

  async settle(receiver: Hex, token: Hex): Promise<Mined & { amount: bigint }> {
    const receipt = await this.#sender.send({
      to: this.#at.settlement,
      data: encodeFunctionData({
        abi: settlementAbi,
        functionName: 'settle',
        args: [receiver, token],
      }),
    })
    const logs = parseEventLogs({ abi: settlementAbi, eventName: 'Settled', logs: receipt.logs })
    const amount = logs.reduce((sum, { args }) => sum + args.amount, 0n)
    return {
      transactionHash: receipt.transactionHash,
      blockNumber: receipt.blockNumber,
      amount,
    }
  }

  refund({ config, amount, nonce, signature, claim }: RefundOrder): Promise<Mined> {
    const refund = encodeFunctionData({
      abi: settlementAbi,
      functionName: 'refundWithSignature',
      args: [config, amount, nonce, signature],
    })
    if (claim === null) return this.#send(this.#at.settlement, refund)
    const both = [encodeClaim([claim.order], claim.signature), refund]
    return this.#send(
      this.#at.settlement,
      encodeFunctionData({ abi: settlementAbi, functionName: 'multicall', args: [both] }),
    )
  }

  transferAll(transfers: ExactPayload[]): Promise<Mined> {
    const calls = transfers.map((transfer) => ({
      target: this.#at.token,
      allowFailure: true,
      callData: encodeTransfer(transfer),
    }))
    return this.#send(
      this.#at.multicall,
      encodeFunctionData({ abi: multicallAbi, functionName: 'aggregate3', args: [calls] }),
    )
  }

  anchor(epoch: bigint, root: Hex, count: number): Promise<Mined> {
    const data = encodeFunctionData({
      abi: receiptsAbi,
      functionName: 'anchor',
      args: [epoch, root, BigInt(count)],
    })
    return this.#send(this.#at.receipts, data)
  }

  async #send(to: Hex, data: Hex): Promise<Mined> {
    const { transactionHash, blockNumber } = await this.#sender.send({ to, data })
    return { transactionHash, blockNumber }
  }
}

function encodeClaim(claims: ClaimOrder[], signature: Hex): Hex {
  const rows = claims.map(({ config, maxClaimable, signature: voucher, totalClaimed }) => ({
    voucher: { channel: config, maxClaimableAmount: maxClaimable },
    signature: voucher,
    totalClaimed,
  }))
  return encodeFunctionData({
    abi: settlementAbi,
    functionName: 'claimWithSignature',
    args: [rows, signature],
  })
}

function encodeTransfer({ authorization, signature }: ExactPayload): Hex {
  const { from, to, value, validAfter, validBefore, nonce } = authorization
  const { r, s, yParity } = parseSignature(signature)
  return encodeFunctionData({
    abi: tokenAbi,
    functionName: 'transferWithAuthorization',
    args: [
      from,
      to,
      BigInt(value),
      BigInt(validAfter),
      BigInt(validBefore),
      nonce,
      27 + yParity,
      r,
      s,
    ],
  })
}
