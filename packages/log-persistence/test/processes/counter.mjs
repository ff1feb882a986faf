// Counts one log up, and says so after each acknowledged commit, until it is killed.
import { unwrap } from '@tidemark/core'
import { openStore } from './open-store.mjs'

const { place } = JSON.parse(process.argv[2] ?? '{}')
const store = await openStore(place)
for (;;) {
  const updated = await store.update('counted', (current) => {
    const count = current === undefined ? 0 : Number(new TextDecoder().decode(current))
    return new TextEncoder().encode(`${count + 1}`)
  })
  process.stdout.write(`${unwrap(updated).revision}\n`)
}
