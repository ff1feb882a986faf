// Fifty kills of a run that keeps everything in a directory.
import { join } from 'node:path'
import { soakKills } from './support/kills.mjs'

let stores = 0
await soakKills('strata, kill -9, directory', (dir) => ({
  store: join(dir, `store-${(stores += 1)}`),
}))
