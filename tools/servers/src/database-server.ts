/** A real database server on loopback, in a folder of its own. */
export interface DatabaseServer {
  readonly port: number
  /** A user who may do everything, without a password. */
  readonly user: string
  /** What is running, for reports. */
  readonly version: string
  /** Ends the server as a crash does, with SIGKILL. */
  kill(): Promise<void>
  /** Starts it again after `kill`, on the same port and data. */
  restart(): Promise<void>
  /** Ends the server and removes its folder. */
  stop(): Promise<void>
}

/** A server, or why there is none here. */
export type ServerOrReason = DatabaseServer | { readonly missing: string }

/**
 * A server, or the reason to skip what needs it. Where `CI` is `true` a missing server is a
 * failure: nothing may be skipped there.
 */
export async function serverOrReason(
  name: string,
  start: () => Promise<DatabaseServer>,
): Promise<ServerOrReason> {
  try {
    return await start()
  } catch (cause) {
    if (process.env['CI'] === 'true') throw new Error(`${name} must run in CI`, { cause })
    return { missing: `${name} cannot run here: ${String(cause)}` }
  }
}
