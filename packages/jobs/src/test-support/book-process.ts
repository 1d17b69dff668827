/** Takes a job in, tells how far it is, and waits to be killed. */
import { parseJob } from '../declaration.ts'
import { openBook } from './open-book.ts'
import { trainingJob } from './training-job.ts'

const [directory = '', input = '', epochs = ''] = process.argv.slice(2)
const book = await openBook(directory, input)
const { id } = await book.submit(parseJob(await trainingJob(Number(epochs))))
console.log(`id ${id}`)
book.onChange(({ progress }) => progress && console.log(`round ${progress.done}`))
await book.ended(id)
console.log('ended')
