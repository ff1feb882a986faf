// Made what is in this folder. Strata is no library, and its state may change with any version: then
// this is made anew, and its version rises. Until then it proves that what was kept can be read.
// usage: node test/golden/make.mjs <folder>; needs git
import '@tidemark/golden/seeded'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { unwrap } from '@tidemark/core'
import { makeRepository } from '../../dist/demo/make-repository.js'
import { main } from '../../dist/main.js'

const folder = process.argv[2]
mkdirSync(folder, { recursive: true })
const repository = `${folder}/history.git`
const environment = { PATH: process.env.PATH, STRATA_KEY: '07'.repeat(32) }
unwrap(await makeRepository(repository, { seed: 7, commits: 60 }, environment))

const store = `${folder}/store`
await strata('settings', 'every', '25', '--repository', repository, '--store', store)
writeFileSync(`${folder}/run.json`, await strata('run', repository, '--store', store, '--json'))
// The history, and git's own files about it, are not what is proven.
for (const part of [repository, `${store}/git`]) rmSync(part, { recursive: true })

/** Runs a command to its end; gives what it wrote. */
async function strata(...args) {
  let [written, said] = ['', '']
  const stream = { isTerminal: false, columns: undefined }
  const code = await main(args, {
    directory: folder,
    environment,
    out: { ...stream, write: (text) => void (written += text) },
    err: { ...stream, write: (text) => void (said += text) },
    signal: new AbortController().signal,
    now: () => 0,
    date: () => new Date(Date.now()),
  })
  if (code !== 0) throw new Error(`strata ${args.join(' ')} ended with ${code}: ${said}`)
  return written
}
