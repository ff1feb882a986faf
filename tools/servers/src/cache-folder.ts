import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where downloads are kept between runs: `TIDEMARK_CACHE`, or the user's own cache folder. */
export function cacheFolder(): string {
  const given = process.env['TIDEMARK_CACHE']
  if (given !== undefined && given !== '') return given
  const base = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  return join(base, 'tidemark')
}
