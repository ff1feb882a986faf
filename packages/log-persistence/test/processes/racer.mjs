// One of several processes that race for a store. Told what to do by its argument, and when by a
// line on its standard input; prints one line of JSON for everything that came of it.
import { unwrap } from '@tidemark/core'
import { recordUpdate } from '@tidemark/log-persistence/testing'
import { createInterface } from 'node:readline'
import { openStore } from './open-store.mjs'

const { place, racer, writers, updates, firsts } = JSON.parse(process.argv[2] ?? '{}')
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`)
const nowMs = () => Number(process.hrtime.bigint()) / 1e6

const stores = await Promise.all(Array.from({ length: writers }, () => openStore(place)))
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
say({ ready: true })
await lines.next()

const created = await Promise.all(stores.map(async (store) => unwrap(await store.init())))
say({ created: created.filter((info) => info.created).length, id: created[0].instanceId })
for (let log = 0; log < firsts; log++) {
  const bytes = new TextEncoder().encode(`${racer}`)
  const all = await Promise.all(stores.map((store) => store.replace(`first ${log}`, 0, bytes)))
  for (const one of all) {
    if (!one.ok && one.error.code !== 'CONFLICT') throw one.error
    say({ first: log, won: one.ok })
  }
}
await Promise.all(
  stores.map(async (store, writer) => {
    for (let i = 0; i < updates; i++) {
      say({ commit: await recordUpdate(store, 'raced', `${racer}.${writer}`, nowMs) })
    }
  }),
)
await Promise.all(stores.map((store) => store.close()))
say({ done: true })
process.exit(0)
