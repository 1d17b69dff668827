import { publish } from '../publish.ts'
import { openFolderStore } from '../store/folder-store.ts'
import { openPins } from '../store/pins.ts'

/** Publishes the file named first into the store and pins named next; prints how far it is. */
const [path = '', store = '', pins = ''] = process.argv.slice(2)
await publish(path, {
  store: await openFolderStore(store),
  pins: await openPins(pins),
  onProgress: ({ bytes }) => process.stdout.write(`${bytes}\n`),
})
