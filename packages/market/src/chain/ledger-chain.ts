import type { Hex } from '@quoin/kernel'
import type { Ledger } from '@quoin/ledger'
import type { ExactPayload } from '@quoin/protocol'
import type { Chain, ClaimOrder } from './interface.ts'

/** The market's chain over the ledger. `provider` anchors. */
export function createLedgerChain(ledger: Ledger, { provider }: { provider: Hex }): Chain {
  const { channels, credit, receipts } = ledger
  return {
    readChannel: (channelId) => channels.state(channelId),
    readAuthorization: async (payer, nonce) => {
      const [payerBalance, used] = await Promise.all([
        credit.balanceOf(payer),
        credit.isAuthorizationUsed(payer, nonce),
      ])
      return { payerBalance, used }
    },
    findTransfer: (transfer) => credit.findTransfer(toTransfer(transfer)),
    readReceiver: (receiver, token) => channels.receiver(receiver, token),
    blockNumber: () => ledger.blockNumber(),
    changedChannels: (fromBlock, toBlock) => channels.changed(fromBlock, toBlock),
    findAnchor: (epoch) => receipts.findAnchor(provider, epoch),
    nextEpoch: () => receipts.nextEpoch(provider),
    deposit: (order) => channels.deposit(order),
    claim: (claims, signature) => channels.claim(claims, signature),
    settle: (to, token) => channels.settle(to, token),
    refund: ({ claim, ...order }) =>
      channels.refundWithSignature({ ...order, ...(claim ? { claims: rowsOf(claim) } : {}) }),
    transferAll: (transfers) => credit.transferAll(transfers.map(toTransfer)),
    anchor: (epoch, root, count) => receipts.anchor(epoch, root, count),
  }
}

function rowsOf({ order, signature }: { order: ClaimOrder; signature: Hex }) {
  return { rows: [order], signature }
}

function toTransfer({ authorization, signature }: ExactPayload) {
  const { from, to, nonce, value, validAfter, validBefore } = authorization
  return {
    from,
    to,
    nonce,
    signature,
    value: BigInt(value),
    validAfter: BigInt(validAfter),
    validBefore: BigInt(validBefore),
  }
}
