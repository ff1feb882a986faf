import { coreError, err, type Result } from '@tidemark/core'
import { randomBytes } from '#digest'
import { toHex } from '../bytes.ts'
import { damaged, type InitError } from '../errors.ts'
import type { StoreInfo } from '../log-persistence.ts'
import { judgeStore, mayCreate, type StoreLife } from '../store-life.ts'
import type { SqlConnection } from './sql-connection.ts'

/** How the tables of one kind of database are made and read. */
export interface SqlSchema {
  /**
   * Each step leads from one version to the next, by statements that may be run twice. Only ever
   * add one. No step touches a checkpoint.
   */
  readonly steps: readonly (readonly string[])[]
  readonly hasTables: (connection: SqlConnection) => Promise<boolean>
  /** Reads a value, and locks it where the database can. */
  readonly read: (connection: SqlConnection, name: string) => Promise<string | undefined>
  /** Writes a value where there is none; false when there is one. */
  readonly add: (connection: SqlConnection, name: string, value: string) => Promise<boolean>
  readonly replace: (connection: SqlConnection, name: string, value: string) => Promise<void>
}

/** Creates the tables, or brings them up to date; safe from several processes at once. */
export async function openTables(
  connection: SqlConnection,
  schema: SqlSchema,
  life: StoreLife,
): Promise<Result<StoreInfo, InitError>> {
  const [latest, exists] = [schema.steps.length, await schema.hasTables(connection)]
  const found = exists ? await schema.read(connection, 'schema_version') : undefined
  // Tables without a version are a creation that was cut short, or is going on: it is finished.
  const version = found === undefined ? 0 : Number(found)
  if (!Number.isSafeInteger(version)) return err(damaged('', 'the version of the schema is none'))
  if (version > latest) return err(newer(version, latest))
  if (found === undefined) {
    const allowed = mayCreate(life)
    if (!allowed.ok) return allowed
  }
  for (const step of schema.steps.slice(version)) {
    for (const statement of step) await connection.query(statement)
  }
  const made = toHex(randomBytes(16))
  const created = found === undefined && (await schema.add(connection, 'instance_id', made))
  if (found === undefined) await schema.add(connection, 'schema_version', `${latest}`)
  else if (version < latest) await schema.replace(connection, 'schema_version', `${latest}`)
  const instanceId = await schema.read(connection, 'instance_id')
  if (instanceId === undefined) return err(damaged('', 'the store has no instance id'))
  return judgeStore({ instanceId, created }, life)
}

function newer(found: number, supported: number): InitError {
  const details = { what: 'schema', found, supported }
  const message = `the store was made by a newer version (schema ${found}); upgrade to use it`
  return coreError('UNSUPPORTED_VERSION', message, details)
}
