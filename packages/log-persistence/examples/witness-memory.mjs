import { libsql, sqlitePersistence } from '@tidemark/log-persistence/sqlite'
import Database from 'libsql'

const store = sqlitePersistence(libsql(Database), process.argv[2] ?? 'witness.db')
const [size, root] = [Number(process.argv[3]), process.argv[4]]

const remembered = await store.update('example.com/log', (current) => {
  const last = current === undefined ? { size: 0 } : JSON.parse(new TextDecoder().decode(current))
  if (size <= last.size) throw new Error(`size ${last.size} is already signed`)
  // A witness verifies here that the log only grew; then it signs.
  return new TextEncoder().encode(JSON.stringify({ size, root, signature: '…' }))
})
// Only what is remembered is released.
console.log(
  remembered.ok ? `signed ${size} ${root}` : `refused: ${remembered.error.cause?.message}`,
)
await store.close()
