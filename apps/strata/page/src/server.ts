import { useEffect, useState } from 'preact/hooks'
import type { Live } from '../../src/serve/live.ts'

/** What the server shows, or `undefined` before it has said anything. */
export interface Connection {
  readonly live: Live | undefined
  readonly isConnected: boolean
}

/** Listens to the server. A connection that is lost is made again by the browser. */
export function useLive(): Connection {
  const [live, setLive] = useState<Live>()
  const [isConnected, setConnected] = useState(false)
  useEffect(() => {
    const events = new EventSource('./api/events')
    events.addEventListener('open', () => setConnected(true))
    events.addEventListener('error', () => setConnected(false))
    events.addEventListener('message', ({ data }: MessageEvent<string>) => {
      // oxlint-disable-next-line typescript/no-unsafe-assignment -- the server's own type, see live.ts
      const sections: Live = JSON.parse(data)
      setLive((known) => ({ ...known, ...sections }))
    })
    return () => events.close()
  }, [])
  return { live, isConnected }
}

/** The token that the server printed: what follows # in the address, or what somebody typed. */
export function useToken(): readonly [token: string, keep: (token: string) => void] {
  const [token, setToken] = useState(() => {
    const [, given] = /token=([0-9a-f]+)/u.exec(`token=${location.hash.slice(1)}`) ?? []
    // It stays with this tab, and is neither in its address nor in its history.
    if (given !== undefined) history.replaceState(undefined, '', location.pathname)
    return given ?? sessionStorage.getItem(KEY) ?? ''
  })
  useEffect(() => sessionStorage.setItem(KEY, token), [token])
  return [token, setToken]
}

const KEY = 'strata-token'

/** Asks the server to do something. Gives what is wrong, in a sentence; `undefined`: it is done. */
export async function ask(path: string, body: object, token: string): Promise<string | undefined> {
  try {
    const response = await fetch(`./api/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-strata-token': token },
      body: JSON.stringify(body),
    })
    if (response.ok) return undefined
    // oxlint-disable-next-line typescript/no-unsafe-assignment -- the server's own form, see listen.ts
    const { error }: { error: { message: string } } = await response.json()
    return error.message
  } catch {
    return 'the server does not answer'
  }
}
