import type { ServerResponse } from 'node:http'
import type { Board } from './board.ts'

/** Ten times a second looks alive; a run tells far more than that. */
const INTERVAL_MS = 100
/** A connection that says nothing for a minute is cut by many who stand between. */
const HEARTBEAT_MS = 15_000
/** A browser has six connections to a server: nobody has so many pages open. */
const MAX_LISTENERS = 16
/** Who does not read that much is not there any more. */
const MAX_UNREAD_BYTES = 8 * 1024 * 1024

/** Tells pages what changes, as server-sent events. */
export interface EventStream {
  /** Takes a page in; `false` when there are too many. */
  readonly join: (response: ServerResponse) => boolean
  readonly close: () => void
}

/**
 * Sends each page the whole board first, and then, at most ten times a second, the sections that
 * have changed. A page that comes back needs nothing of what it missed.
 */
export function newEventStream(board: Board): EventStream {
  const pages = new Set<ServerResponse>()
  const changed = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  const send = (text: string): void => {
    for (const page of pages) {
      if (page.writableLength > MAX_UNREAD_BYTES) page.destroy()
      else page.write(text)
    }
  }
  const flush = (): void => {
    timer = undefined
    const sections = Object.entries(board.live()).filter(([section]) => changed.has(section))
    changed.clear()
    send(message(sections))
  }
  const forget = board.onChange((section) => {
    if (pages.size === 0) return
    changed.add(section)
    timer ??= setTimeout(flush, INTERVAL_MS)
  })
  const heartbeat = setInterval(() => send(': still here\n\n'), HEARTBEAT_MS)
  heartbeat.unref()
  return {
    join(response) {
      if (pages.size >= MAX_LISTENERS) return false
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
      response.write(`retry: 1000\n${message(Object.entries(board.live()))}`)
      pages.add(response)
      response.on('close', () => pages.delete(response))
      return true
    },
    close() {
      forget()
      clearInterval(heartbeat)
      clearTimeout(timer)
      for (const page of pages) page.destroy()
    },
  }
}

/** One event. JSON has no line feed in it. */
function message(sections: readonly (readonly [string, unknown])[]): string {
  return `data: ${JSON.stringify(Object.fromEntries(sections))}\n\n`
}
