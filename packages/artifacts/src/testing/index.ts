/** For whoever writes a store: the suite that every {@link BlobStore} passes. */
export { type StoreHarness, testBlobStore } from './store-suite.ts'
