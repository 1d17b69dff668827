import { blockMethods } from './blocks.ts'
import { callMethods } from './calls.ts'
import type { MethodTable } from './context.ts'
import { debugRawMethods } from './debug-raw.ts'
import { debugTraceMethods } from './debug-trace.ts'
import { feeMethods } from './fees.ts'
import { logMethods } from './logs.ts'
import { networkMethods } from './network.ts'
import { simulateMethods } from './simulate.ts'
import { stateMethods } from './state.ts'
import { subscribeMethods } from './subscribe.ts'
import { transactionMethods } from './transactions.ts'
import { txpoolMethods } from './txpool.ts'

/** Every method there is, by its name; one file for each family. */
export const methodTable: MethodTable = {
  ...networkMethods,
  ...blockMethods,
  ...stateMethods,
  ...transactionMethods,
  ...feeMethods,
  ...logMethods,
  ...subscribeMethods,
  ...callMethods,
  ...simulateMethods,
  ...txpoolMethods,
  ...debugTraceMethods,
  ...debugRawMethods,
}
