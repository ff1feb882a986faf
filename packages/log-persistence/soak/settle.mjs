// Writers on a real server behind a proxy that cuts, hangs and loses answers, with the server itself
// killed now and then: the acknowledged history stays linearizable. One run a server and a minute.
import { checkHistory, recordUpdate } from '@tidemark/log-persistence/testing'
import { mysqlPersistence } from '@tidemark/log-persistence/mysql'
import { postgresPersistence } from '@tidemark/log-persistence/postgres'
import { startFaultProxy, startMariadb, startPostgres } from '@tidemark/servers'
import { seededRandom } from '@tidemark/core/testing'
import { createPool } from 'mysql2/promise'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Pool } from 'pg'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '2' },
    runs: { type: 'string' },
  },
})

/** One run for each engine shares the time. */
const RUN_MS = (Number(values.minutes) * 60_000) / 2

/** Writers, each with a pool of its own, as processes would have. */
const WRITERS = 6

const engines = {
  PostgreSQL: {
    start: startPostgres,
    open: (port, user) => {
      const pool = new Pool({ host: '127.0.0.1', port, user, database: 'postgres', max: 2 })
      return { store: postgresPersistence(pool, { timeoutMs: 30_000 }), pool }
    },
  },
  MariaDB: {
    start: startMariadb,
    open: (port, user) => {
      const at = { host: '127.0.0.1', port, user, database: 'test', connectionLimit: 2 }
      const pool = createPool(at)
      return { store: mysqlPersistence(pool, { timeoutMs: 30_000 }), pool }
    },
  },
}

/** Does one bad thing to the server or the way to it. */
async function disturb(server, proxy, random) {
  const kind = random()
  if (kind < 0.5) proxy.cut()
  else if (kind < 0.7) proxy.muteAnswers()
  else if (kind < 0.9) proxy.freeze()
  else {
    await server.kill()
    await server.restart()
  }
  await sleep(random() * 200)
  proxy.heal()
}

for (const [name, { start, open }] of Object.entries(engines)) {
  const random = seededRandom(Number(values.seed))
  const server = await start()
  const proxy = await startFaultProxy(server.port)
  const begun = performance.now()
  const isOver = () => performance.now() - begun > RUN_MS
  const history = []
  const writers = Array.from({ length: WRITERS }, () => open(proxy.port, server.user))
  const work = writers.map(async ({ store }, writer) => {
    while (!isOver()) history.push(await recordUpdate(store, 'soaked', `${writer}`))
  })
  let disturbances = 0
  for (; !isOver(); disturbances++) {
    await sleep(random() * 300)
    await disturb(server, proxy, random)
  }
  await Promise.all(work)
  const wrong = checkHistory(history)
  for (const line of wrong.slice(0, 5)) process.stderr.write(`${name}: ${line}\n`)
  const unknown = history.filter((one) => one.revision === undefined).length
  process.stdout.write(
    `${name} disturbed ${disturbances} times: ${history.length} updates, ${unknown} unknown, ` +
      `seed ${values.seed}, ${wrong.length} violations, ${Math.round(RUN_MS / 1000)} s\n`,
  )
  if (wrong.length > 0) process.exitCode = 1
  await Promise.all(writers.map(({ pool }) => pool.end()))
  await proxy.stop()
  await server.stop()
}
