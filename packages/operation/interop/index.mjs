// pnpm interop operation: what the original wrote is taken over, and what is exported the original
// reads and goes on with. Exit code 77: Go or its module is missing.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unwrap } from '@tidemark/core'
import { exportCloudeng, importCloudeng, openOperation } from '@tidemark/operation/file'
import { buildDriver } from './build.mjs'

/** The exit code of a check that could not be made. */
const SKIPPED = 77

const { driver, missing } = buildDriver()
if (driver === undefined) {
  process.stdout.write(`not checked against the original: ${missing}\n`)
  process.exit(SKIPPED)
}
const go = (...args) => {
  const done = spawnSync(driver, args, { encoding: 'utf8' })
  assert.equal(done.status, 0, done.stderr)
  return done.stdout.trim().split('\n')
}
const place = (name) => join(mkdtempSync(join(tmpdir(), 'tidemark-interop-')), name)
const labels = Array.from({ length: 25 }, (_, i) => `-${i}-of-25`).concat('', '7up')

const theirs = place('theirs')
const ids = go('write', theirs, ...labels)
const op = unwrap(await openOperation({ dir: place('ours'), name: 'import' }))
const report = unwrap(await importCloudeng(theirs, op))
assert.deepEqual(report, { imported: labels.length, present: 0, foreign: [] })
const found = []
for await (const { id, label } of op.history()) {
  const { payload } = unwrap(await op.loadBytes(id))
  found.push(label)
  assert.equal(new TextDecoder().decode(payload), label)
}
assert.deepEqual(found, labels)

const exported = place('exported')
const { files } = unwrap(await exportCloudeng(op, exported))
assert.deepEqual(files, ids)
const read = go('read', exported, ...files)
assert.deepEqual(
  read,
  [labels.at(-1), ...labels].map((label) => JSON.stringify(label)),
)
assert.deepEqual(go('write', exported, '-next'), ['00000027-next.chk'])
await op.close()
process.stdout.write(`the original and ours agree on ${labels.length} checkpoints\n`)
