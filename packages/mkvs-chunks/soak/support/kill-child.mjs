// Makes, deletes or restores one checkpoint; meant to be killed while it does.
//   node kill-child.mjs create|delete|restore <directory of the database> <directory of checkpoints>
import { argv, stdout } from 'node:process'
import { unwrap } from '@tidemark/core'
import { openFileCreator } from '../../dist/file/index.js'
import {
  decodeMetadata,
  newRestorer,
  openNodeDb,
  restoreCheckpoint,
  testNamespace,
} from '../../dist/index.js'
import { LevelNodeStore } from '../../dist/level/index.js'
import { ClassicLevel } from 'classic-level'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const [, , doing, databaseDir, checkpointDir, chunkSize, threads] = argv
const views = { keyEncoding: 'view', valueEncoding: 'view' }
const store = new LevelNodeStore(new ClassicLevel(databaseDir, views), { sync: false })
const db = unwrap(await openNodeDb({ store, namespace: testNamespace('kills') }))
const creator = unwrap(await openFileCreator({ dir: checkpointDir, db }))

if (doing === 'restore') {
  const metadata = unwrap(decodeMetadata(readFileSync(join(checkpointDir, '..', 'metadata'))))
  if (db.latestVersion === undefined) {
    unwrap(await db.startMultipartInsert(1n))
    const { pending } = unwrap(await newRestorer({ db }).startRestore(metadata))
    stdout.write(`ready ${pending.length}\n`)
    unwrap(await restoreCheckpoint(metadata, { db, provider: creator }))
  }
} else {
  const [root] = db.rootsOf(1n)
  stdout.write('ready\n')
  if (doing === 'create') {
    unwrap(await creator.createCheckpoint(root, Number(chunkSize), Number(threads)))
  } else {
    const deleted = await creator.deleteCheckpoint(1, root)
    if (!deleted.ok && deleted.error.code !== 'CHECKPOINT_NOT_FOUND') throw deleted.error
  }
}
stdout.write('done\n')
await creator.close()
await db.close()
