import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { unwrap } from '@tidemark/core'
import { FileBlobStore } from '@tidemark/core/file'
import Database from 'libsql'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { blobPersistence, type LogStatePersistence } from '../src/index.ts'
import { libsql, sqlitePersistence } from '../src/sqlite/index.ts'
import { mysqlPersistence } from '../src/mysql/index.ts'
import { postgresPersistence } from '../src/postgres/index.ts'
import { checkHistory } from '../src/testing/index.ts'
import { mariadbPool } from './mariadb-place.ts'
import { postgresPool } from './postgres-place.ts'
import { runRacers, startProcess, type Place } from './processes/run-racers.ts'

let home = ''
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'tidemark-race-'))
})
afterAll(() => rm(home, { recursive: true }))

/** A place for processes, and how this one looks at it. */
interface Subject {
  readonly missing?: string
  readonly place: (name: string) => Promise<Place>
  readonly open: (place: Place) => Promise<LogStatePersistence>
}

const postgres = inject('postgres')
const mariadb = inject('mariadb')

const subjects: Readonly<Record<string, Subject>> = {
  files: {
    place: async (name) => ({ kind: 'files', path: join(home, name) }),
    open: async ({ path = '' }) => blobPersistence(unwrap(await FileBlobStore.open(path))),
  },
  SQLite: {
    place: async (name) => ({ kind: 'libsql', path: join(home, `${name}.db`) }),
    open: async ({ path = '' }) => sqlitePersistence(libsql(Database), path),
  },
  PostgreSQL: {
    ...('missing' in postgres ? postgres : {}),
    place: async (name) => ({ kind: 'postgres', ...postgres, database: `race_${name}` }),
    open: async ({ database = '' }) => {
      if ('missing' in postgres) throw new Error(postgres.missing)
      return postgresPersistence(postgresPool(postgres, 1), { schema: database })
    },
  },
  MariaDB: {
    ...('missing' in mariadb ? mariadb : {}),
    place: async (name) => {
      if ('missing' in mariadb) throw new Error(mariadb.missing)
      const admin = mariadbPool(mariadb, 1)
      await admin.query(`CREATE DATABASE race_${name}`)
      await admin.end()
      return { kind: 'mariadb', ...mariadb, database: `race_${name}` }
    },
    open: async ({ database }) => {
      if ('missing' in mariadb) throw new Error(mariadb.missing)
      return mysqlPersistence(mariadbPool(mariadb, 1, database))
    },
  },
}

describe.each(Object.entries(subjects))('processes on %s', (name, subject) => {
  it.skipIf(subject.missing !== undefined)(
    'of 16 writers in 4 processes one is first, and 640 updates have one predecessor each',
    async () => {
      const place = await subject.place('all')
      const size = { processes: 4, writers: 4, firsts: 5, updates: 40 }
      const race = await runRacers(place, size)
      expect(race.created).toBe(1)
      expect(race.instances.size).toBe(1)
      expect([...race.winners.values()]).toEqual([1, 1, 1, 1, 1])
      expect(checkHistory(race.history)).toEqual([])
      expect(race.history).toHaveLength(640)
      const store = await subject.open(place)
      // Only a writer that slept through many commits of others may not know its own.
      const known = race.history.filter((one) => one.revision !== undefined).length
      const { revision } = unwrap(await store.snapshot('raced'))
      expect(revision).toBeGreaterThanOrEqual(known)
      expect(revision).toBeLessThanOrEqual(640)
      expect(known).toBeGreaterThan(600)
      await store.close()
    },
    120_000,
  )

  it.skipIf(subject.missing !== undefined)(
    'a writer that is killed loses nothing it acknowledged, and writes nothing by halves',
    async () => {
      const place = await subject.place('killed')
      const store = await subject.open(place)
      for (let kill = 0; kill < 3; kill++) {
        const acknowledged = await countUntilKilled(place, 5 + kill * 7)
        const { revision, bytes } = unwrap(await store.snapshot('counted'))
        expect(new TextDecoder().decode(bytes)).toBe(`${revision}`)
        expect(revision - acknowledged, name).toBeGreaterThanOrEqual(0)
        expect(revision - acknowledged, name).toBeLessThanOrEqual(1)
      }
      await store.close()
    },
    120_000,
  )
})

/** Lets a process count, and kills it after so many acknowledgements; gives the last of them. */
async function countUntilKilled(place: Place, acknowledgements: number): Promise<number> {
  const child = startProcess('counter.mjs', { place })
  let [last, seen] = [0, 0]
  if (child.stdout === null) throw new Error('a counter without output')
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line)
    seen += 1
    if (seen === acknowledgements) child.kill('SIGKILL')
  }
  return last
}
